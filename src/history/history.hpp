// The past of all streams, read on one core: who wants it waits in one queue for one of a few slots.
//
//   Host::begin_past ----> History (whose turn it is) ----> PastSlot (one reader) ----> LedgerReader,
//   OldFiles ----> Splitter ----> Encoder ----> PastReader
//
// Everything happens at the end of a turn, before readers are sent what they lack, and within
// past_bytes_per_turn, so that live readers are never delayed by more. Core thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>

#include "history/past_slot.hpp"

namespace logwisp {

class History {
  public:
    History(Reactor& reactor, FileSystem& files, Encoder& encoder);
    ~History();  // REQUIRES: idle()
    History(const History&) = delete;
    History& operator=(const History&) = delete;

    // Gives `reader` the entries from `next` on until it has caught up. `source` outlives it.
    // REQUIRES: it reads no past.
    void begin(PastReader& reader, const PastSource& source, std::uint64_t next);
    // It takes more.
    void go_on(PastReader& reader);
    // No-op when it reads no past.
    void end(PastReader& reader);

    // True: there is more to do at once.
    bool on_turn_end();
    // A reader could go on now.
    [[nodiscard]] bool has_work() const;
    [[nodiscard]] bool idle() const;

  private:
    void fill_slots();
    void run(PastSlot& slot);
    void let_go(PastSlot& slot);
    void park(PastSlot& slot);
    [[nodiscard]] bool is_fast_asleep(const PastSlot& slot) const;
    void queue(PastReader& reader);
    void skip_those_who_left();
    void on_timer() {}  // the turn's end looks
    void arm_timer();

    PastTools tools_;
    std::array<PastSlot, past_slots_max> slots_;
    std::size_t first_slot_ = 0;  // stepped first; another one every turn
    // Those who wait, in order; nullptr: has left. The first one's ticket is first_ticket_.
    std::deque<PastReader*> waiting_;
    std::uint64_t first_ticket_ = 0;
    Timer timer_;
};

}  // namespace logwisp
