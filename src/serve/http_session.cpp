#include "serve/http_session.hpp"

#include <fmt/format.h>

#include <utility>

#include "logwisp/limits.hpp"
#include "serve/metrics.hpp"
#include "serve/status.hpp"
#include "wire/json.hpp"
#include "wire/sse.hpp"

namespace logwisp {

// What an idle reader costs. With malloc's own 8 bytes it is a multiple of 16; 8 more would be 16.
static_assert(sizeof(HttpSession) <= 472);

namespace {

constexpr std::uint32_t retry_ms_base = 2000;
constexpr std::uint32_t retry_ms_spread = 1000;  // so that a restart brings no storm
constexpr const char* retry_after_seconds = "5";

bool accepts_events(std::string_view accept) {
    return accept.find("text/event-stream") != std::string_view::npos;
}

}  // namespace

HttpAnswer event_stream_head() {
    HttpAnswer head;
    head.content_type = "text/event-stream; charset=utf-8";
    head.headers = {{"Cache-Control", "no-store, no-transform"}, {"X-Accel-Buffering", "no"}};
    head.streaming = true;
    return head;
}

void HttpSession::open() {
    connection().set_deadline(request_head_ms);
    connection().open();
}

bool HttpSession::owes_answer() const {
    if (streams_) return false;
    return requests_ == nullptr || !requests_->asked || requests_->waiting ||
           requests_->parser.in_head();
}

// --- Input. ---

void HttpSession::on_received(std::span<const char> bytes) {
    if (streams_) return discard(bytes.size());
    if (requests_ == nullptr) requests_ = std::make_unique<Requests>();
    if (!requests_->waiting) return parse(bytes);
    requests_->held.append(bytes.data(), bytes.size());
    if (requests_->held.size() > request_head_bytes_max) close();
}

void HttpSession::parse(std::span<const char> bytes) {
    requests_->parsing = true;
    answer_requests(bytes);
    if (!streams_) requests_->parsing = false;
}

void HttpSession::answer_requests(std::span<const char> bytes) {
    while (!bytes.empty()) {
        std::size_t used = 0;
        const HttpParser::Outcome outcome = requests_->parser.feed(bytes, used);
        bytes = bytes.subspan(used);
        if (outcome == HttpParser::Outcome::need_more) return;
        if (outcome == HttpParser::Outcome::refused) return refuse(requests_->parser.refusal());
        if (connection().queued_bytes() == 0) requests_->unsent = 0;
        if (++requests_->unsent > pipelined_requests_max ||
            connection().queued_bytes() > pipelined_answer_bytes_max)
            return close();
        respond(requests_->parser.request());
        if (streams_) {  // what follows is not a request any more
            if (!bytes.empty()) discard(bytes.size());
            return;
        }
        requests_->parser.next();
        if (connection().closing() || !requests_->keep_alive) return;
        connection().set_deadline(request_head_ms);
        if (requests_->waiting) {
            requests_->held.assign(bytes.data(), bytes.size());
            return;
        }
    }
}

void HttpSession::on_peer_finished() {
    if (entries_ != nullptr) return;  // what it asked for still goes out
    if (streams_) {
        probe();
        return connection().set_deadline(probe_again_ms);
    }
    if (requests_ == nullptr) return connection().finish_when_sent();
    // What it asked before is still answered.
    requests_->peer_finished = true;
    if (!requests_->waiting) connection().finish_when_sent();
}

// A reader that has finished sending may still read (`nc -N`), or may have gone altogether. One that has gone answers a comment with a reset,
// and the comment after that fails: two of them tell now what else the next entries would.
void HttpSession::probe() {
    if (gone()) return;  // nothing follows a goodbye
    connection().queue(sse_comment(""));
    host().request_pump(*this);
}

void HttpSession::on_deadline() {
    if (entries_ != nullptr) return;
    if (streams_) return probe();
    if (requests_ == nullptr || connection().queued_bytes() > 0 || !requests_->parser.in_head())
        return close();
    refuse({408, "The request took too long to arrive"});
}

void HttpSession::refuse(const HttpRefusal& refusal) {
    requests_->keep_alive = false;
    requests_->head_only = false;
    requests_->cors_origin.clear();
    if (refusal.status == 0) return close();
    if (refusal.status == 405) return refuse_method();
    answer_error(refusal.status, refusal.message);
}

void HttpSession::refuse_for_now(std::string_view message) {
    answer_error(503, message, {{"Retry-After", retry_after_seconds}});
}

void HttpSession::refuse_method() {
    answer_error(405, "Only GET, HEAD and OPTIONS are possible here",
                 {{"Allow", "GET, HEAD, OPTIONS"}});
}

// --- Requests. ---

void HttpSession::respond(const HttpRequest& request) {
    Requests& current = *requests_;
    current.asked = true;
    current.keep_alive = request.keep_alive && !host().draining();
    current.head_only = request.method == HttpMethod::head;
    current.minor_version = request.minor_version;
    current.cors_origin.clear();

    const Route* route = site().find(request.path);
    if (route != nullptr && route->stream != nullptr && !request.origin.empty())
        for (const std::string& allowed : route->stream->config.http.cors_origins)
            if (allowed == "*" || allowed == request.origin) current.cors_origin = allowed;

    if (request.method == HttpMethod::options) return respond_options(route, request);
    if (request.method == HttpMethod::other) return refuse_method();
    if (route == nullptr) return answer_error(404, "There is nothing at this path");

    switch (route->kind) {
        case RouteKind::stream:
            if (host().draining())
                return refuse_reader(request, "The server is stopping", "server_shutdown");
            return respond_stream(route->stream, request);
        case RouteKind::entries:
            if (host().draining()) return refuse_for_now("The server is stopping");
            return respond_entries(route->stream, request);
        case RouteKind::status: {
            const auto question = status_question(request.query);
            if (!question) return answer_error(400, "inode must be a number");
            current.waiting = true;
            return host().ask_status(route->stream, *question, *this);
        }
        case RouteKind::all_status:
            return answer_json(200, host().all_status());
        case RouteKind::metrics: {
            const MetricsFormat format = metrics_format(request.accept);
            HttpAnswer reply;
            reply.content_type = metrics_content_type(format);
            reply.headers = {{"Cache-Control", "no-store"}, {"Vary", "Accept"}};
            reply.body = host().metrics(format);
            return answer(reply);
        }
        case RouteKind::health:
            return answer_json(200, R"({"status":"ok"})");
        case RouteKind::ready:
            return host().ready() ? answer_json(200, R"({"status":"ready"})")
                                  : answer_json(503, R"({"status":"not ready"})");
    }
}

void HttpSession::respond_options(const Route* route, const HttpRequest& request) {
    if (route == nullptr && request.path != "*")
        return answer_error(404, "There is nothing at this path");
    HttpAnswer reply;
    reply.status = 204;
    reply.content_type = {};
    reply.headers.emplace_back("Allow", "GET, HEAD, OPTIONS");
    if (!requests_->cors_origin.empty() && !request.access_control_request_method.empty()) {
        reply.headers.emplace_back("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
        reply.headers.emplace_back("Access-Control-Allow-Headers", "Last-Event-ID, Cache-Control");
        reply.headers.emplace_back("Access-Control-Max-Age", "600");
    }
    answer(reply);
}

// False: refused.
bool HttpSession::read_from(const HttpRequest& request, const StreamInfo& wanted) {
    ReadFrom& from = requests_->from;
    from = {};
    const std::string wrong = read_query(request.query, host().wall_us(), from);
    // The header is what a browser sends when it comes back; the query is for a first connection,
    // whose URL it keeps.
    if (!request.last_event_id.empty()) from.last_event_id = request.last_event_id;
    if (wrong.empty() && !(from.needs_past() && !wanted.past.kept())) return true;
    answer_error(400, wrong.empty() ? no_past : wrong);
    return false;
}

void HttpSession::respond_stream(const std::shared_ptr<StreamInfo>& wanted,
                                 const HttpRequest& request) {
    if (!read_from(request, *wanted)) return;
    if (!look_up(*wanted, requests_->from)) return refuse_for_now(no_descriptors);
    if (requests_->from.until_us) return read_until(wanted);

    HttpAnswer head = event_stream_head();
    if (requests_->head_only) return answer(head);
    StreamInfo& stream = *wanted;
    if (!take_place(stream))
        return refuse_reader(request, "The server has as many readers as it may have",
                             "server_full");
    read_stream(wanted);
    count_reader(Server::http);
    requests_->keep_alive = false;
    answer(head);

    connection().queue(retry_line());
    connection().clear_deadline();

    from_ = std::make_unique<ReadFrom>(std::move(requests_->from));
    host().join(wanted, *this);
    no_more_requests();
}

// Counted first and looked at afterwards: two cores must not both give the last place.
bool HttpSession::take_place(StreamInfo& stream) {
    const std::uint32_t others = stream.http_readers.fetch_add(1, std::memory_order_relaxed);
    if (others < stream.config.http.clients_max) return true;
    stream.per_core[host().core_index()].refused[static_cast<std::size_t>(Server::http)].add();
    stream.http_readers.fetch_sub(1, std::memory_order_relaxed);
    return false;
}

// Says that the reader has joined: every line that is written from here on is for it.
std::string HttpSession::connected_event() {
    const StreamConfig& config = stream()->config;
    const std::string prefix = site().router ? "/" + config.name : std::string();
    std::string connected;
    JsonWriter json(connected);
    json.begin_object();
    json.key("client_id");
    json.string(fmt::format("{:016x}", id()));
    json.key("stream");
    json.string(config.name);
    json.key("buffer_size");
    json.number(config.http.buffer_entries);
    json.key("stream_path");
    json.string(prefix + config.http.stream_path);
    json.key("status_path");
    json.string(prefix + config.http.status_path);
    json.end_object();
    return sse_event("connected", connected);
}

// A browser's EventSource gives up for good after a 503, so it is refused in a stream's own words.
void HttpSession::refuse_reader(const HttpRequest& request, std::string_view message,
                                std::string_view reason) {
    if (requests_->head_only || !accepts_events(request.accept)) return refuse_for_now(message);
    HttpAnswer head = event_stream_head();
    requests_->keep_alive = false;
    answer(head);
    connection().queue(retry_line() +
                       sse_event("disconnect", fmt::format(R"({{"reason":"{}"}})", reason)));
}

void HttpSession::on_joined(Stream& stream) {
    CHECK(from_ != nullptr);
    const std::unique_ptr<ReadFrom> from = std::move(from_);
    connection().queue(connected_event());
    begin_reading(stream.events(), *from);
    host().request_pump(*this);
}

void HttpSession::on_status(std::string json) {
    CHECK(requests_ != nullptr);
    requests_->waiting = false;
    answer_json(200, std::move(json));
    // Answered at once: whoever asked goes on.
    if (requests_->parsing || connection().closing() || !requests_->keep_alive) return;
    const std::string held = std::exchange(requests_->held, {});
    const bool peer_finished = requests_->peer_finished;
    parse(held);
    if (peer_finished && !connection().closing()) on_peer_finished();
}

// --- Answers. ---

void HttpSession::answer(HttpAnswer& reply) {
    // HEAD of a stream has no body: the connection can be used again.
    reply.keep_alive = requests_->keep_alive && (!reply.streaming || requests_->head_only);
    reply.head_only = requests_->head_only;
    reply.minor_version = requests_->minor_version;
    if (!requests_->cors_origin.empty()) {
        reply.headers.emplace_back("Access-Control-Allow-Origin", requests_->cors_origin);
        if (requests_->cors_origin != "*") reply.headers.emplace_back("Vary", "Origin");
    }
    connection().queue(http_answer(reply));
    if (!requests_->keep_alive && stream() == nullptr) connection().finish_when_sent();
    host().request_pump(*this);
}

void HttpSession::answer_json(std::uint16_t status, std::string body) {
    HttpAnswer reply;
    reply.status = status;
    reply.body = std::move(body);
    reply.headers = {{"Cache-Control", "no-store"}};
    answer(reply);
}

void HttpSession::answer_error(std::uint16_t status, std::string_view message,
                               std::vector<std::pair<std::string, std::string>> headers) {
    HttpAnswer reply;
    reply.status = status;
    reply.body = http_error_body(status, message,
                                 status == 404 ? site().available() : std::vector<std::string>{});
    reply.headers = std::move(headers);
    answer(reply);
}

std::string HttpSession::retry_line() {
    return sse_retry(retry_ms_base + static_cast<std::uint32_t>(host().random() % retry_ms_spread));
}

// --- A reader's notices. ---

std::string HttpSession::gap_notice(const Missed& missed) {
    std::string notice = R"("dropped":)";
    notice += missed.entries ? std::to_string(*missed.entries) : "null";
    if (!missed.from.empty()) notice += fmt::format(R"(,"from":"{}")", missed.from);
    notice += fmt::format(R"(,"to":"{}")", missed.to);
    if (!missed.url.empty()) notice += fmt::format(R"(,"entries":"{}")", missed.url);
    if (entries_ != nullptr && entries_->form == EntriesAnswer::Form::lines)
        return entries_->piece(fmt::format("{{\"type\":\"gap\",{}}}\n", notice));
    return sse_event("gap", fmt::format("{{{}}}", notice));
}

std::string HttpSession::goodbye(std::string_view reason) {
    if (entries_ != nullptr && entries_->form == EntriesAnswer::Form::lines)
        return entries_->piece(
            fmt::format("{{\"type\":\"disconnect\",\"reason\":\"{}\"}}\n", reason));
    return sse_event("disconnect", fmt::format(R"({{"reason":"{}"}})", reason));
}

void HttpSession::on_left(StreamInfo& stream) {
    stream.http_readers.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace logwisp
