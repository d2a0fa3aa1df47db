#include <algorithm>

#include "base/check.hpp"
#include "logwisp/limits.hpp"
#include "wire/http.hpp"
#include "wire/http_guard.hpp"
#include "wire/http_head.hpp"

namespace logwisp {
namespace {

constexpr std::size_t head_bytes_first = 512;

// A head that comes in one piece is allocated once, to size; one that trickles in doubles. (A
// std::string would double what is reserved once more, past the limit.)
void append(std::vector<char>& head, std::string_view bytes) {
    const std::size_t needed = head.size() + bytes.size();
    if (needed > head.capacity()) {
        const std::size_t doubled = std::max(head_bytes_first, 2 * head.capacity());
        head.reserve(std::max(needed, std::min(doubled, request_head_bytes_max)));
    }
    head.insert(head.end(), bytes.begin(), bytes.end());
}

}  // namespace

// Lives from a head's first byte to next(): an idle connection has none, nor has one that streams.
struct HttpParser::State {
    HttpGuard guard;
    Outcome outcome = Outcome::need_more;
    std::vector<char> head;
    HttpRequest request;
    HttpRefusal refusal;

    Outcome refuse(const HttpRefusal& reason) {
        refusal = reason;
        request = {};
        head = std::vector<char>();  // the connection may take a while to close
        return outcome = Outcome::refused;
    }
};

HttpParser::HttpParser() = default;
HttpParser::~HttpParser() = default;

HttpParser::Outcome HttpParser::feed(std::span<const char> bytes, std::size_t& used) {
    used = 0;
    if (state_ == nullptr) {
        if (bytes.empty()) return Outcome::need_more;
        state_ = std::make_unique<State>();
    }
    State& state = *state_;
    if (state.outcome == Outcome::refused) {
        used = bytes.size();
        return Outcome::refused;
    }
    CHECK(state.outcome == Outcome::need_more);
    const std::string_view text(bytes.data(), bytes.size());
    const std::size_t head_bytes_before = state.guard.head_bytes();
    const HttpGuard::Verdict verdict = state.guard.scan(text, used);
    if (verdict == HttpGuard::Verdict::refused) {
        return state.refuse(state.guard.refusal());
    }
    const std::size_t head_bytes_new = state.guard.head_bytes() - head_bytes_before;
    append(state.head, text.substr(used - head_bytes_new, head_bytes_new));
    if (verdict == HttpGuard::Verdict::more) return Outcome::need_more;

    CHECK(state.head.size() == state.guard.head_bytes());
    const auto refusal = read_head(state.head, state.guard, state.request);
    if (!refusal) return state.outcome = Outcome::request;
    return state.refuse(*refusal);
}

const HttpRequest& HttpParser::request() const {
    CHECK(state_ != nullptr);
    CHECK(state_->outcome == Outcome::request);
    return state_->request;
}

const HttpRefusal& HttpParser::refusal() const {
    CHECK(state_ != nullptr);
    CHECK(state_->outcome == Outcome::refused);
    return state_->refusal;
}

bool HttpParser::in_head() const {
    return state_ != nullptr && state_->outcome == Outcome::need_more &&
           state_->guard.head_bytes() != 0;
}

void HttpParser::next() { state_.reset(); }

}  // namespace logwisp
