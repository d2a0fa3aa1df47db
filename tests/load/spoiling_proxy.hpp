// A proxy between the bench and a server's raw TCP port that forwards every byte, but for one
// numbered line of one connection, which it loses or gives twice. Threads of its own; ended with
// its owner.
#pragma once

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace logwisp::load_test {

enum class Spoil { nothing, lose, twice };

struct SpoilOptions {
    std::size_t connection = 0;  // in the order in which they came
    std::uint64_t line = 0;
    Spoil spoil = Spoil::nothing;
};

class SpoilingProxy {
  public:
    // `server` is HOST:PORT on the loopback address.
    SpoilingProxy(const std::string& server, const SpoilOptions& options);
    ~SpoilingProxy();
    SpoilingProxy(const SpoilingProxy&) = delete;
    SpoilingProxy& operator=(const SpoilingProxy&) = delete;
    [[nodiscard]] std::string address() const;

  private:
    struct Pair {
        int reader;
        int server;
        std::thread thread;
    };
    void accept_all();
    void forward(std::size_t connection, int reader, int server) const;

    SpoilOptions options_;
    std::uint16_t server_port_;
    std::uint16_t port_;
    int listener_;
    std::vector<Pair> pairs_;
    std::thread acceptor_;
};

}  // namespace logwisp::load_test
