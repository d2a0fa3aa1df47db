// The past of streams that are followed apart: their files are touched by their home core alone, so
// that core's History reads them for the readers of all others, and sends what it finds in pieces.
//
//   serving core: Session --> PastAsker --begin, more, end--> core apart: PastGiver --> History
//                 PastReader <-- PastAsker <-----pieces----- PastGiver <-- PastReader (one each)
//
// One piece is on its way for a reader at a time. While the file system hangs nothing comes: nothing
// new does either, and when it answers the reading goes on. Each end on its core's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/fabric.hpp"
#include "history/history.hpp"
#include "stream/past.hpp"

namespace logwisp {

struct PastPiece {
    struct Item {
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        std::string json;  // of the one entry; empty: a gap
    };
    std::vector<Item> items;
    std::uint64_t next = 0;  // done: what comes then
    bool done = false;
};

// How far a reader's past goes; see PastReader.
struct PastEnds {
    std::uint64_t past_end = 0;
    std::uint64_t memory_begins = 0;
};

class PastAsker {
  public:
    PastAsker(std::uint32_t core_index, Fabric& fabric)
        : core_index_(core_index), fabric_(fabric) {}

    static bool reads_for(const PastReader& reader) {
        return reader.place.source != nullptr && reader.place.source->read_by.has_value();
    }
    // As History's. REQUIRES of the others: reads_for(reader).
    void begin(PastReader& reader, const PastSource& source, std::uint64_t next);
    void go_on(PastReader& reader);
    void end(PastReader& reader);

    // The other side's messages.
    void on_piece(std::uint64_t errand, const PastPiece& piece);
    void on_ended(std::size_t home);

  private:
    struct Errand {
        PastReader* reader = nullptr;
        PastSource source;
        std::uint64_t next = 0;
        std::uint64_t asked_to = 0;  // PastEnds::past_end, as last said
        bool begun = false;          // the other side knows of it
        bool rests = false;          // until the reader takes more
    };
    // By home core. So many and no more are begun there, whoever comes and goes while it hangs.
    struct Queue {
        std::size_t begun = 0;
        std::deque<std::uint64_t> waiting;
    };

    void begin_those_who_wait(std::size_t home);
    void ask_for_more(std::uint64_t id, Errand& errand);
    [[nodiscard]] bool give(std::uint64_t id, const PastPiece& piece);
    void on_done(std::uint64_t id, std::uint64_t next);
    void post(std::size_t home, Message::Task task);

    std::uint32_t core_index_;
    Fabric& fabric_;
    std::uint64_t last_id_ = 0;
    std::map<std::uint64_t, Errand> errands_;
    std::map<std::size_t, Queue> queues_;
};

class PastGiver {
  public:
    PastGiver(std::uint32_t core_index, Fabric& fabric, History& history)
        : core_index_(core_index), fabric_(fabric), history_(history) {}

    // The other side's messages.
    void begin(std::uint32_t asker, std::uint64_t errand, const PastSource& source,
               std::uint64_t next, const PastEnds& ends);
    void more(std::uint32_t asker, std::uint64_t errand, const PastEnds& ends);
    void end(std::uint32_t asker, std::uint64_t errand);

    // When history has had its turn: sends what it has found.
    void on_turn_end();
    void end_all();

  private:
    struct Reader final : PastReader {
        bool takes_past() override;
        std::uint64_t past_end() override { return ends.past_end; }
        std::uint64_t memory_begins() override;
        void on_past_entry(std::uint64_t sequence, std::string_view json) override;
        void on_past_gap(std::uint64_t first, std::uint64_t last) override;
        void on_past_end(std::uint64_t next) override;

        PastSource source;
        PastEnds ends;
        PastPiece piece;
        std::size_t piece_bytes = 0;
        bool piece_owed = true;
    };

    void post(std::uint32_t asker, Message::Task task);

    std::uint32_t core_index_;
    Fabric& fabric_;
    History& history_;
    std::map<std::pair<std::uint32_t, std::uint64_t>, std::unique_ptr<Reader>> readers_;
};

}  // namespace logwisp
