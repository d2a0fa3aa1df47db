// Cores as the program runs them, threads and all, on real sockets and files: for tests that look from outside.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/core.hpp"
#include "support/backends.hpp"
#include "support/free_port.hpp"

namespace logwisp::test {

// A blocking client that keeps everything it was sent.
class Client {
  public:
    explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        CHECK(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    ~Client() { ::close(socket_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void say(std::string_view text) {
        EXPECT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    void get(const std::string& target) { say("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"); }
    // Reads until `text` has come, the peer closes or the deadline passes.
    bool hears(std::string_view text, std::chrono::seconds deadline = std::chrono::seconds(20)) {
        const auto end = std::chrono::steady_clock::now() + deadline;
        while (heard.find(text) == std::string::npos) {
            if (closed || std::chrono::steady_clock::now() > end) return false;
            read_some();
        }
        return true;
    }
    bool hears_the_end() {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!closed && std::chrono::steady_clock::now() < end) read_some();
        return closed;
    }

    std::string heard;
    bool closed = false;

  private:
    void read_some() {
        pollfd wait{socket_, POLLIN, 0};
        if (::poll(&wait, 1, 100) <= 0) return;
        char bytes[65536];
        const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
        if (count <= 0)
            closed = true;
        else
            heard.append(bytes, static_cast<std::size_t>(count));
    }

    int socket_;
};

template <class Condition>
bool within_deadline(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

class RunningCores {
  public:
    // With `apart`, streams called "far" are followed apart, in these files.
    RunningCores(BackendChoice choice, std::size_t count,
                 std::unique_ptr<FileSystem> apart = nullptr)
        : count_(count), fabric_(count, apart != nullptr ? 1 : 0) {
        BackendOptions options;
        options.choice = choice;
        options.connections_max = 1000;
        auto set = make_backends(count, options);
        CHECK(set.has_value());
        for (std::size_t index = 0; index < count; ++index) {
            CoreParts parts;
            parts.index = static_cast<std::uint32_t>(index);
            parts.backend = std::move(set->backends[index]);
            parts.files = make_real_file_system();
            parts.random_seed = index + 1;
            cores_.push_back(std::make_unique<Core>(std::move(parts), fabric_));
        }
        if (apart != nullptr) {
            CoreParts parts;
            parts.index = static_cast<std::uint32_t>(count);
            parts.backend = std::move(*make_epoll_backend({}));
            parts.files = std::move(apart);
            cores_.push_back(std::make_unique<Core>(std::move(parts), fabric_));
        }
        for (auto& core : cores_) threads_.emplace_back([&core] { core->run(); });
    }
    ~RunningCores() {
        if (!stopped_) stop();
    }

    void apply(const Config& config, const PassedSockets* passed = nullptr) {
        const PlannedCores planned{
            count_, [this](const StreamConfig& stream, std::uint32_t id) -> Result<Home> {
                if (stream.name == "far" && cores_.size() > count_)
                    return Home{count_, "/far (nfs4)"};
                return Home{id % count_, {}};
            }};
        auto plan =
            make_plan(config, plan_.get(), nullptr, planned, {1'700'000'000'000'000, 0}, passed);
        ASSERT_TRUE(plan.has_value()) << plan.error().text();
        plan_ = *plan;
        tell_all([plan = plan_](Core& core) { core.apply(plan); });
    }
    bool ready() {
        return within_deadline([this] {
            bool all = true;
            for (const auto& stream : plan_->streams) all = all && stream->monitor.ready.load();
            return all;
        });
    }
    void tell(std::size_t core, const Message::Task& task) {
        fabric_.post_from_control(core, task);
    }
    // Connections of each core.
    std::vector<std::size_t> sessions() {
        std::vector<std::promise<std::size_t>> answers(count_);
        for (std::size_t index = 0; index < count_; ++index)
            tell(index,
                 [&answer = answers[index]](Core& core) { answer.set_value(core.sessions()); });
        std::vector<std::size_t> counts;
        for (auto& answer : answers) counts.push_back(answer.get_future().get());
        return counts;
    }
    void stop() {
        tell_stop(2000);
        join();
    }
    void tell_stop(std::uint64_t timeout_ms) {
        tell_all([timeout_ms](Core& core) { core.stop(timeout_ms); });
    }
    void join_serving() {
        for (std::size_t index = 0; index < count_; ++index) threads_[index].join();
    }
    void join() {
        for (std::thread& thread : threads_)
            if (thread.joinable()) thread.join();
        stopped_ = true;
    }
    [[nodiscard]] const Plan& plan() const { return *plan_; }

  private:
    void tell_all(const Message::Task& task) {
        for (std::size_t index = 0; index < cores_.size(); ++index)
            fabric_.post_from_control(index, task);
    }

    std::size_t count_;
    Fabric fabric_;
    std::vector<std::unique_ptr<Core>> cores_;
    std::vector<std::thread> threads_;
    std::shared_ptr<const Plan> plan_;
    bool stopped_ = false;
};

// A directory of its own, gone with the test.
class Directory {
  public:
    Directory() {
        char name[] = "/tmp/logwisp-core-XXXXXX";
        CHECK(::mkdtemp(name) != nullptr);
        path = name;
    }
    ~Directory() { std::filesystem::remove_all(path); }
    void append(const std::string& file, const std::string& text) const {
        std::ofstream(path + "/" + file, std::ios::app) << text;
    }
    std::string path;
};

inline StreamConfig stream_config(const std::string& name, const std::string& directory) {
    StreamConfig stream;
    stream.name = name;
    Target target;
    target.path = directory;
    target.from = StartAt::beginning;
    stream.monitor.targets = {target};
    stream.http.enabled = true;
    stream.http.port = free_port();
    stream.tcp.enabled = true;
    stream.tcp.port = free_port();
    return stream;
}

// Those that this machine has.
inline std::vector<BackendChoice> backend_choices() {
    std::vector<BackendChoice> all{BackendChoice::epoll};
    if (all_backends().size() > 1) all.push_back(BackendChoice::io_uring);
    return all;
}

}  // namespace logwisp::test
