// What a core answers to those who ask how things are: the status of a stream, of all, and the metrics. A stream's files are known to its
// home core only: another one asks it and answers when it has.
#include <sys/resource.h>

#include <memory>
#include <utility>

#include "core/core.hpp"
#include "serve/metrics.hpp"

namespace logwisp {

namespace {

std::uint64_t process_cpu_ns() {
    rusage used{};
    if (::getrusage(RUSAGE_SELF, &used) != 0) return 0;
    std::uint64_t ns = 0;
    for (const timeval& time : {used.ru_utime, used.ru_stime})
        ns += static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
              static_cast<std::uint64_t>(time.tv_usec) * 1000;
    return ns;
}

}  // namespace

StatusFacts Core::status_facts() {
    StatusFacts facts;
    facts.now_ms = reactor_.now_ms();
    facts.backend = reactor_.backend().name();
    facts.cores = fabric_.cores();
    facts.sandbox = fabric_.sandbox();
    if (plan_ == nullptr) return facts;  // asked by a core that was told of it before this one
    facts.router = plan_->router;
    facts.router_port = plan_->router_port;
    facts.passed_sockets = plan_->passed_sockets;
    for (const PlannedListener& listener : plan_->listeners) {
        const PortCounters& port = *listener.site->counters;
        facts.accept_failures += port.accept_failures.load(std::memory_order_relaxed);
        facts.refused_connections += port.refused.load(std::memory_order_relaxed);
    }
    return facts;
}

void Core::ask_status(const std::shared_ptr<StreamInfo>& info, const StatusQuestion& question,
                      Session& session) {
    CoreStream* here = find(info->id);
    if (here != nullptr && here->home() != nullptr)
        return session.on_status(
            stream_status(*info, status_facts(), here->home()->watchers_json(question)));
    // Asked of a stream that a reload has ended since, or whose home core would not answer.
    if (info->home_core == index_ || info->stalled())
        return session.on_status(stream_status(*info, status_facts(), {}));
    waiting_for_status_[session.id()] = {&session, info};
    Message message;
    message.kind = Message::Kind::task;
    message.task = std::make_unique<Message::Task>(
        [info, question, session_id = session.id(), asker = index_](Core& home) {
            CoreStream* stream = home.find(info->id);
            Message reply;
            reply.kind = Message::Kind::task;
            reply.task = std::make_unique<Message::Task>(
                [session_id, watchers = stream != nullptr && stream->home() != nullptr
                                            ? stream->home()->watchers_json(question)
                                            : WatchersJson()](Core& core) {
                    core.deliver_watchers(session_id, watchers);
                });
            home.fabric_.post(home.index_, asker, std::move(reply));
        });
    fabric_.post(index_, info->home_core, std::move(message));
}

void Core::deliver_watchers(std::uint64_t session_id, const WatchersJson& watchers) {
    const auto found = waiting_for_status_.find(session_id);
    if (found == waiting_for_status_.end()) return;  // it did not wait
    const StatusAsker asker = found->second;
    waiting_for_status_.erase(found);
    if (!asker.session->gone())
        asker.session->on_status(stream_status(*asker.stream, status_facts(), watchers));
}

void Core::notice_stall() {
    std::vector<std::uint64_t> answered;
    for (const auto& [session_id, asker] : waiting_for_status_)
        if (asker.stream->stalled()) answered.push_back(session_id);
    for (const std::uint64_t session_id : answered) deliver_watchers(session_id, {});
}

std::string Core::all_status() { return logwisp::all_status(plan_->streams, status_facts()); }

std::string Core::metrics(MetricsFormat format) {
    MetricsFacts facts;
    facts.status = status_facts();
    facts.ready = ready();
    facts.started_ns = fabric_.started_ns();
    facts.cpu_ns = process_cpu_ns();
    return metrics_page(plan_->streams, facts, format);
}

}  // namespace logwisp
