// What the tests of `logwisp tail` share: a server that says exactly what the test tells it to,
// over real sockets, and the client as a process of its own with its standard output on a pipe or a
// terminal. Every wait has a deadline.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/tail_client.hpp"

namespace logwisp::tail_test {

inline constexpr int deadline_ms = 20'000;

inline bool readable(int descriptor) {
    pollfd polled{descriptor, POLLIN, 0};
    return poll(&polled, 1, deadline_ms) == 1;
}

class ServedConnection {
  public:
    explicit ServedConnection(int socket) : socket_(socket) {}
    ServedConnection(ServedConnection&& other) noexcept
        : socket_(std::exchange(other.socket_, -1)) {}
    ~ServedConnection() { close(); }
    // What the client said is taken first: left unread it would make a reset of it.
    void close() {
        char unread[256];
        while (socket_ >= 0 && recv(socket_, unread, sizeof unread, MSG_DONTWAIT) > 0) continue;
        if (socket_ >= 0) ::close(std::exchange(socket_, -1));
    }
    // With a reset instead of a FIN.
    void abort() {
        const linger now{1, 0};
        EXPECT_EQ(setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
        close();
    }
    std::string read_request() {
        std::string head;
        char byte = 0;
        while (!head.ends_with("\r\n\r\n") && readable(socket_) && recv(socket_, &byte, 1, 0) == 1)
            head.push_back(byte);
        return head;
    }
    std::string read_line() {
        std::string line;
        char byte = 0;
        while (readable(socket_) && recv(socket_, &byte, 1, 0) == 1 && byte != '\n')
            line.push_back(byte);
        return line;
    }
    void send(std::string_view bytes) {
        EXPECT_EQ(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(bytes.size()));
    }
    void send_bytewise(std::string_view bytes) {
        const int on = 1;
        EXPECT_EQ(setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
        for (const char byte : bytes) send({&byte, 1});
    }

  private:
    int socket_;
};

class ScriptedServer {
  public:
    ScriptedServer() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
        EXPECT_EQ(listen(listener_, 8), 0);
        EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
        port_ = ntohs(address.sin_port);
    }
    ~ScriptedServer() { close(listener_); }
    ServedConnection accept() {
        EXPECT_TRUE(readable(listener_)) << "no client came";
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        EXPECT_GE(socket, 0);
        return ServedConnection(socket);
    }
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] std::string url(std::string_view target = "/stream") const {
        return "http://" + address() + std::string(target);
    }

  private:
    int listener_;
    int port_ = 0;
};

class TailProcess {
  public:
    enum class Output { pipe, terminal };

    explicit TailProcess(const std::vector<std::string>& arguments, Output kind = Output::pipe) {
        int out[2], err[2];
        EXPECT_EQ(pipe2(err, O_CLOEXEC), 0);
        if (kind == Output::pipe) {
            EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
        } else {
            EXPECT_EQ(openpty(&out[0], &out[1], nullptr, nullptr, nullptr), 0);
        }
        // Or the child would print what this program still holds back.
        std::fflush(nullptr);
        process_ = fork();
        if (process_ == 0) {
            dup2(out[1], STDOUT_FILENO);
            dup2(err[1], STDERR_FILENO);
            for (const int descriptor : {out[0], out[1], err[0], err[1]}) ::close(descriptor);
            setenv("TERM", "xterm", 1);
            run_child(arguments);
        }
        ::close(out[1]);
        ::close(err[1]);
        output_.descriptor = out[0];
        error_.descriptor = err[0];
    }
    ~TailProcess() {
        if (process_ > 0) {
            kill(process_, SIGKILL);
            waitpid(process_, nullptr, 0);
        }
        close_output();
        ::close(error_.descriptor);
    }

    // What was printed so far, once it holds `text` (or the deadline is over).
    const std::string& output_with(std::string_view text) { return output_.read_until(text); }
    const std::string& error_with(std::string_view text) { return error_.read_until(text); }
    // Everything, once the program has ended.
    const std::string& whole_output() { return output_.read_until({}); }
    const std::string& whole_error() { return error_.read_until({}); }
    void close_output() {
        if (output_.descriptor >= 0) ::close(std::exchange(output_.descriptor, -1));
    }
    void send_signal(int number) const { kill(process_, number); }
    // As a shell shows it: 128 + N for a signal.
    int exit_code() {
        whole_error();  // ends with the process
        int status = 0;
        EXPECT_EQ(waitpid(process_, &status, 0), process_);
        process_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

  private:
    struct Stream {
        int descriptor = -1;
        std::string text;
        const std::string& read_until(std::string_view wanted) {
            char buffer[4096];
            while ((wanted.empty() || text.find(wanted) == std::string::npos) &&
                   readable(descriptor)) {
                const ssize_t count = read(descriptor, buffer, sizeof buffer);
                if (count <= 0) break;
                text.append(buffer, static_cast<std::size_t>(count));
            }
            return text;
        }
    };
    [[noreturn]] static void run_child(const std::vector<std::string>& arguments) {
        std::vector<std::string> words{"logwisp tail"};
        words.insert(words.end(), arguments.begin(), arguments.end());
        std::vector<char*> argv;
        for (std::string& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        const int code = tail_main(static_cast<int>(words.size()), argv.data());
        std::fflush(nullptr);
        _exit(code);
    }

    pid_t process_ = -1;
    Stream output_;
    Stream error_;
};

inline constexpr std::string_view stream_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nConnection: "
    "close\r\n\r\n";
inline constexpr std::string_view greeting =
    "retry: 10\nevent: connected\ndata: {\"client_id\":\"1\"}\n\n";

inline std::string entry_event(int number) {
    const std::string n = std::to_string(number);
    return "id: e-" + n +
           "\ndata: "
           "{\"time\":\"2024-01-01T00:00:00Z\",\"source\":\"app.log\",\"level\":\"INFO\","
           "\"message\":\"line " +
           n + "\"}\n\n";
}
inline std::string entry_text(int number) {
    return "2024-01-01T00:00:00Z INFO  app.log line " + std::to_string(number) + "\n";
}

}  // namespace logwisp::tail_test
