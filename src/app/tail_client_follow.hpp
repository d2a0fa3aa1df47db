// Following one server until there is a reason to end: connect, ask, read, and again after a lost
// connection. What a connection says is turned into entries and notices here; how they look is
// TailOutput's, how long to pause is Backoff's.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "app/tail_client_backoff.hpp"
#include "app/tail_client_options.hpp"
#include "app/tail_client_output.hpp"
#include "app/tail_client_socket.hpp"

namespace logwisp {

class Follow {
  public:
    Follow(const TailOptions& options, TailOutput& output, const Waiter& waiter);
    // Returns the exit code.
    int run();

  private:
    // How one connection ended.
    struct End {
        std::string reason;            // for the notice
        std::optional<int> exit_code;  // set: the program ends
        bool fatal = false;            // the reason is an error to print before
    };

    End follow_once();
    End follow_sse(int socket);
    [[nodiscard]] std::string tcp_command() const;
    End follow_tcp(int socket);
    // Reads until the end of the stream; `take` returns false when it has seen enough.
    template <class Take>
    End read_all(int socket, Take take);
    [[nodiscard]] End wake_end(Wake wake) const;
    [[nodiscard]] std::string request() const;

    void on_connected();
    void on_event(std::string_view type, std::string_view data);
    void on_json(std::string_view data);
    void on_gap(const std::vector<JsonMember>& members);
    void on_disconnect(const std::vector<JsonMember>& members);
    void on_error(const std::vector<JsonMember>& members);

    const TailOptions& options_;
    TailOutput& output_;
    const Waiter& waiter_;
    Backoff backoff_;
    std::minstd_rand random_{std::random_device{}()};
    std::uniform_real_distribution<double> jitter_{0.0, 1.0};
    std::string last_event_id_;
    std::string farewell_;        // the reason the server gave on this connection
    bool was_connected_ = false;  // ever
    bool connected_ = false;      // this time
    bool entries_seen_ = false;
    bool answered_ = true;  // what comes is what was asked for
    bool refused_ = false;  // it is not, and will not be
};

}  // namespace logwisp
