#include <fmt/format.h>
#include <sys/sysmacros.h>

#include "base/clock.hpp"
#include "explain/report.hpp"
#include "wire/json.hpp"

namespace logwisp {
namespace {

void write_text(JsonWriter& json, std::string_view key, std::string_view text) {
    json.key(key);
    if (text.empty())
        json.null();
    else
        json.string(text);
}

void write_file(JsonWriter& json, const PathFacts& facts) {
    json.key("file");
    if (!facts.exists()) return json.null();
    const FileStatus& status = *facts.status;
    json.begin_object();
    write_text(json, "kind", facts.kind);
    json.key("size");
    json.number(status.size_bytes);
    json.key("device");
    json.string(fmt::format("{}:{}", major(status.identity.device), minor(status.identity.device)));
    json.key("inode");
    json.number(status.identity.inode);
    write_text(json, "born", status.born_ns != 0 ? rfc3339_us(status.born_ns / 1000) : "");
    json.key("links");
    json.number(status.links);
    json.end_object();
}

void write_target(JsonWriter& json, const Target* target) {
    json.key("target");
    if (target == nullptr) return json.null();
    json.begin_object();
    json.key("path");
    json.string(target->path);
    json.key("pattern");
    json.string(target->pattern);
    json.key("recursive");
    json.boolean(target->recursive);
    json.end_object();
}

void write_server(JsonWriter& json, const ServerAnswer& server) {
    json.key("server");
    if (server.url.empty()) return json.null();
    json.begin_object();
    json.key("url");
    json.string(server.url);
    write_text(json, "error", server.error);
    json.key("watchers");
    json.begin_array();
    for (const ServerWatcher& watcher : server.watchers) json.raw(watcher.json);
    json.end_array();
    json.end_object();
}

void write_ledger_row(JsonWriter& json, const LedgerRow& row) {
    json.begin_object();
    write_text(json, "path", row.path);
    json.key("this_file");
    json.boolean(row.is_this_file);
    json.key("position");
    json.number(row.position);
    json.key("entries");
    json.number(row.entries);
    json.key("closed");
    json.boolean(row.closed);
    json.key("rotations");
    json.number(row.rotations);
    json.key("rotation_history");
    json.begin_array();
    for (const PastRotation& rotation : row.last_rotations.past()) {
        json.begin_object();
        json.key("number");
        json.number(rotation.number);
        json.key("reason");
        json.string(reason_text(rotation.reason));
        json.key("time");
        json.string(rfc3339_us(rotation.time_us));
        json.end_object();
    }
    json.end_array();
    json.end_object();
}

void write_ledger(JsonWriter& json, const LedgerAnswer& ledger) {
    json.key("ledger");
    if (!ledger.kept && ledger.error.empty()) return json.null();
    json.begin_object();
    write_text(json, "error", ledger.error);
    json.key("files");
    json.begin_array();
    for (const LedgerRow& row : ledger.rows) write_ledger_row(json, row);
    json.end_array();
    json.end_object();
}

void write_stream(JsonWriter& json, const StreamReport& report) {
    const Verdict& verdict = report.verdict;
    json.begin_object();
    json.key("stream");
    json.string(report.name);
    json.key("followed");
    json.boolean(report.followed());
    write_text(json, "code", verdict.code);
    write_text(json, "reason", verdict.reason);
    write_text(json, "name", verdict.name);
    write_target(json, verdict.target);
    json.key("notes");
    json.begin_array();
    for (const std::string& note : verdict.notes) json.string(note);
    json.end_array();
    write_server(json, report.server);
    write_ledger(json, report.ledger);
    json.end_object();
}

}  // namespace

std::string report_json(const PathFacts& facts, const std::vector<StreamReport>& streams) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.key("path");
    json.string(facts.given);
    write_file(json, facts);
    write_text(json, "link_to", facts.link_to);
    json.key("answers");
    json.boolean(!facts.silent);
    json.key("streams");
    json.begin_array();
    for (const StreamReport& report : streams) write_stream(json, report);
    json.end_array();
    json.end_object();
    out.push_back('\n');
    return out;
}

}  // namespace logwisp
