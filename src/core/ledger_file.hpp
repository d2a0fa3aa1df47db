// A stream's ledger on disk: NAME.ledger, and NAME.ledger.old, the one before it.
//
// Opened and recovered by the control thread, then given to the stream's home core, which appends. A record is written (into the page cache)
// before its batch is published: so the ledger of a process that was killed is complete, and what a power failure can take depends on when
// it was synced. When half of max_bytes is full a new one is begun, which starts with all that is known now; the old one is kept for history.
//
// Errors of the disk do not stop the stream: it goes on unrecorded, says so, and begins a new ledger as soon as one can be written. The old
// one is marked as incomplete, so that a later start can say so.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "core/state_directory.hpp"
#include "logwisp/config.hpp"
#include "reactor/reactor.hpp"
#include "serve/stream_info.hpp"
#include "stream/ledger_records.hpp"
#include "stream/ledger_state.hpp"

namespace logwisp {

class LedgerFile {
  public:
    // What is there already is read: found(). Errors: it is of a newer version, or the directory cannot be written. What is foreign or
    // damaged is set aside under another name, said, and begun anew.
    static Result<std::unique_ptr<LedgerFile>> open(std::shared_ptr<StateDirectory> directory,
                                                    std::string stream, const StateConfig& config,
                                                    std::int64_t wall_us);
    // What the ledger of a stream says, only looked at: nothing is locked, mended or written. nullptr: there is none.
    static Result<std::unique_ptr<LedgerState>> look(const std::string& directory,
                                                     const std::string& stream);
    ~LedgerFile();
    LedgerFile(const LedgerFile&) = delete;
    LedgerFile& operator=(const LedgerFile&) = delete;

    // Where the stream stood; empty when there was nothing. Given away once.
    [[nodiscard]] std::unique_ptr<LedgerState> take_found() { return std::move(found_); }
    [[nodiscard]] bool is_new() const { return is_new_; }
    // What ids begin with now, and what they began with before: oldest first, the last is the present one.
    [[nodiscard]] const std::vector<LedgerEpoch>& epochs() const { return epochs_; }
    [[nodiscard]] std::uint64_t next_sequence() const { return next_sequence_; }
    // Without its ending.
    [[nodiscard]] std::string path() const { return directory_->path() + "/" + file_name_; }

    // Writes the records of a batch of `entries` entries. False: they could not be written.
    bool append(LedgerRecords& records, std::uint64_t first_sequence, std::uint32_t entries);
    // Looks now and then whether somebody has removed it: then a new one is due.
    void notice_removal(std::uint64_t now_ms);
    // A new one is due: it has grown, it is too old or removed, or the last one failed. Then begin_anew() with Tail::record_all()'s.
    [[nodiscard]] bool anew_due(std::uint64_t now_ms, std::int64_t wall_us) const;
    void begin_anew(LedgerRecords& everything, std::uint64_t now_ms, std::int64_t wall_us);
    // The new one is in use but has its name only once it is safely on the disk, whatever else is synced: when descriptor() was.
    [[nodiscard]] bool begun_anew() const { return begun_anew_; }
    void finish_anew();
    // The one before it, while its end may not be on the disk; -1: it is. Not needed any more after leave_old().
    [[nodiscard]] int old_descriptor() const { return old_file_; }
    void leave_old();
    // The stream has ended and all of it is in here.
    void stop(std::int64_t wall_us);

    // It could not be written or synced: it is given up until a new one can be begun.
    void failed(int error);

    [[nodiscard]] const StateConfig& config() const { return config_; }
    [[nodiscard]] int directory() const { return directory_->descriptor(); }
    [[nodiscard]] bool keeping() const {
        return keeping_;
    }  // false: what is published is not recorded now
    [[nodiscard]] Recording recording() const {
        if (keeping_) return Recording::works;
        return needs_restart_ ? Recording::needs_restart : Recording::fails;
    }
    [[nodiscard]] std::uint64_t bytes() const { return place_ * ledger_slot_bytes; }
    [[nodiscard]] std::uint64_t failures() const { return failures_; }
    [[nodiscard]] int descriptor() const { return file_; }
    // descriptor() is being synced, and was.
    void sync_began() { syncing_ = place_; }
    void sync_ended() { synced_ = syncing_; }
    // Something was written since the last sync began.
    [[nodiscard]] bool dirty() const { return place_ != syncing_; }

  private:
    static constexpr std::uint64_t all_slots = ~std::uint64_t{0};

    LedgerFile(std::shared_ptr<StateDirectory> directory, std::string stream,
               const StateConfig& config);

    [[nodiscard]] Result<void> recover(std::int64_t wall_us);
    [[nodiscard]] static Result<bool> read(int file, const std::string& path, LedgerHeader& header,
                                           LedgerState& state, std::uint64_t slots_max = all_slots);
    [[nodiscard]] Result<void> begin_file(const char* suffix, std::int64_t wall_us,
                                          LedgerRecords* everything);
    [[nodiscard]] bool write_header(bool incomplete, std::uint64_t stopped_slots = 0);
    void sync_file(const char* suffix) const;
    void drop_second_name();
    [[nodiscard]] bool sync_beginning();
    [[nodiscard]] bool is_complete(const LedgerHeader& header, const LedgerState& state,
                                   int file) const;
    [[nodiscard]] bool write_records(LedgerRecords& records, std::uint64_t first_sequence);
    void write_mended(std::span<const std::pair<std::uint64_t, LedgerSlot>> mended);
    void keep_spare();
    void give_up_spare();
    void begin_epoch();
    void add_epoch(LedgerRecords& records, const LedgerEpoch& epoch) const;
    [[nodiscard]] std::string aside_name(const char* suffix, std::int64_t wall_us) const;
    std::string set_aside(const char* suffix, const char* why, std::int64_t wall_us);
    [[nodiscard]] std::string name(const char* suffix) const;
    [[nodiscard]] std::string path(const char* suffix) const;
    [[nodiscard]] bool is_removed() const;

    std::shared_ptr<StateDirectory> directory_;
    std::string stream_;  // its name
    StateConfig config_;
    std::string file_name_;  // of the stream, fit for a directory
    std::string whole_path_;
    int file_ = -1;
    std::uint64_t salt_ = 0;
    std::uint64_t place_ = 0;  // the next slot's
    // What was written before these places of this file is being synced, and is on the disk.
    std::uint64_t syncing_ = 0;
    std::uint64_t synced_ = 0;
    std::uint64_t told_synced_ = 0;  // of the last slot with ledger_synced_before, or not before it
    std::uint64_t next_sequence_ = 1;
    std::int64_t made_us_ = 0;
    std::uint64_t first_sequence_ = 1;  // of what this file records
    LedgerPlaces places_;
    std::vector<LedgerEpoch> epochs_;
    std::unique_ptr<LedgerState> found_;
    bool claimed_ = false;
    bool is_new_ = false;
    bool keeping_ = true;
    bool begun_anew_ = false;
    bool removed_ = false;        // what is written is in no directory any more
    bool replace_ = false;        // it is damaged
    bool needs_restart_ = false;  // said
    std::uint64_t failures_ = 0;
    std::uint64_t look_again_ms_ = 0;
    std::uint64_t try_again_ms_ = 0;
    std::uint64_t begun_bytes_ = 0;  // what this one began with
    int old_file_ = -1;
    int spare_ = -1;  // given up so that a new one can be opened when no descriptor is left
};

}  // namespace logwisp
