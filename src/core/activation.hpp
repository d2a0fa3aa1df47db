// Sockets of the service manager and the servers of a configuration: which is whose. A socket whose
// name is a server's ("app/http", "app/tcp", "router") decides where that server listens; any other
// is used where a server has its address. Control thread, at the start and at every reload.
#pragma once

#include <string>
#include <vector>

#include "core/plan.hpp"
#include "logwisp/config.hpp"
#include "net/passed_sockets.hpp"

namespace logwisp {

// Gives every server that a socket is named for that socket's host and port. Returns what is wrong
// then: two servers at one place.
std::vector<std::string> use_named_sockets(Config& config, const PassedSockets& passed);

// A line for each that is used, and for each that is not.
std::vector<std::string> sockets_in_use(const Plan& plan);
std::vector<std::string> sockets_without_use(const Plan& plan);

}  // namespace logwisp
