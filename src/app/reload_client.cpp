#include "app/reload_client.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>

#include "app/start.hpp"
#include "logwisp/control.hpp"

namespace logwisp {

namespace {

constexpr std::string_view help =
    R"(Asks a LogWisp that runs on this machine to read its configuration again, and waits until it has. All or
nothing: what is wrong is printed, and the old configuration stays in force.
Usage: logwisp reload [PID]

PID is the service's process; without it there must be only one that this user may ask.
Exit codes: 0 reloaded, 1 refused, or there is no service, 2 bad usage, 78 the configuration has errors.
)";

std::optional<pid_t> number_of(std::string_view text) {
    pid_t number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end || number <= 0) return std::nullopt;
    return number;
}

int refuse(std::string_view why) {
    fmt::print(stderr, "logwisp: {}\n", why);
    return exit_failed;
}

// Everything until the end.
std::optional<std::string> answer_of(int socket) {
    std::string answer;
    char bytes[4096];
    for (;;) {
        const ssize_t got = ::read(socket, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) return answer;
        answer.append(bytes, static_cast<std::size_t>(got));
    }
}

bool is_process(int socket, pid_t process) {
    ucred who{};
    socklen_t bytes = sizeof who;
    return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &bytes) == 0 && who.pid == process;
}

int show(std::string_view answer) {
    const std::size_t end = answer.find('\n');
    int exit_code = exit_failed;
    if (end == std::string_view::npos ||
        std::from_chars(answer.data(), answer.data() + end, exit_code).ptr != answer.data() + end)
        return refuse("the service ended before it had answered");
    const std::string_view told = answer.substr(end + 1);
    if (!told.empty()) fmt::print(stderr, "{}\n", told);
    if (exit_code == exit_fine)
        fmt::print("reloaded\n");
    else
        fmt::print(stderr, "logwisp: not reloaded; the old configuration stays in force\n");
    return exit_code;
}

int ask(pid_t process) {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return refuse(std::strerror(errno));
    const ControlAddress at = control_address(process);
    int exit_code = exit_failed;
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&at.address), at.bytes) != 0 ||
        !is_process(socket, process)) {
        exit_code =
            refuse(fmt::format("process {} is no LogWisp that can be asked from here", process));
    } else if (const auto answer = answer_of(socket)) {
        exit_code = show(*answer);
    } else {
        exit_code = refuse("the service ended before it had answered");
    }
    ::close(socket);
    return exit_code;
}

}  // namespace

std::vector<pid_t> running_services() {
    std::vector<pid_t> found;
    std::ifstream sockets("/proc/net/unix");
    const std::string before = "@" + std::string(control_name_prefix);
    for (std::string line; std::getline(sockets, line);) {
        const std::size_t at = line.find(before);
        if (at == std::string::npos) continue;
        const auto process = number_of(std::string_view(line).substr(at + before.size()));
        if (process && std::find(found.begin(), found.end(), *process) == found.end())
            found.push_back(*process);
    }
    return found;
}

int reload_main(const std::vector<std::string>& arguments) {
    if (std::find(arguments.begin(), arguments.end(), "--help") != arguments.end() ||
        std::find(arguments.begin(), arguments.end(), "-h") != arguments.end()) {
        fmt::print("{}", help);
        return exit_fine;
    }
    if (arguments.size() > 1)
        return refuse_usage({{{}, "one process id is enough"}}, "logwisp reload");
    if (!arguments.empty()) {
        const auto process = number_of(arguments.front());
        if (process) return ask(*process);
        return refuse_usage(
            {{{}, fmt::format("{} is no process id", in_quotes(arguments.front()))}},
            "logwisp reload");
    }
    const std::vector<pid_t> services = running_services();
    if (services.empty()) return refuse("no LogWisp runs here");
    if (services.size() == 1) return ask(services.front());
    return refuse(fmt::format("several run here, say which: logwisp reload PID, one of {}",
                              fmt::join(services, ", ")));
}

}  // namespace logwisp
