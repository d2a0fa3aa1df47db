// Past entries over HTTP: a bounded answer of JSON lines that say their ids, and streams that end.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "logwisp/limits.hpp"
#include "serve/entries_query.hpp"
#include "serve/http_session.hpp"
#include "wire/numbered.hpp"
#include "wire/sse.hpp"

namespace logwisp {

namespace {

// What the past of a stream can be asked for: from its first entry to what was published by now.
std::uint64_t published(const StreamInfo& stream) {
    return std::max<std::uint64_t>(stream.monitor.next_sequence.get(), 1);
}

}  // namespace

void HttpSession::respond_entries(const std::shared_ptr<StreamInfo>& wanted,
                                  const HttpRequest& request) {
    if (!wanted->past.kept()) return answer_error(404, no_past);
    EntriesQuery query;
    if (const std::string wrong =
            read_entries_query(request.query, host().wall_us(), *wanted, query);
        !wrong.empty())
        return answer_error(400, wrong);
    if (wanted->stalled()) return refuse_for_now(no_answer);
    const std::uint64_t live = published(*wanted);
    // A time to the entry it begins with; what is still to come begins at `live`.
    bool known = true;
    const auto at = [&](std::int64_t time_us) {
        const auto found = host().past_since(wanted->past, time_us);
        known = known && found.has_value();
        return found ? std::min(found->value_or(live), live) : live;
    };
    std::uint64_t end = query.last ? std::min(*query.last, live - 1) + 1 : live;
    if (query.until_us) end = std::min(end, at(*query.until_us));
    // Without a beginning: the last ones.
    std::uint64_t first = end - std::min(query.limit, end - 1);
    if (query.first)
        first = std::max<std::uint64_t>(*query.first, 1);
    else if (query.since_us)
        first = at(*query.since_us);
    if (!known) return refuse_for_now(no_descriptors);
    const bool cut = end > first && end - first > query.limit;
    if (cut) end = first + query.limit;

    HttpAnswer head;
    head.content_type = "application/x-ndjson";
    head.headers = {{"Cache-Control", "no-store"}};
    head.streaming = true;
    head.chunked = requests_->minor_version > 0;
    begin_entries(wanted, head, {EntriesAnswer::Form::lines, head.chunked, cut ? end : 0});
    if (entries_ != nullptr) give_entries(first, end);
}

// Answers with the head; the entries are to follow unless only it was asked for.
void HttpSession::begin_entries(const std::shared_ptr<StreamInfo>& wanted, HttpAnswer& head,
                                const EntriesAnswer& entries) {
    if (requests_->head_only) return answer(head);
    if (!take_place(*wanted))
        return refuse_for_now("The server has as many readers as it may have");
    entries_ = std::make_unique<EntriesAnswer>(entries);
    requests_->keep_alive = false;
    read_stream(wanted);
    count_reader(Server::http);
    answer(head);
    no_more_requests();
    connection().clear_deadline();
}

void HttpSession::give_entries(std::uint64_t first, std::uint64_t end) {
    if (first >= end) return on_past_given();
    read_past(first, end);
}

// A stream that ends where `until` says. A browser that comes back after that is told to stay away.
void HttpSession::read_until(const std::shared_ptr<StreamInfo>& wanted) {
    const ReadFrom& from = requests_->from;
    const std::uint64_t live = published(*wanted);
    if (*from.until_us > host().wall_us())
        return answer_error(400, "until must not be in the future: the stream goes on until then");
    if (wanted->stalled()) return refuse_for_now(no_answer);
    const auto found = host().past_since(wanted->past, *from.until_us);
    if (!found) return refuse_for_now(no_descriptors);
    const std::uint64_t end = std::min(found->value_or(live), live);
    std::uint64_t first = end - std::min(from.tail_entries, end - 1);
    const auto known = wanted->sequence_of(from.last_event_id);
    if (known) {
        first = std::min(*known, live - 1) + 1;
    } else if (!from.last_event_id.empty()) {  // everything that is here is new to it
        const auto begin = host().past_begin(wanted->past);
        if (!begin) return refuse_for_now(no_descriptors);
        first = std::min(begin->value_or(end), end);
    } else if (from.since_us) {
        first = std::min(from.first.value_or(end), end);
    }
    if (!from.last_event_id.empty() && first >= end) {
        HttpAnswer nothing;
        nothing.status = 204;
        nothing.content_type = {};
        return answer(nothing);
    }
    HttpAnswer head = event_stream_head();
    const std::string unknown_id = known ? std::string() : from.last_event_id;
    begin_entries(wanted, head, {EntriesAnswer::Form::events, false, 0});
    if (entries_ == nullptr) return;
    connection().queue(retry_line() + connected_event());
    if (!unknown_id.empty()) tell_unknown_gap(unknown_id, first);
    give_entries(first, end);
}

void HttpSession::frame_entry(std::uint64_t sequence, std::string_view json, std::string& out) {
    const std::string& epoch = stream()->epoch;
    if (entries_ == nullptr || entries_->form == EntriesAnswer::Form::events) {
        out.resize(json.size() + sse_frame_overhead_max);
        out.resize(sse_frame(epoch, sequence, json, out.data()));
        return;
    }
    std::string line(json.size() + numbered_overhead_max, '\0');
    line.resize(numbered_json_line(epoch, sequence, json, line.data()));
    out = entries_->piece(line);
}

void HttpSession::on_past_given() {
    if (entries_->form == EntriesAnswer::Form::events) {
        connection().queue(goodbye("until"));
    } else {
        if (entries_->more_from != 0)
            connection().queue(entries_->piece(
                fmt::format("{{\"type\":\"more\",\"from\":\"{}\"}}\n",
                            format_event_id(stream()->epoch, entries_->more_from))));
        connection().queue(entries_->last_piece());
    }
    finish();
}

std::string EntriesAnswer::piece(std::string_view text) const {
    return chunked ? fmt::format("{:x}\r\n{}\r\n", text.size(), text) : std::string(text);
}

std::string EntriesAnswer::last_piece() const { return chunked ? "0\r\n\r\n" : ""; }

}  // namespace logwisp
