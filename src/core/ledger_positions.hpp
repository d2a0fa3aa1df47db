// Where the ledger says following stands, in the form a Tail goes on from.
#pragma once

#include <memory>

#include "stream/ledger_state.hpp"
#include "tail/position.hpp"

namespace logwisp {

std::unique_ptr<TailPositions> positions_of(const LedgerState& state, FileSystem& files);

}  // namespace logwisp
