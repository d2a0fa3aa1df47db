// The two worlds a net script runs in: the simulated network, and loopback sockets with a real
// backend.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <utility>

#include "kernel.hpp"
#include "net_script.hpp"
#include "network.hpp"

namespace logwisp::sim {

namespace {

constexpr int hear_wait_ms = 20;
constexpr int hear_waits_max = 200;

class SimNet : public NetWorld {
  public:
    Backend& backend() override { return backend_; }
    int listen() override { return network_.listen(1); }
    bool connect(const std::string& client) override {
        clients_[client] = network_.connect(1);
        return clients_[client] != nullptr;
    }
    void say(const std::string& client, std::string_view text) override {
        clients_.at(client)->peer_send(text);
    }
    std::string hear(const std::string& client, const std::string*) override {
        Connection& connection = *clients_.at(client);
        std::string heard = connection.peer_receive(1 << 20);
        if (connection.peer_was_reset()) return heard + "(reset)";
        return connection.peer_ended() ? heard + "(end)" : heard;
    }
    void finish(const std::string& client) override { clients_.at(client)->peer_shutdown_write(); }
    void leave(const std::string& client) override { clients_.at(client)->peer_close(); }
    void reset(const std::string& client) override { clients_.at(client)->peer_reset(); }

  private:
    World world_{1};
    SimBackend backend_{world_};
    Network network_{world_};
    std::map<std::string, std::shared_ptr<Connection>> clients_;
};

class RealNet : public NetWorld {
  public:
    explicit RealNet(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {}
    ~RealNet() override {
        for (const auto& [label, socket] : clients_)
            if (socket >= 0) ::close(socket);
    }
    RealNet(const RealNet&) = delete;
    RealNet& operator=(const RealNet&) = delete;

    Backend& backend() override { return *backend_; }
    int listen() override {
        const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof(address);
        CHECK(::bind(listener, as_sockaddr(address), length) == 0);
        CHECK(::listen(listener, 128) == 0);
        CHECK(::getsockname(listener, as_sockaddr(address), &length) == 0);
        address_ = address;
        return listener;
    }
    bool connect(const std::string& client) override {
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        clients_[client] = socket;
        return ::connect(socket, as_sockaddr(address_), sizeof(address_)) == 0;
    }
    void say(const std::string& client, std::string_view text) override {
        // The server may have gone: then nothing is sent, as in the simulation.
        static_cast<void>(::send(clients_.at(client), text.data(), text.size(), MSG_NOSIGNAL));
    }
    std::string hear(const std::string& client, const std::string* wanted) override {
        std::string heard;
        for (int waits = 0; waits < hear_waits_max; ++waits) {
            if (wanted != nullptr && heard == *wanted) break;
            pollfd ready{.fd = clients_.at(client), .events = POLLIN, .revents = 0};
            ::poll(&ready, 1, hear_wait_ms);
            char buffer[64 * 1024];
            const ssize_t count = ::recv(clients_.at(client), buffer, sizeof(buffer), MSG_DONTWAIT);
            if (count > 0) heard.append(buffer, static_cast<std::size_t>(count));
            if (count == 0) return heard + "(end)";
            if (count < 0 && errno == ECONNRESET) return heard + "(reset)";
        }
        return heard;
    }
    void finish(const std::string& client) override { ::shutdown(clients_.at(client), SHUT_WR); }
    void leave(const std::string& client) override {
        ::close(std::exchange(clients_.at(client), -1));
    }
    void reset(const std::string& client) override {
        const linger now{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(clients_.at(client), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        leave(client);
    }

  private:
    static sockaddr* as_sockaddr(sockaddr_in& address) {
        return reinterpret_cast<sockaddr*>(&address);
    }
    std::unique_ptr<Backend> backend_;
    sockaddr_in address_{};
    std::map<std::string, int> clients_;
};

}  // namespace

std::unique_ptr<NetWorld> make_simulated_net() { return std::make_unique<SimNet>(); }
std::unique_ptr<NetWorld> make_real_net(std::unique_ptr<Backend> backend) {
    return std::make_unique<RealNet>(std::move(backend));
}

}  // namespace logwisp::sim
