#include <fmt/format.h>
#include <sys/sysmacros.h>

#include "app/tail_client_render.hpp"
#include "base/clock.hpp"
#include "explain/report.hpp"

namespace logwisp {
namespace {

std::string counted(std::uint64_t count, std::string_view one, std::string_view more) {
    return fmt::format("{} {}", count, count == 1 ? one : more);
}

void add_line(std::string& out, std::string_view line) {
    append_visible(out, line, EscapeStyle::text);
    out.push_back('\n');
}

std::string description(const PathFacts& facts) {
    if (facts.missing()) return "there is no such file";
    if (!facts.exists()) return facts.status.error().text();
    const FileStatus& status = *facts.status;
    std::string text = fmt::format(
        "a {}, {}, device {}:{}, inode {}", facts.kind, counted(status.size_bytes, "byte", "bytes"),
        major(status.identity.device), minor(status.identity.device), status.identity.inode);
    if (status.born_ns != 0) text += ", born " + rfc3339_us(status.born_ns / 1000);
    if (status.kind == FileKind::regular && status.links != 1)
        text += fmt::format(", {} names", status.links);
    return text;
}

std::string target_text(const Target& target) {
    std::string text = target.path;
    if (!target.is_file.value_or(false)) text += fmt::format(", pattern {}", target.pattern);
    if (target.recursive) text += ", recursive";
    return text;
}

void add_server(std::string& out, const StreamReport& report) {
    const ServerAnswer& server = report.server;
    if (server.url.empty())
        return add_line(out, "  server: the stream has no HTTP server that could be asked");
    if (!server.error.empty())
        return add_line(out,
                        fmt::format("  server: none answers at {} ({})", server.url, server.error));
    add_line(out, fmt::format("  server: {}", server.url));
    if (server.watchers.empty())
        add_line(out, report.verdict.followed && report.verdict.code != "missing"
                          ? "    it does not know this file; does it run with this configuration?"
                          : "    it does not know this path");
    for (const ServerWatcher& watcher : server.watchers) {
        const bool other_file = !watcher.is_this_file && watcher.error.empty();
        add_line(out, fmt::format("    {}{}", watcher.path,
                                  other_file ? ", another file than is there now:" : ":"));
        if (!watcher.error.empty()) add_line(out, "      not read: " + watcher.error);
        for (const std::string& told : watcher.told) add_line(out, "      " + told);
    }
}

void add_ledger(std::string& out, const LedgerAnswer& ledger, bool wanted) {
    if (!ledger.error.empty()) return add_line(out, "  ledger: " + ledger.error);
    if (!ledger.kept) return;
    if (ledger.rows.empty() && wanted) add_line(out, "  ledger: it does not know this file");
    for (const LedgerRow& row : ledger.rows) {
        add_line(out, fmt::format("  ledger: {}{}: read up to byte {}, {}, {}{}",
                                  row.path.empty() ? "rotated away" : row.path,
                                  row.is_this_file ? "" : ", another file than is there now",
                                  row.position, counted(row.entries, "entry", "entries"),
                                  counted(row.rotations, "rotation", "rotations"),
                                  row.closed ? ", closed" : ""));
        for (const PastRotation& rotation : row.last_rotations.past())
            add_line(out, fmt::format("    rotation #{} at {}: {}", rotation.number,
                                      rfc3339_us(rotation.time_us), reason_text(rotation.reason)));
    }
}

const char* answer_of(const StreamReport& report) {
    if (!report.followed()) return "not followed";
    if (report.verdict.code == "missing") return "would be followed";
    return report.server.answered() ? "followed" : "followed when a server runs";
}

void add_stream(std::string& out, const StreamReport& report) {
    const Verdict& verdict = report.verdict;
    const bool wanted = !verdict.name.empty();
    add_line(out, fmt::format("{}: {}", report.name, answer_of(report)));
    if (verdict.target != nullptr)
        add_line(out, fmt::format("  {}: {}", wanted ? "target" : "nearest target",
                                  target_text(*verdict.target)));
    if (report.followed() && !verdict.followed)
        add_line(out,
                 "  the server reads this file all the same, under another name or from before");
    if (!verdict.reason.empty()) add_line(out, "  " + verdict.reason);
    for (const std::string& note : verdict.notes) add_line(out, "  " + note);
    add_server(out, report);
    if (!report.server.answered()) add_ledger(out, report.ledger, verdict.followed);
}

}  // namespace

std::string report_text(const PathFacts& facts, const std::vector<StreamReport>& streams) {
    std::string out;
    add_line(out, fmt::format("{}: {}", facts.given, description(facts)));
    for (const StreamReport& report : streams) add_stream(out, report);
    return out;
}

}  // namespace logwisp
