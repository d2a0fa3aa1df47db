// Which misfortunes a run knows and how often they come, in permille of the occasions. All zero: a
// kernel on its best behaviour, which must then answer exactly as the real one does. calm() ends
// them, for the part of a run that asks whether everything recovers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "random.hpp"

namespace logwisp::sim {

struct Faults {
    // Outcomes.
    std::uint32_t delay = 0;  // an outcome comes later than the next turn
    std::uint64_t delay_ns_max = 5'000'000;
    bool reorder = false;                 // outcomes of different operations come in any order
    std::uint32_t end_multishot = 0;      // accept or recv ends though all is well
    std::uint32_t outcomes_per_turn = 0;  // 0: many
    // A core's thread is not run for a while, up to this long; how often, per thousand turns.
    std::uint32_t pause = 0;
    std::uint64_t pause_ns_max = 0;
    // Sockets.
    std::uint32_t short_send = 0;
    std::uint32_t send_again = 0;  // -EAGAIN though there is room
    std::uint32_t late_send = 0;   // answered later than in the turn that submitted it
    std::uint32_t short_recv = 0;
    std::uint32_t accept_error = 0;
    bool eager_emfile =
        false;  // accept fails at the limit though nobody connects, as io_uring does
    std::size_t window_bytes_max = 0;  // 0: 256 KiB for each connection, else chosen up to this
    // Files.
    std::uint32_t short_read = 0;
    std::uint32_t read_error = 0;   // -EIO
    bool looks_fail = false;        // read_error also when a file is only looked at, synchronously
    std::uint32_t open_error = 0;   // EMFILE, EACCES, EIO
    std::uint32_t sync_error = 0;   // -EIO
    std::uint64_t sync_ns_max = 0;  // a sync takes up to this long; 0: none
    std::size_t notify_queue_max = 0;  // 0: 16384 events
    std::size_t watches_max = 0;       // 0: no limit
    bool notify_reuses_numbers = false;
    std::uint32_t wall_step = 0;  // the wall clock jumps, either way

    // Ends what is random; limits of queues and windows stay, they only cost speed.
    void calm() {
        const Faults old = *this;
        *this = Faults{};
        window_bytes_max = old.window_bytes_max;
        notify_reuses_numbers = old.notify_reuses_numbers;
        reorder = old.reorder;
    }
};

// A random subset of the classes for each seed ("swarm"): runs with few kinds of faults reach
// states that runs with all of them do not.
Faults choose_faults(Random& random);

}  // namespace logwisp::sim
