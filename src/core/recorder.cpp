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
    // First what only the old one says: positions in the new one lie behind it.
    if (ledger_->old_descriptor() >= 0)
        sync(ledger_->old_descriptor(), Syncing::old_ledger);
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
    if (is_of_ledger(what)) ledger_->sync_began();
    reactor_.sync(sync_, descriptor);
}

void Recorder::on_synced(const Outcome& outcome) {
    if (syncing_ == Syncing::old_ledger) {
        // If that failed a part of the past is not known; the new one is good.
        ledger_->leave_old();
        return sync(ledger_->descriptor(), Syncing::new_ledger);
    }
    // A sync that failed was the last word on those pages: only another file can be trusted.
    if (outcome.result < 0)
        ledger_->failed(-outcome.result);
    else if (is_of_ledger(syncing_))
        ledger_->sync_ended();
    if (syncing_ == Syncing::new_ledger && outcome.result >= 0) {
        ledger_->finish_anew();
        return sync(ledger_->directory(), Syncing::directory);
    }
    // What was written while another sync was under way.
    if (awaited_ && ledger_->keeping() && ledger_->dirty())
        return sync(ledger_->descriptor(), Syncing::records);
    awaited_ = false;
}

void Recorder::on_interval() {
    if (!ledger_->keeping()) return;
    if (!idle()) return reactor_.arm(interval_, ledger_->config().sync_interval_ms);
    if (ledger_->dirty()) sync(ledger_->descriptor(), Syncing::records);
}

}  // namespace logwisp
