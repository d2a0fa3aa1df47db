#include "app/port_holders.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>

#include "app/listeners.hpp"

namespace logwisp {

namespace {

namespace fs = std::filesystem;

// The table has each address as numbers of 32 bits, in this machine's order of bytes.
constexpr std::size_t word_digits = 8;
constexpr std::string_view state_listens = "0A";

template <class Number>
std::optional<Number> number_of(std::string_view text, int base) {
    Number number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number, base);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return number;
}

// "0100007F" is "127.0.0.1" where bytes come lowest first.
std::string address_text(std::string_view hex) {
    std::array<std::uint32_t, 4> words{};
    for (std::size_t word = 0; word < words.size() && (word + 1) * word_digits <= hex.size();
         ++word)
        words[word] =
            number_of<std::uint32_t>(hex.substr(word * word_digits, word_digits), 16).value_or(0);
    char text[INET6_ADDRSTRLEN] = "";
    ::inet_ntop(hex.size() == word_digits ? AF_INET : AF_INET6, words.data(), text, sizeof text);
    return text;
}

struct Listening {
    std::string inode;
    uid_t user = 0;
};

void add_listening(const std::string& table, const std::string& host, std::uint16_t port,
                   std::vector<Listening>& found) {
    std::ifstream rows(table);
    for (std::string row; std::getline(rows, row);) {
        std::istringstream words(row);
        std::string number, local, remote, state, skipped, user, inode;
        words >> number >> local >> remote >> state;
        for (int column = 0; column < 3; ++column) words >> skipped;
        words >> user >> skipped >> inode;
        const std::size_t colon = local.find(':');
        if (state != state_listens || colon == std::string::npos) continue;
        const std::string_view local_view = local;
        if (number_of<std::uint16_t>(local_view.substr(colon + 1), 16) != port) continue;
        if (hosts_overlap(address_text(local_view.substr(0, colon)), host))
            found.push_back({inode, number_of<uid_t>(user, 10).value_or(0)});
    }
}

bool has_one_of(const fs::path& process, const std::set<std::string>& sockets) {
    std::error_code error;
    for (fs::directory_iterator at(process / "fd", error); !error && at != fs::directory_iterator();
         at.increment(error)) {
        std::error_code closed;
        if (sockets.contains(fs::read_symlink(at->path(), closed).string())) return true;
    }
    return false;
}

std::string name_of(const fs::path& process) {
    std::ifstream file(process / "comm");
    std::string name;
    std::getline(file, name);
    return name;
}

}  // namespace

PortHolders port_holders(const std::string& host, std::uint16_t port) {
    std::vector<Listening> listening;
    for (const char* const table : {"/proc/net/tcp", "/proc/net/tcp6"})
        add_listening(table, host, port, listening);
    PortHolders holders;
    if (listening.empty()) return holders;
    holders.user = listening.front().user;
    std::set<std::string> sockets;
    for (const Listening& one : listening) sockets.insert(fmt::format("socket:[{}]", one.inode));
    std::error_code error;
    for (fs::directory_iterator at("/proc", error); !error && at != fs::directory_iterator();
         at.increment(error)) {
        const auto process = number_of<pid_t>(at->path().filename().string(), 10);
        if (process && has_one_of(at->path(), sockets))
            holders.processes.push_back({*process, name_of(at->path())});
    }
    return holders;
}

bool only_systemd(const PortHolders& holders) {
    return !holders.processes.empty() &&
           std::all_of(holders.processes.begin(), holders.processes.end(),
                       [](const PortHolder& one) { return one.name == "systemd"; });
}

}  // namespace logwisp
