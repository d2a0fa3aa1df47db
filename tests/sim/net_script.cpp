#include "net_script.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <cstring>
#include <map>
#include <sstream>

#include "base/check.hpp"
#include "reactor/completion.hpp"

namespace logwisp::sim {

namespace {

constexpr int turns_waited_max = 300;
constexpr std::int64_t turn_wait_ns = 10'000'000;

// One operation of the script and what came of it since the last `turn`.
struct Asked {
    Asked() { completion.bind<&Asked::on_outcome>(*this); }
    void on_outcome(const Outcome& outcome) {
        if (!outcome.data.empty()) {
            // How the kernel cuts a stream into pieces is its own business.
            data.append(outcome.data.begin(), outcome.data.end());
            if (!outcome.more) text += " (over)";
            return;
        }
        if (outcome.result < 0)
            text += fmt::format(" {}", std::strerror(-outcome.result));
        else if (completion_kind == Operation::poll)
            text += poll_text(static_cast<std::uint32_t>(outcome.result));
        else if (completion_kind == Operation::accept)
            accepted.push_back(outcome.result);
        else
            text += fmt::format(" {}", outcome.result);
        if (!outcome.more) text += " (over)";
    }
    static std::string poll_text(std::uint32_t events) {
        std::string text;
        if ((events & POLLIN) != 0) text += " in";
        if ((events & POLLOUT) != 0) text += " out";
        if ((events & POLLERR) != 0) text += " error";
        if ((events & POLLHUP) != 0) text += " hangup";
        return text;
    }

    Completion completion;
    Operation completion_kind = Operation::none;
    std::string text;
    std::string data;
    std::vector<int> accepted;
};

class Runner {
  public:
    Runner(NetWorld& world, const Transcript* expected)
        : world_(world), backend_(world.backend()), expected_(expected) {
        backend_.start_on_this_thread();
    }

    Transcript run(std::string_view script) {
        std::istringstream lines{std::string(script)};
        std::string line;
        while (std::getline(lines, line)) {
            std::istringstream words(line);
            std::vector<std::string> parts;
            for (std::string word; words >> word;) parts.push_back(word);
            if (parts.empty()) continue;
            out_.text += fmt::format("{}\n", fmt::join(parts, " "));
            parts.resize(3);
            step(parts[0], parts[1], parts[2]);
        }
        wind_up();
        return std::move(out_);
    }

  private:
    void step(const std::string& verb, const std::string& a, const std::string& b) {
        if (verb == "listen")
            listener_ = world_.listen();
        else if (verb == "accept")
            ask("accept", Operation::accept, listener_);
        else if (verb == "connect")
            CHECK(world_.connect(a));
        else if (verb == "say")
            world_.say(a, b);
        else if (verb == "hear")
            hear(a);
        else if (verb == "finish")
            world_.finish(a);
        else if (verb == "leave")
            world_.leave(a);
        else if (verb == "reset")
            world_.reset(a);
        else if (verb == "recv")
            ask(a + " recv", Operation::recv, sockets_.at(a));
        else if (verb == "send")
            send(a, b);
        else if (verb == "fill")
            fill(a);
        else if (verb == "poll")
            poll(a, b);
        else if (verb == "cancel")
            cancel(b.empty() ? a : a + " " + b);
        else if (verb == "half")
            backend_.shutdown_write(sockets_.at(a));
        else if (verb == "end")
            backend_.shutdown_both(sockets_.at(a));
        else if (verb == "close")
            close(a);
        else {
            CHECK(verb == "turn");
            turn();
        }
    }

    Asked& ask(const std::string& label, Operation operation, int descriptor) {
        Asked& asked = asked_[label];
        asked.completion_kind = operation;
        asked.completion.operation = operation;
        asked.completion.descriptor = descriptor;
        asked.completion.cancelled = false;  // as the reactor does it
        if (operation == Operation::accept || operation == Operation::recv)
            backend_.submit(asked.completion);
        return asked;
    }

    void send(const std::string& socket, const std::string& text) {
        Asked& asked = ask(socket + " send", Operation::send, sockets_.at(socket));
        sent_.push_back(std::make_unique<std::string>(text));
        asked.completion.buffer = sent_.back()->data();
        asked.completion.bytes = static_cast<std::uint32_t>(text.size());
        backend_.submit(asked.completion);
    }

