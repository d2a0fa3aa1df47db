// Who listens at a port of this machine, told by the kernel's tables. Nobody is connected to: where systemd holds the port, a connection would
// start the service. Looks at /proc; any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace logwisp {

struct PortHolder {
    pid_t process = 0;
    std::string name;  // as the kernel has it: "systemd", "logwisp"
};

struct PortHolders {
    // Whose sockets listen there, the first one's; nothing: there is none.
    std::optional<uid_t> user;
    // That have one of these sockets open. Those of other users are not seen, except by root, nor those outside of a container.
    std::vector<PortHolder> processes;
};

// Of every socket that keeps others from listening on `host` (as in the configuration) and `port`.
PortHolders port_holders(const std::string& host, std::uint16_t port);

// systemd alone: what it waits for there has not been started.
bool only_systemd(const PortHolders& holders);

}  // namespace logwisp
