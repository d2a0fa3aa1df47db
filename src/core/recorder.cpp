#include "core/recorder.hpp"

#include <utility>

#include "base/check.hpp"

namespace logwisp {

Recorder::Recorder(Reactor& reactor, FileSystem& files) : reactor_(reactor), files_(files) {
    sync_.bind<&Recorder::on_synced>(*this);
    interval_.bind<&Recorder::on_interval>(*this);
}

Recorder::~Recorder() { CHECK(idle()); }

std::shared_ptr<LedgerFile> Recorder::give_away() {
    CHECK(idle() && records_.empty());
    reactor_.disarm(interval_);
    return std::move(ledger_);
}

void Recorder::record(std::uint64_t first_sequence, std::uint32_t entries) {
    if (ledger_ == nullptr) return;
    const bool written = ledger_->append(records_, first_sequence, entries);
    records_.clear();
    if (!written) return;
    switch (ledger_->config().sync) {
        case StateSync::none:
            return;
        case StateSync::interval:
            if (!interval_.armed()) reactor_.arm(interval_, ledger_->config().sync_interval_ms);
            return;
        case StateSync::batch:
            awaited_ = entries != 0;
            if (idle()) sync(ledger_->descriptor(), Syncing::records);
    }
}

void Recorder::begin_anew_if_due(Tail& tail) {
    // While it begins to follow it does not know all that the last ledger does.
    if (ledger_ == nullptr || !idle() || !tail.ready()) return;
    const std::int64_t wall_us = files_.wall_us();
    ledger_->notice_removal(reactor_.now_ms());
    if (!ledger_->anew_due(reactor_.now_ms(), wall_us)) return;
    LedgerRecords everything;
    tail.record_all(everything);
    ledger_->begin_anew(everything, reactor_.now_ms(), wall_us);
    if (!ledger_->begun_anew()) return;
    if (ledger_->config().sync == StateSync::none)
        ledger_->finish_anew();
    else
        sync(ledger_->descriptor(), Syncing::new_ledger);
}

void Recorder::stop() {
    if (ledger_ == nullptr) return;
    ledger_->stop(files_.wall_us());
    reactor_.disarm(interval_);
    if (ledger_->config().sync != StateSync::none && idle())
        sync(ledger_->descriptor(), Syncing::records);
}

void Recorder::sync(int descriptor, Syncing what) {
    syncing_ = what;
    (void)ledger_->take_dirty();
    reactor_.sync(sync_, descriptor);
}

void Recorder::on_synced(const Outcome& outcome) {
    // A sync that failed was the last word on those pages: only another file can be trusted.
    if (outcome.result < 0) ledger_->failed(-outcome.result);
    if (syncing_ == Syncing::new_ledger && outcome.result >= 0) {
        ledger_->finish_anew();
        return sync(ledger_->directory(), Syncing::directory);
    }
    // What was written while another sync was under way.
    if (awaited_ && ledger_->keeping() && ledger_->take_dirty())
        return sync(ledger_->descriptor(), Syncing::records);
    awaited_ = false;
}

void Recorder::on_interval() {
    if (!ledger_->keeping()) return;
    if (!idle()) return reactor_.arm(interval_, ledger_->config().sync_interval_ms);
    if (ledger_->take_dirty()) sync(ledger_->descriptor(), Syncing::records);
}

}  // namespace logwisp
