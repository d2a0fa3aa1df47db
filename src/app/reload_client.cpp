#include "app/reload_client.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>

#include "app/start.hpp"
#include "app/tail_client_render.hpp"
#include "logwisp/control.hpp"

namespace logwisp {

namespace {

constexpr int exit_code_max = 255;
constexpr std::size_t exit_code_bytes_max = 4;  // with its line feed

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

// Everything until the end, or until it is more than a service says.
std::optional<std::string> answer_of(int socket) {
    std::string answer;
    char bytes[4096];
    while (answer.size() < exit_code_bytes_max + control_answer_bytes_max) {
        const ssize_t got = ::read(socket, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        answer.append(bytes, static_cast<std::size_t>(got));
    }
    return answer;
}

// Whom this user believes: himself and root. Root may ask the service of any user.
bool is_believed(uid_t user) { return user == 0 || user == ::geteuid() || ::geteuid() == 0; }

bool is_service(int socket, pid_t process) {
    ucred who{};
    socklen_t bytes = sizeof who;
    return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &bytes) == 0 && who.pid == process &&
           is_believed(who.uid);
}

// A connection waits too, while others fill the queue.
bool bound_waiting(int socket, std::chrono::milliseconds wait) {
    const timeval longest{wait.count() / 1000, wait.count() % 1000 * 1000};
    return ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest) == 0 &&
           ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest) == 0;
}

// Whatever the other side said, a terminal gets lines of text.
std::string visible_lines(std::string_view text) {
    std::string visible;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        append_plain_text(visible, text.substr(0, end), EscapeStyle::text);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return visible;
}

int show(std::string_view answer) {
    const std::size_t end = answer.find('\n');
    int exit_code = exit_failed;
    if (end == std::string_view::npos ||
        std::from_chars(answer.data(), answer.data() + end, exit_code).ptr != answer.data() + end ||
        exit_code < 0 || exit_code > exit_code_max)
        return refuse("the service ended before it had answered");
    fmt::print(stderr, "{}", visible_lines(answer.substr(end + 1)));
    if (exit_code == exit_fine)
        fmt::print("reloaded\n");
    else
        fmt::print(stderr, "logwisp: not reloaded; the old configuration stays in force\n");
    return exit_code;
}

int ask(pid_t process, std::chrono::milliseconds wait) {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0 || !bound_waiting(socket, wait)) return refuse(std::strerror(errno));
    const ControlAddress at = control_address(process);
    int exit_code = exit_failed;
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&at.address), at.bytes) != 0 ||
        !is_service(socket, process)) {
        exit_code =
            refuse(fmt::format("process {} is no LogWisp that can be asked from here", process));
    } else if (const auto answer = answer_of(socket)) {
        exit_code = show(*answer);
    } else if (errno == EAGAIN) {
        exit_code = refuse(fmt::format("process {} does not answer", process));
    } else {
        exit_code = refuse("the service ended before it had answered");
    }
    ::close(socket);
    return exit_code;
}

// Whether one of its descriptors is that socket; nothing: this user may not look.
std::optional<bool> has_socket(pid_t process, std::string_view inode) {
    std::error_code error;
    const std::string socket = fmt::format("socket:[{}]", inode);
    std::filesystem::directory_iterator descriptors(fmt::format("/proc/{}/fd", process), error);
    if (error == std::errc::no_such_file_or_directory) return false;
    if (error) return std::nullopt;
    while (descriptors != std::filesystem::directory_iterator()) {
        std::error_code closed;
        if (std::filesystem::read_symlink(descriptors->path(), closed) == socket) return true;
        descriptors.increment(error);
        if (error) return false;
    }
    return false;
}

// To connect would be to ask, so this is by the process's own user; who listens is looked at then.
bool may_be_asked(pid_t process) {
    struct stat found {};
    return ::stat(fmt::format("/proc/{}", process).c_str(), &found) == 0 &&
           is_believed(found.st_uid);
}

}  // namespace

std::vector<pid_t> running_services() {
    std::vector<pid_t> found;
    std::ifstream sockets("/proc/net/unix");
    const std::string before = "@" + std::string(control_name_prefix);
    for (std::string line; std::getline(sockets, line);) {
        std::istringstream words(line);
        std::string skipped, inode, name;
        for (int column = 0; column < 6; ++column) words >> skipped;
        words >> inode >> name;
        if (!name.starts_with(before)) continue;
        const auto process = number_of(std::string_view(name).substr(before.size()));
        if (process && std::find(found.begin(), found.end(), *process) == found.end() &&
            has_socket(*process, inode).value_or(true))
            found.push_back(*process);
    }
    return found;
}

int reload_main(const std::vector<std::string>& arguments, std::chrono::milliseconds wait) {
    if (std::find(arguments.begin(), arguments.end(), "--help") != arguments.end() ||
        std::find(arguments.begin(), arguments.end(), "-h") != arguments.end()) {
        fmt::print("{}", help);
        return exit_fine;
    }
    if (arguments.size() > 1)
        return refuse_usage({{{}, "one process id is enough"}}, "logwisp reload");
    if (!arguments.empty()) {
        const auto process = number_of(arguments.front());
        if (process) return ask(*process, wait);
        return refuse_usage(
            {{{}, fmt::format("{} is no process id", in_quotes(arguments.front()))}},
            "logwisp reload");
    }
    std::vector<pid_t> services = running_services();
    std::erase_if(services, [](pid_t process) { return !may_be_asked(process); });
    if (services.empty()) return refuse("no LogWisp runs here");
    if (services.size() == 1) return ask(services.front(), wait);
    return refuse(fmt::format("several run here, say which: logwisp reload PID, one of {}",
                              fmt::join(services, ", ")));
}

}  // namespace logwisp
