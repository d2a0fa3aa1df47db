#include "load/load_server.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "support/free_port.hpp"

namespace logwisp::load_test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

}  // namespace

std::string backend_name(Backend backend) {
    switch (backend) {
        case Backend::io_uring:
            return "io_uring";
        case Backend::epoll:
            return "epoll";
        case Backend::io_uring_denied:
            return "io_uring_denied";
    }
    return {};
}

LoadServer::LoadServer(const ServerOptions& options)
    : http_port_(test::free_port()), tcp_port_(test::free_port()) {
    std::string name = std::filesystem::temp_directory_path() / "logwisp-load-XXXXXX";
    folder_ = mkdtemp(name.data());
    start(options);
    EXPECT_TRUE(wait_until([&] { return exited() || !get("/readyz").empty(); }));
    EXPECT_FALSE(exited()) << diagnostics();
}

LoadServer::~LoadServer() {
    if (program_->running()) stop();
    if (::testing::Test::HasFailure()) std::fprintf(stderr, "%s", diagnostics().c_str());
    std::filesystem::remove_all(folder_);
}

void LoadServer::start(const ServerOptions& options) {
    std::ofstream(file()).flush();
    const bool denied = options.backend == Backend::io_uring_denied;
    std::ofstream config(folder_ / "logwisp.toml");
    config << "[server]\ncores = " << options.cores << "\nbackend = \""
           << (denied ? "auto" : backend_name(options.backend)) << "\"\n"
           << "[[streams]]\nname = \"load\"\n"
           << "[streams.monitor]\ntargets = [{ path = \"" << file()
           << "\", from = \"beginning\" }]\n"
           << "[streams.httpserver]\nenabled = true\nport = " << http_port_
           << "\nbuffer_size = " << options.buffer_entries << "\n"
           << "[streams.tcpserver]\nenabled = true\nport = " << tcp_port_
           << "\nbuffer_size = " << options.buffer_entries << "\n";
    if (options.tcp_heartbeat_seconds > 0)
        config << "heartbeat = { enabled = true, interval_seconds = "
               << options.tcp_heartbeat_seconds << " }\n";
    config.close();
    std::vector<std::string> words;
    if (denied) words = {LOGWISP_REFUSE, "io_uring_setup=EPERM", "--"};
    words.insert(words.end(), {LOGWISP_BINARY, "--config", folder_ / "logwisp.toml"});
    std::vector<std::string> environment{"XDG_STATE_HOME=" + folder_.string(),
                                         "STATE_DIRECTORY=" + folder_.string()};
    if (options.count_allocations) {
        environment.push_back(std::string("LD_PRELOAD=") + LOGWISP_COUNT_NEW);
        environment.push_back("COUNT_NEW_FILE=" + count_file());
    }
    program_ = std::make_unique<Program>(words, folder_ / "server", environment);
}

std::string LoadServer::get(const std::string& path) const {
    const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(http_port_);
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::string answer;
    if (connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        const std::string request =
            "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        char buffer[4096];
        if (send(connection, request.data(), request.size(), MSG_NOSIGNAL) > 0)
            for (ssize_t n = 0; (n = recv(connection, buffer, sizeof buffer, 0)) > 0;)
                answer.append(buffer, static_cast<std::size_t>(n));
    }
    close(connection);
    const auto body = answer.find("\r\n\r\n");
    if (!answer.starts_with("HTTP/1.1 200") || body == std::string::npos) return {};
    return answer.substr(body + 4);
}

std::uint64_t LoadServer::status_number(const std::string& key) const {
    const std::string status = get("/status");
    const auto at = status.find("\"" + key + "\":");
    EXPECT_NE(at, std::string::npos) << key << " in " << status;
    if (at == std::string::npos) return 0;
    return std::strtoull(status.c_str() + at + key.size() + 3, nullptr, 10);
}

std::uint64_t LoadServer::descriptors() const {
    const std::filesystem::directory_iterator entries("/proc/" + std::to_string(pid()) + "/fd");
    return static_cast<std::uint64_t>(std::distance(begin(entries), end(entries)));
}

std::uint64_t LoadServer::descriptors_settled_at(std::uint64_t wanted) const {
    // A raw TCP reader that closed is no different from one that only stopped talking, until the
    // next line is refused.
    std::ofstream log(file(), std::ios::app);
    EXPECT_TRUE(wait_until([&] {
        log << "anybody there?" << std::endl;
        return descriptors() <= wanted;
    }));
    return descriptors();
}

bool LoadServer::exited() const {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid()), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
}

int LoadServer::stop() { return program_->end(SIGTERM); }

std::vector<std::string> LoadServer::sse() const {
    return {"--sse", "http://127.0.0.1:" + std::to_string(http_port_) + "/stream"};
}
std::vector<std::string> LoadServer::tcp() const {
    return {"--tcp", "127.0.0.1:" + std::to_string(tcp_port_)};
}
std::string LoadServer::diagnostics() const { return program_->errors(); }

std::uint64_t BenchReport::operator[](const std::string& name) const {
    const auto found = figures.find(name);
    EXPECT_NE(found, figures.end()) << name;
    return found == figures.end() ? 0 : static_cast<std::uint64_t>(found->second);
}

BenchReport run_bench(const LoadServer& server,
                      const std::vector<std::vector<std::string>>& arguments) {
    std::vector<std::string> words{LOGWISP_BENCH, "--json", "--file",
                                   server.file(), "--pid",  std::to_string(server.pid())};
    for (const auto& part : arguments) words.insert(words.end(), part.begin(), part.end());
    Program program(words, server.folder() / "bench");
    BenchReport report;
    report.exit_code = program.end();
    report.errors = program.errors();
    // {"name":1,"other":2.5}
    std::istringstream figures(program.output());
    std::string name;
    for (double value = 0; std::getline(figures, name, '"') && std::getline(figures, name, '"') &&
                           figures.ignore(1) && figures >> value;)
        report.figures[name] = value;
    return report;
}

}  // namespace logwisp::load_test
