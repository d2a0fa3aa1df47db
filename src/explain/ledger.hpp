// What the state directory says of a path: where a stream stood when its server ended.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "explain/path_facts.hpp"
#include "explain/verdict.hpp"
#include "logwisp/config.hpp"
#include "stream/rotation_history.hpp"

namespace logwisp {

struct LedgerRow {
    std::string path;  // it was last known by; empty: none any more
    std::uint64_t position = 0;
    std::uint64_t entries = 0;
    std::uint64_t rotations = 0;
    RotationHistory last_rotations;
    bool closed = false;        // nothing more of it was expected
    bool is_this_file = false;  // the same file, not only the same name
};

struct LedgerAnswer {
    bool kept = false;  // the stream has a ledger that could be looked at
    std::string error;  // it could not
    std::vector<LedgerRow> rows;
};

LedgerAnswer ask_ledger(const Config& config, const StreamConfig& stream, const PathFacts& facts,
                        const Verdict& verdict);

}  // namespace logwisp
