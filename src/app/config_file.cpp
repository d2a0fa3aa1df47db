#include "app/config_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/toml.hpp"
#include "app/toml_guard.hpp"
#include "app/toml_walk.hpp"

namespace logwisp {
namespace {

constexpr std::size_t description_bytes_max = 300;

// "Error while parsing table header: expected ']', saw '\n'" without its first words, and without
// what a terminal would act on.
std::string shown(std::string_view description) {
    constexpr std::string_view lead = "Error while parsing ";
    if (description.starts_with(lead)) description.remove_prefix(lead.size());
    std::string out;
    for (char c : description.substr(0, description_bytes_max))
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
    return out;
}

}  // namespace

ReadOutcome read_config_file(const std::string& path, std::string& text, Problems& problems) {
    auto failed = [&](std::string message) {
        problems.push_back({Place::in_file(path), std::move(message)});
        return ReadOutcome::failed;
    };
    // Nobody waits for somebody who writes into a FIFO, least of all a reload.
    int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0) {
        int error = errno;
        struct stat info {};
        // Behind a directory we may not enter (systemd's ProtectHome) nothing can be known to be
        // there.
        bool hidden = error == EACCES && ::stat(path.c_str(), &info) != 0;
        if (error == ENOENT || error == ENOTDIR || hidden) return ReadOutcome::missing;
        return failed(fmt::format("cannot be read: {}", std::strerror(error)));
    }
    struct stat kind {};
    if (::fstat(descriptor, &kind) == 0 && !S_ISREG(kind.st_mode) && !S_ISDIR(kind.st_mode)) {
        ::close(descriptor);
        return failed("is not a regular file");
    }
    text.clear();
    char buffer[16 * 1024];
    ssize_t got = 0;
    while (text.size() <= config_bytes_max) {
        got = ::read(descriptor, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        text.append(buffer, static_cast<std::size_t>(got));
    }
    int error = errno;
    ::close(descriptor);
    if (got < 0) return failed(fmt::format("cannot be read: {}", std::strerror(error)));
    if (text.size() > config_bytes_max)
        return failed(
            fmt::format("is larger than {} bytes: not a configuration", config_bytes_max));
    return ReadOutcome::read;
}

std::optional<Layer> parse_config(std::string_view text, const std::string& path,
                                  Problems& problems) {
    if (auto hostile = find_hostile_toml(text)) {
        problems.push_back(
            {Place::in_file(path, hostile->line, hostile->column), hostile->message});
        return std::nullopt;
    }
    try {
        toml::table table = toml::parse(text);
        return walk_config(table, path, problems);
    } catch (const toml::parse_error& error) {
        const toml::source_position& at = error.source().begin;
        problems.push_back({Place::in_file(path, at.line, at.column),
                            fmt::format("not valid TOML: {}", shown(error.description()))});
    } catch (const std::exception& error) {
        problems.push_back(
            {Place::in_file(path), fmt::format("cannot be parsed: {}", shown(error.what()))});
    }
    return std::nullopt;
}

}  // namespace logwisp
