// Following all targets of one stream: the public face of this folder. Home core's thread only.
//
//   inotify ----> Watches ----> Tail (which files) ----> Follower (one file and its rotations)
//   ----> Splitter ----> Encoder ----> Sink
//
// Nothing here waits for readers. Work per turn is bounded by the sink: it says how many entries it
// still takes this turn, and what was not read now is read in the next turn.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/confinement.hpp"
#include "logwisp/config.hpp"
#include "reactor/reactor.hpp"
#include "stream/batch.hpp"
#include "stream/ledger_records.hpp"
#include "tail/descriptor_budget.hpp"
#include "tail/file_system.hpp"
#include "tail/position.hpp"
#include "tail/watcher_status.hpp"

namespace logwisp {

class Watches;  // one inotify instance, shared by all streams of a core (tail/watches.hpp)
class Encoder;
struct TailState;

// Where encoded entries go: the stream's open batch. Implemented by core/.
class EntrySink {
  public:
    // The batch to append the next entry to, or nullptr when this turn has taken all it may: stop
    // reading until on_sink_ready().
    virtual Batch* batch() = 0;
    // What the ledger is told of the batch that batch() has given; nullptr: no ledger is kept.
    virtual LedgerRecords* records() { return nullptr; }

  protected:
    ~EntrySink() = default;
};

struct TailParts {
    Reactor& reactor;
    FileSystem& files;
    Watches& watches;
    Encoder& encoder;
    DescriptorBudget& descriptors;  // one for the process
    const Confinement& confinement;
};

class Tail {
  public:
    // Keeps the references. `stream_name` is for diagnostics.
    Tail(TailParts parts, std::string stream_name, const MonitorConfig& config, EntrySink& sink);
    ~Tail();  // REQUIRES: closed()
    Tail(const Tail&) = delete;
    Tail& operator=(const Tail&) = delete;

    // Looks for the targets, in this turn and as many more as it takes; files that are found until
    // ready() start where their target's `from` says, files that appear later at their first byte.
    // With `positions` it goes on where they stand: what is
    // new under a target that was followed is read from its first byte, what was rotated since is
    // found.
    void start(std::unique_ptr<TailPositions> positions = nullptr);
    // Everything the ledger has to know if it began here: targets, paths, files and where they
    // stand. REQUIRES: what the sink was given before is in the ledger or in `records`.
    void record_all(LedgerRecords& records);
    // The sink takes entries again (called by its owner every turn in which batch() had returned
    // nullptr before).
    void on_sink_ready();
    // Stops: cancels what is in flight. closed() becomes true in this or a later turn; then it may
    // be destroyed.
    void close();
    [[nodiscard]] bool closed() const;
    // Where it stands, its files still open, for another Tail to go on. REQUIRES: closed(). Once.
    [[nodiscard]] std::unique_ptr<TailPositions> take_positions();

    // True once every target has been looked for and every file found was opened (or its error is
    // known).
    [[nodiscard]] bool ready() const;
    [[nodiscard]] const TailCounters& counters() const;
    // What is followed, and with its reason what is named by a target but not read.
    [[nodiscard]] Watchers watchers(const WatcherQuestion& question = {}) const;

  private:
    std::unique_ptr<TailState> state_;
};

}  // namespace logwisp