    void fill(const std::string& socket) {
        Asked& asked = asked_[socket + " fill"];
        const std::string text(64 * 1024, 'x');
        do {
            asked.text.clear();
            ask(socket + " fill", Operation::send, sockets_.at(socket));
            asked.completion.buffer = const_cast<char*>(text.data());
            asked.completion.bytes = static_cast<std::uint32_t>(text.size());
            backend_.submit(asked.completion);
            while (asked.completion.in_flight()) backend_.turn(turn_wait_ns);
        } while (asked.text.find("over") != std::string::npos && std::isdigit(asked.text[1]) != 0);
    }

    void poll(const std::string& socket, const std::string& events) {
        Asked& asked = ask(socket + " poll", Operation::poll, sockets_.at(socket));
        asked.completion.bytes = events == "in" ? POLLIN : events == "out" ? POLLOUT : POLLRDHUP;
        backend_.submit(asked.completion);
    }

    void cancel(const std::string& label) {
        if (asked_.at(label).completion.in_flight()) backend_.cancel(asked_.at(label).completion);
    }

    void close(const std::string& socket) {
        backend_.close(sockets_.at(socket));
        sockets_.erase(socket);
    }

    void hear(const std::string& client) {
        const std::string* const wanted = next_expected();
        const std::string heard = world_.hear(client, wanted);
        out_.answers.push_back(heard);
        out_.text += fmt::format("  {}\n", heard);
    }

    // Outcomes as text, by operation; joined over as many turns as it takes to have what the other
    // world had.
    void turn() {
        const std::string* const wanted = next_expected();
        std::string seen;
        for (int turns = 0; turns < turns_waited_max; ++turns) {
            backend_.turn(wanted != nullptr && seen == *wanted ? 0 : turn_wait_ns);
            const std::string before = seen;
            seen = outcomes();
            if (wanted != nullptr ? seen == *wanted && seen == before : seen == before && turns > 2)
                break;
        }
        for (auto& [label, asked] : asked_) {
            for (const int descriptor : asked.accepted)
                sockets_["s" + std::to_string(++accepted_)] = descriptor;
            asked.accepted.clear();
            asked.text.clear();
            asked.data.clear();
        }
        out_.answers.push_back(seen);
        out_.text += seen;
    }

    std::string outcomes() {
        std::string text;
        for (const auto& [label, asked] : asked_) {
            std::string line;
            if (!asked.accepted.empty()) line += fmt::format(" {} new", asked.accepted.size());
            if (!asked.data.empty()) line += " \"" + asked.data + "\"";
            line += asked.text;
            if (!line.empty()) text += fmt::format("  {}:{}\n", label, line);
        }
        return text;
    }

    const std::string* next_expected() {
        if (expected_ == nullptr) return nullptr;
        const std::size_t index = out_.answers.size();
        return index < expected_->answers.size() ? &expected_->answers[index] : nullptr;
    }

    // Cancels and closes what the script left: every operation must end.
    void wind_up() {
        for (auto& [label, asked] : asked_)
            if (asked.completion.in_flight()) backend_.cancel(asked.completion);
        for (int turns = 0; turns < turns_waited_max; ++turns) {
            bool waiting = false;
            for (const auto& [label, asked] : asked_) waiting |= asked.completion.in_flight();
            if (!waiting) break;
            backend_.turn(turn_wait_ns);
        }
        for (const auto& [label, asked] : asked_)
            for (const int descriptor : asked.accepted) backend_.close(descriptor);
        for (const auto& [label, descriptor] : sockets_) backend_.close(descriptor);
        if (listener_ >= 0) backend_.close(listener_);
    }

    NetWorld& world_;
    Backend& backend_;
    const Transcript* expected_;
    Transcript out_;
    int listener_ = -1;
    int accepted_ = 0;
    std::map<std::string, int> sockets_;
    std::map<std::string, Asked> asked_;
    std::vector<std::unique_ptr<std::string>> sent_;
};

}  // namespace

Transcript run_net_script(NetWorld& world, std::string_view script, const Transcript* expected) {
    return Runner(world, expected).run(script);
}

}  // namespace logwisp::sim
