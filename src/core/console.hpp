// What LogWisp prints on standard output: at start one line per stream, then from time to time how
// it goes. A standard output that is closed, or a pipe that nobody reads, costs the lines and
// nothing else. Control thread.
#pragma once

#include <string>

#include "core/plan.hpp"

namespace logwisp {

// "app: http://127.0.0.1:8080/stream  status http://127.0.0.1:8080/status  tcp 127.0.0.1:9090"
std::string console_streams(const Plan& plan, const Config& config);
// "[15:04:05] Active streams: 2\n  app: watchers=3 entries=1542 tcp_conns=2 http_conns=5\n..."
std::string console_statistics(const Plan& plan);
// Never waits.
void console_print(const std::string& text);

}  // namespace logwisp
