// A stream's ledger in use: what a batch adds to it, when it is synced, when a new one is begun. Core thread, on the stream's home core.
#pragma once

#include <cstdint>
#include <memory>

#include "core/ledger_file.hpp"
#include "reactor/reactor.hpp"
#include "tail/tail.hpp"

namespace logwisp {

class Recorder {
  public:
    Recorder(Reactor& reactor, FileSystem& files);
    ~Recorder();  // REQUIRES: idle()
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    // nullptr: no ledger is kept, and nothing below does anything.
    void keep(std::shared_ptr<LedgerFile> ledger) { ledger_ = std::move(ledger); }
    [[nodiscard]] std::shared_ptr<LedgerFile> give_away();

    // For the batch being filled; nullptr: none is kept.
    [[nodiscard]] LedgerRecords* records() { return ledger_ != nullptr ? &records_ : nullptr; }
    [[nodiscard]] bool has_records() const { return !records_.empty(); }
    // Writes them: the batch is `entries` entries from `first_sequence` on. It may be given out when settled().
    void record(std::uint64_t first_sequence, std::uint32_t entries);
    [[nodiscard]] bool settled() const { return !awaited_; }
    // When everything `tail` has published is recorded.
    void begin_anew_if_due(Tail& tail);
    // The stream has ended: all of it is in the ledger.
    void stop();
    [[nodiscard]] bool idle() const { return !sync_.in_flight(); }

    [[nodiscard]] const LedgerFile* ledger() const { return ledger_.get(); }

  private:
    enum class Syncing : std::uint8_t { records, old_ledger, new_ledger, directory };
    static bool is_of_ledger(Syncing what) {
        return what == Syncing::records || what == Syncing::new_ledger;
    }

    void sync(int descriptor, Syncing what);
    void on_synced(const Outcome& outcome);
    void on_interval();

    Reactor& reactor_;
    FileSystem& files_;
    std::shared_ptr<LedgerFile> ledger_;
    LedgerRecords records_;
    Completion sync_;
    Timer interval_;
    Syncing syncing_ = Syncing::records;
    bool awaited_ = false;  // a batch waits for the disk
};

}  // namespace logwisp
