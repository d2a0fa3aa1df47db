// Which ports a core listens on, and whom it lets in: its own sockets, and those that the service manager has passed, of which one core
// accepts for all.
#include <atomic>
#include <memory>
#include <utility>

#include "core/core.hpp"
#include "serve/http_session.hpp"
#include "serve/tcp_session.hpp"

namespace logwisp {

void Core::apply_listeners() {
    std::map<std::string, OpenListener> before = std::exchange(listeners_, {});
    std::unordered_map<const Site*, std::shared_ptr<const Site>> sites;  // old to new
    for (const PlannedListener& planned : plan_->listeners) {
        OpenListener& open = listeners_[planned.key];
        open.site = planned.site;
        if (auto found = before.find(planned.key); found != before.end()) {
            if (found->second.site->tcp == planned.site->tcp)
                sites.emplace(found->second.site.get(), planned.site);
            open.listener = std::move(found->second.listener);
            open.for_all = found->second.for_all;
            before.erase(found);
        } else if (!planned.acceptor || *planned.acceptor == index_) {
            open.for_all = planned.acceptor.has_value();
            open.listener = std::make_unique<Listener>(
                reactor_, planned.sockets.at(open.for_all ? 0 : index_), *this);
            open.listener->open();
        }
    }
    for (auto& [key, gone] : before) close_listener(std::move(gone));
    move_sessions(sites);
    plan_->applied.fetch_add(1, std::memory_order_release);
}

void Core::close_listener(OpenListener&& open) {
    if (open.listener == nullptr) return;
    open.listener->close();
    closing_listeners_.push_back(std::move(open));
}

// A connection that is kept for more requests asks for what the port serves now; one whose port is
// gone is of no use to anybody.
void Core::move_sessions(
    const std::unordered_map<const Site*, std::shared_ptr<const Site>>& sites) {
    for (Session* session = first_session_; session != nullptr;) {
        Session* const next = session->links.next;
        if (const auto found = sites.find(&session->site()); found != sites.end())
            session->set_site(found->second);
        else if (session->connection_idle())
            session->close();
        session = next;
    }
}

const Core::OpenListener* Core::find(const Listener& listener) const {
    for (const auto& [key, open] : listeners_)
        if (open.listener.get() == &listener) return &open;
    for (const OpenListener& closing : closing_listeners_)
        if (closing.listener.get() == &listener) return &closing;
    return nullptr;
}

void Core::on_accept_failed(Listener& listener) {
    if (const OpenListener* const open = find(listener); open != nullptr)
        open->site->counters->accept_failures.fetch_add(1, std::memory_order_relaxed);
}

void Core::count_refused(const Site& site) {
    site.counters->refused.fetch_add(1, std::memory_order_relaxed);
    if (site.tcp != nullptr)
        site.tcp->per_core[index_].refused[static_cast<std::size_t>(Server::tcp)].add();
}

// Also while the listener closes: the kernel had accepted it by then.
void Core::on_accepted(Listener& listener, int socket) {
    const OpenListener* const open = find(listener);
    CHECK(open != nullptr);
    const std::size_t core = open->for_all ? next_core() : index_;
    if (core == index_)
        begin_session(open->site, socket);
    else
        hand_over(open->site, core, socket);
}

// A core that has not applied the plan yet may not know the streams, one that stops takes nobody.
std::size_t Core::next_core() {
    if (draining_ || plan_->applied.load(std::memory_order_acquire) < fabric_.cores())
        return index_;
    handed_to_ = (handed_to_ + 1) % fabric_.cores();
    return handed_to_ == index_ || fabric_.begin_hand_over(handed_to_) ? handed_to_ : index_;
}

void Core::hand_over(const std::shared_ptr<const Site>& site, std::size_t to, int socket) {
    Message message;
    message.kind = Message::Kind::task;
    message.task = std::make_unique<Message::Task>(
        [site, socket](Core& other) { other.take_over(site, socket); });
    fabric_.post(index_, to, std::move(message));
}

// What the port serves here may be newer than what it did where the connection was accepted.
void Core::take_over(const std::shared_ptr<const Site>& site, int socket) {
    fabric_.end_hand_over(index_);
    for (const auto& [key, open] : listeners_)
        if (open.site->counters == site->counters) return begin_session(open.site, socket);
    begin_session(site, socket);
}

void Core::begin_session(const std::shared_ptr<const Site>& site, int socket) {
    if (stop_timed_out_ ||
        site->counters->connections.load(std::memory_order_relaxed) >= site->connections_max) {
        if (!draining_) count_refused(*site);
        reactor_.backend().close(socket);
        return;
    }
    reactor_.backend().configure_accepted(socket);
    Session* session = site->tcp ? static_cast<Session*>(new TcpSession(*this, site, socket))
                                 : static_cast<Session*>(new HttpSession(*this, site, socket));
    session->links.next = first_session_;
    if (first_session_ != nullptr) first_session_->links.previous = session;
    first_session_ = session;
    ++session_count_;
    session->open();
}

}  // namespace logwisp
