// The real program as a process of the test: a stream `load` over one file, its configuration, its
// state and its diagnostics in a folder of its own, started on one of the ways to run it and
// stopped with the test. And the bench program, run against it to its verdict.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "load/program.hpp"

namespace logwisp::load_test {

enum class Backend { io_uring, epoll, io_uring_denied };
std::string backend_name(Backend backend);

struct ServerOptions {
    Backend backend = Backend::epoll;
    std::uint32_t cores = 1;
    std::uint32_t buffer_entries = 1000;
    bool count_allocations = false;
    std::uint32_t tcp_heartbeat_seconds = 0;  // 0: none
};

class LoadServer {
  public:
    explicit LoadServer(const ServerOptions& options);
    ~LoadServer();
    LoadServer(const LoadServer&) = delete;
    LoadServer& operator=(const LoadServer&) = delete;

    // The body of an answer; empty when there is none.
    [[nodiscard]] std::string get(const std::string& path) const;
    // A number of /status by its key ("total_entries"), the first of that name.
    [[nodiscard]] std::uint64_t status_number(const std::string& key) const;
    // Once it is at most `wanted`, or a deadline is over.
    [[nodiscard]] std::uint64_t descriptors_settled_at(std::uint64_t wanted) const;
    [[nodiscard]] std::uint64_t descriptors() const;
    // SIGTERM; its exit code.
    int stop();

    [[nodiscard]] std::vector<std::string> sse() const;
    [[nodiscard]] std::vector<std::string> tcp() const;
    [[nodiscard]] std::string file() const { return folder_ / "load.log"; }
    [[nodiscard]] std::string count_file() const { return folder_ / "allocations"; }
    [[nodiscard]] std::string diagnostics() const;
    [[nodiscard]] pid_t pid() const { return program_->pid(); }
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

  private:
    void start(const ServerOptions& options);
    [[nodiscard]] bool exited() const;

    std::filesystem::path folder_;
    std::uint16_t http_port_;
    std::uint16_t tcp_port_;
    std::unique_ptr<Program> program_;
};

struct BenchReport {
    int exit_code = -1;
    std::string errors;
    std::map<std::string, double> figures;
    [[nodiscard]] std::uint64_t operator[](const std::string& name) const;
};

BenchReport run_bench(const LoadServer& server,
                      const std::vector<std::vector<std::string>>& arguments);

}  // namespace logwisp::load_test
