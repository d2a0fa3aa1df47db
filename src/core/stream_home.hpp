// A stream on its home core: it is followed here, its lines become batches here, and from here they
// go to every core that reads it. Core thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/fabric.hpp"
#include "core/recorder.hpp"
#include "serve/status.hpp"
#include "serve/stream_info.hpp"
#include "stream/stream.hpp"
#include "tail/tail.hpp"

namespace logwisp {

class StreamHome final : public EntrySink {
  public:
    StreamHome(std::shared_ptr<StreamInfo> info, Stream& stream, TailParts parts, Fabric& fabric,
               std::uint32_t core_index);

    // Goes on with what `before`, which has stopped, knew: positions, sequences, history. Before
    // start().
    void take_over(StreamHome& before);
    void start();
    // Publishes what this turn has brought: numbered, appended here, posted to the cores that read
    // it. Then lets following go on. True when there is more to publish at once. REQUIRES: no send
    // from this core's rings is in flight.
    bool publish();
    // After the turn's sends: what no reader waits for.
    void keep_books();

    // A core has readers now: tells it where the stream stands and sends it what the ring holds.
    void attach(std::uint32_t core);
    // Some core lacks batches because its mailbox was full: publish() again in a while.
    [[nodiscard]] bool lagging() const;
    void detach(std::uint32_t core);

    // Following stops; what was read before is still published. While other cores run it is
    // destroyed only when idle(): none of them holds a batch.
    void close() { tail_.close(); }
    // Following has ended and everything was published here.
    [[nodiscard]] bool stopped() const {
        return tail_.closed() && nothing_to_publish() && recorder_.idle();
    }
    // Once stopped(), when nobody takes over: the ledger has everything.
    void end_record();
    // Once stopped(), every turn: tells each core that has everything that this was all. True when
    // all were told.
    bool tell_end();
    // Cores that lack something still are not waited for any more.
    void give_up();
    [[nodiscard]] bool idle();

    // /status "watchers", at most status_watchers_max of them.
    [[nodiscard]] WatchersJson watchers_json(const StatusQuestion& question) const;

    Batch* batch() override;
    LedgerRecords* records() override { return recorder_.records(); }

  private:
    [[nodiscard]] bool nothing_to_publish() const {
        return recorded_ == nullptr && (open_ == nullptr || open_->empty()) &&
               !recorder_.has_records();
    }
    void give_out(Batch& batch);
    bool post(Batch& batch, std::uint32_t core);
    void catch_up(std::uint32_t core);
    void copy_counters();

    std::shared_ptr<StreamInfo> info_;
    Stream& stream_;
    Fabric& fabric_;
    std::uint32_t core_index_;
    FileSystem& files_;
    BatchPool pool_;
    Batch* open_ = nullptr;      // being filled
    bool refused_ = false;       // following waits for on_sink_ready()
    Batch* recorded_ = nullptr;  // given out when the ledger is on the disk
    bool record_ended_ = false;
    Recorder recorder_;
    std::unique_ptr<TailPositions> positions_;  // taken over, until start()
    // By core: the sequence it is to be sent next; 0: it has no readers.
    std::vector<std::uint64_t> sent_to_;
    Tail tail_;
};

}  // namespace logwisp
