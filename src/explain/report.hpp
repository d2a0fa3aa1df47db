// What was found out about a path, for people and for programs. Pure.
//
// Names of files and what a server says may hold anything; nothing of it reaches a terminal but as
// visible text.
#pragma once

#include <string>
#include <vector>

#include "explain/ledger.hpp"
#include "explain/path_facts.hpp"
#include "explain/server.hpp"
#include "explain/verdict.hpp"

namespace logwisp {

struct StreamReport {
    std::string name;
    Verdict verdict;
    ServerAnswer server;
    LedgerAnswer ledger;  // asked when no server answers

    // The server's word counts where there is one: it has the file, or it has not.
    [[nodiscard]] bool followed() const;
};

std::string report_text(const PathFacts& facts, const std::vector<StreamReport>& streams);
std::string report_json(const PathFacts& facts, const std::vector<StreamReport>& streams);

}  // namespace logwisp
