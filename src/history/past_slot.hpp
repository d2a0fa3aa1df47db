// Reading the past for one reader at a time: run by run from the ledger, line by line from the files,
// by the splitter and the encoder that following uses, so that an entry comes out as it did the first
// time. Bounded work per turn; what is waited for is waited for through the reactor. Core thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "entry/encode.hpp"
#include "history/ledger_reader.hpp"
#include "history/old_files.hpp"
#include "stream/past.hpp"
#include "tail/splitter.hpp"

namespace logwisp {

// What all slots of a core share.
struct PastTools {
    Reactor& reactor;
    FileSystem& files;
    Encoder& encoder;
    CarryPool carries;
    std::vector<char> entry;     // being encoded
    std::size_t bytes_left = 0;  // of this turn's work
};

class PastSlot final : public OldFileOwner {
  public:
    explicit PastSlot(PastTools& tools)
        : tools_(tools), files_(tools.reactor, tools.files, *this) {}

    [[nodiscard]] bool free() const { return reader_ == nullptr && files_.idle(); }
    [[nodiscard]] PastReader* reader() const { return reader_; }
    // REQUIRES: free().
    void begin(PastReader& reader);
    // Lets go of the reader; free() in this or a later turn.
    void end();

    enum class Step : std::uint8_t {
        again,   // this turn has done enough
        waits,   // for a file, or for its time
        asleep,  // the reader takes no more now
        done,    // the reader has everything, and was told
    };
    // Goes on until one of these. The reader may have ended its reading meanwhile: reader() is
    // nullptr then.
    Step step();
    // It makes sense to step().
    [[nodiscard]] bool runnable(std::uint64_t now_ms) const {
        return reader_ != nullptr && !reader_->place.asleep && files_.idle() &&
               now_ms >= rest_until_ms_;
    }
    // When it wants to be looked at again; 0: it does not wait for a time.
    [[nodiscard]] std::uint64_t rests_until_ms() const { return rest_until_ms_; }
    // Bytes read since begin().
    [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
    // It has had its share while others wait. What is packed has to be unpacked again from its
    // beginning by whoever goes on later.
    [[nodiscard]] bool has_had_its_share(std::uint64_t now_ms) const;
    // Since when its reader has taken nothing; the slot's share of time began then or later.
    void falls_asleep(std::uint64_t now_ms) { asleep_since_ms_ = now_ms; }
    [[nodiscard]] std::uint64_t asleep_since_ms() const { return asleep_since_ms_; }

  private:
    enum class Stage : std::uint8_t { no_run, searching, splitting };

    // The turn's end goes on with it.
    void on_file_read() override {
        if (reader_ == nullptr && files_.idle()) files_.close_all();
    }
    [[nodiscard]] std::uint64_t next() const { return reader_->place.next; }
    Step begin_ledger();
    bool take_run();
    Step rest();
    Step search();
    Step not_found();
    void begin_splitting();
    void lose_file();
    [[nodiscard]] bool is_lost() const;
    Step split();
    void give_notice();
    void give(std::uint64_t sequence, const SplitLine& line);
    void finish_run();
    void note_gap_before(std::uint64_t end);
    void tell_gap();
    void tell_entry(std::uint64_t sequence, std::size_t bytes);

    PastTools& tools_;
    PastReader* reader_ = nullptr;
    std::optional<LedgerReader> ledger_;
    OldFiles files_;
    Stage stage_ = Stage::no_run;
    PastRun run_;
    RecordedFile recorded_;
    FollowSymlinks links_ = FollowSymlinks::owned;
    std::optional<Splitter> splitter_;
    std::uint64_t at_ = 0;     // splitting: offset of what comes next
    std::uint32_t given_ = 0;  // entries of the run so far, also those that nobody wants
    std::uint32_t searches_ = 0;
    std::uint64_t rest_until_ms_ = 0;
    std::uint64_t bytes_read_ = 0;
    std::uint64_t began_ms_ = 0;
    std::uint64_t asleep_since_ms_ = 0;
    bool sought_ = false;  // in the ledger
};

}  // namespace logwisp
