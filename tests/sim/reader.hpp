// A client of the program: connects, reads in its own manner, and holds what it gets against what
// was published: every entry in order, once, or a gap of exactly the number that is missing; frames
// whole and well formed; complete at the end. Acts in virtual time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "network.hpp"
#include "published.hpp"
#include "support/sse_parser.hpp"
#include "world.hpp"

namespace logwisp::sim {

enum class Manner : std::uint8_t {
    fast,
    slow,
    stuck,    // reads nothing until the faults are over
    reset,    // breaks the connection after a while, comes back
    churn,    // leaves and comes back
    vanish,   // its machine goes away
    garbage,  // sends bytes that nobody wants
    one_way,  // finishes its own side and goes on reading
};

struct ReaderOptions {
    bool events = false;  // SSE, else raw TCP
    Manner manner = Manner::fast;
    bool everything = false;  // the reader that must never miss anything: feeds `on_entry`
    std::function<void(std::uint64_t sequence, const std::string& json)> on_entry;
};

class Reader {
  public:
    Reader(World& world, Network& network, const Published& published, ReaderOptions options);

    void start();
    // The faults are over: whoever is there reads now, nobody goes away any more.
    void calm();
    // The program is about to stop: whoever is sent away does not come back.
    void stay_away() { stays_away_ = true; }
    // Everything published has arrived (or it was never to).
    [[nodiscard]] bool complete();
    [[nodiscard]] std::string state() const;
    // The program stopped, and would have given this sequence to the next entry: the last thing that
    // came was whole, and whoever was told goodbye has everything, or was told what it lacks.
    void check_end(std::uint64_t next_sequence);
    [[nodiscard]] bool begun() const { return begun_; }
    [[nodiscard]] std::uint64_t gaps() const { return gaps_; }
    [[nodiscard]] std::uint64_t received() const { return received_; }

  private:
    struct Heard {
        bool gap = false;
        bool absolute = false;       // `sequence` is known from an id
        std::uint64_t sequence = 0;  // entry's, or the gap's first
        std::uint64_t dropped = 0;
        std::string json;
    };

    void act();
    void connect();
    void leave(bool reset);
    void misbehave();
    void read();
    void take(const std::string& bytes);
    void take_lines();
    void take_line(const std::string& line);
    void take_events();
    void take_head();
    // Holds what was heard against what was published, as far as that is known.
    void compare();
    void compare_one(const Heard& heard);

    World& world_;
    Network& network_;
    const Published& published_;
    ReaderOptions options_;
    std::shared_ptr<Connection> connection_;
    std::string bytes_;  // TCP: an unfinished line; HTTP: the head
    std::string to_send_;
    std::unique_ptr<test::SseParser> parser_;
    std::size_t events_taken_ = 0;
    std::vector<Heard> heard_;    // not yet compared
    std::uint64_t expected_ = 0;  // 0: not known yet
    std::string resume_id_;
    bool head_done_ = false;
    bool begun_ = false;  // TCP: connected; SSE: "connected" has come
    bool ended_ = false;  // it was told goodbye, or the connection ended
    bool goodbye_ = false;
    bool vanished_ = false;
    bool calm_ = false;
    bool stays_away_ = false;
    std::uint64_t gaps_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t connected_ns_ = 0;
};

}  // namespace logwisp::sim
