// What a running server of the configuration says of a path: its status page is asked, over the
// address it listens on.
#pragma once

#include <string>
#include <vector>

#include "app/tail_client_socket.hpp"
#include "explain/path_facts.hpp"
#include "explain/verdict.hpp"
#include "logwisp/config.hpp"

namespace logwisp {

struct ServerWatcher {
    std::string json;  // the row as it came
    std::string path;
    std::string error;              // why it is not read
    bool is_this_file = false;      // the same device and inode, not only the same name
    std::vector<std::string> told;  // for people, a line each
};

struct ServerAnswer {
    std::string url;    // empty: the stream has no HTTP server
    std::string error;  // why there is no answer; empty: it answered
    std::vector<ServerWatcher> watchers;

    [[nodiscard]] bool answered() const { return !url.empty() && error.empty(); }
    // Some row says that this very file is read.
    [[nodiscard]] bool reads_it() const;
};

ServerAnswer ask_server(const Config& config, const StreamConfig& stream, const PathFacts& facts,
                        const Verdict& verdict, const Waiter& waiter);

}  // namespace logwisp
