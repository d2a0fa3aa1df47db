#include "explain/ledger.hpp"

#include "core/ledger_file.hpp"

namespace logwisp {
namespace {

bool is_same(const RecordedFile& file, const PathFacts& facts) {
    if (!facts.exists()) return false;
    return FileIdentity{file.device, file.inode, file.generation} == facts.status->identity;
}

LedgerRow row_of(const LedgerState& state, const RecordedFile& file) {
    LedgerRow row;
    row.path = file.path;
    row.position = file.position;
    row.entries = file.entries;
    row.closed = file.closed;
    if (const auto known = state.rotations.find(file.origin); known != state.rotations.end())
        row.rotations = known->second;
    if (const auto last = state.last_rotations.find(file.origin);
        last != state.last_rotations.end())
        row.last_rotations = last->second;
    return row;
}

}  // namespace

LedgerAnswer ask_ledger(const Config& config, const StreamConfig& stream, const PathFacts& facts,
                        const Verdict& verdict) {
    LedgerAnswer answer;
    if (!config.state.enabled || config.state.directory.empty()) return answer;
    const auto state = LedgerFile::look(config.state.directory, stream.name);
    if (!state) {
        answer.error = state.error().text();
        return answer;
    }
    if (*state == nullptr) return answer;
    answer.kept = true;
    const std::string& name = verdict.name.empty() ? facts.absolute : verdict.name;
    for (const auto& [number, file] : (*state)->files) {
        const bool same = is_same(file, facts);
        if (!same && (file.path != name || file.closed)) continue;
        LedgerRow row = row_of(**state, file);
        row.is_this_file = same;
        answer.rows.push_back(std::move(row));
    }
    return answer;
}

}  // namespace logwisp
