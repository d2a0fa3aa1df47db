#include "explain/server.hpp"

#include <fmt/format.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "app/port_holders.hpp"
#include "app/tail_client_fetch.hpp"
#include "app/tail_client_json.hpp"

namespace logwisp {
namespace {

using Members = std::vector<JsonMember>;

// Where a server that listens on `host` is reached from this machine.
std::string reachable(const std::string& host) {
    if (host.empty() || host == "*" || host == "0.0.0.0") return "127.0.0.1";
    return host == "::" ? "::1" : host;
}

TailAddress address_of(const Config& config, const StreamConfig& stream) {
    TailAddress address;
    const bool router = config.router.enabled;
    address.host = reachable(router ? config.router.host : stream.http.host);
    address.port = std::to_string(router ? config.router.port : stream.http.port);
    address.path = (router ? "/" + stream.name : std::string()) + stream.http.status_path;
    return address;
}

std::string text_at(const Members& members, std::string_view key) {
    return json_text(json_member(members, key)).value_or("");
}

Members object_at(const Members& members, std::string_view key) {
    return json_members(json_member(members, key)).value_or(Members());
}

std::string number_at(const Members& members, std::string_view key) {
    const std::string_view value = json_member(members, key);
    return value.empty() ? "?" : std::string(value);
}

std::vector<std::string> told_of(const Members& row) {
    std::vector<std::string> told;
    const std::string last_read = text_at(row, "last_read");
    told.push_back(fmt::format("read up to byte {} of {}, {} {}{}", number_at(row, "position"),
                               number_at(row, "size"), number_at(row, "entries"),
                               number_at(row, "entries") == "1" ? "entry" : "entries",
                               last_read.empty() ? "" : ", last at " + last_read));
    if (const Members event = object_at(row, "last_event"); !event.empty())
        told.push_back(
            fmt::format("last event: {} at {}", text_at(event, "kind"), text_at(event, "time")));
    if (json_member(row, "draining") == "true")
        told.push_back("rotated away: followed on until its writer is silent");
    if (json_member(row, "polled") == "true")
        told.push_back("the kernel gives no events for it: it is checked periodically");
    for (const std::string_view one : json_elements(json_member(row, "rotation_history"))) {
        const Members rotation = json_members(one).value_or(Members());
        told.push_back(fmt::format("rotation #{} at {}: {}", number_at(rotation, "number"),
                                   text_at(rotation, "time"), text_at(rotation, "reason")));
    }
    return told;
}

ServerWatcher watcher_of(std::string_view json, const Members& row, const PathFacts& facts) {
    ServerWatcher watcher;
    watcher.json = json;
    watcher.path = text_at(row, "path");
    watcher.error = text_at(row, "error");
    const Members identity = object_at(row, "identity");
    if (facts.exists() && !identity.empty()) {
        const FileIdentity& own = facts.status->identity;
        watcher.is_this_file = text_at(identity, "device") ==
                                   fmt::format("{}:{}", major(own.device), minor(own.device)) &&
                               json_member(identity, "inode") == std::to_string(own.inode);
    }
    if (!identity.empty()) watcher.told = told_of(row);
    return watcher;
}

}  // namespace

bool ServerAnswer::reads_it() const {
    return std::any_of(watchers.begin(), watchers.end(), [](const ServerWatcher& watcher) {
        return watcher.is_this_file && watcher.error.empty();
    });
}

ServerAnswer ask_server(const Config& config, const StreamConfig& stream, const PathFacts& facts,
                        const Verdict& verdict, const Waiter& waiter) {
    ServerAnswer answer;
    if (!stream.http.enabled) return answer;
    TailAddress address = address_of(config, stream);
    answer.url = fmt::format("http://{}{}", address.authority(), address.path);
    const bool router = config.router.enabled;
    if (only_systemd(port_holders(router ? config.router.host : stream.http.host,
                                  router ? config.router.port : stream.http.port))) {
        answer.error = "systemd holds the port; to ask would start the service";
        return answer;
    }
    const std::string& name = verdict.name.empty() ? facts.absolute : verdict.name;
    address.query = "path=" + percent_encoded(name);
    if (facts.exists()) address.query += fmt::format("&inode={}", facts.status->identity.inode);
    const auto page = fetch_page(address, waiter);
    if (!page) {
        answer.error = page.error().text();
        return answer;
    }
    const Members status = json_members(*page).value_or(Members());
    if (text_at(status, "service") != "LogWisp" || text_at(status, "stream") != stream.name) {
        answer.error = "something else answers there";
        return answer;
    }
    for (const std::string_view json : json_elements(json_member(status, "watchers"))) {
        const Members row = json_members(json).value_or(Members());
        ServerWatcher watcher = watcher_of(json, row, facts);
        // An inode is of a device; and an older server gives all its rows.
        if (watcher.is_this_file || watcher.path == name) answer.watchers.push_back(watcher);
    }
    return answer;
}

}  // namespace logwisp
