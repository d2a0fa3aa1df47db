#include "wire/numbered.hpp"

#include <charconv>
#include <cstring>

#include "base/check.hpp"
#include "wire/sse.hpp"

namespace logwisp {

namespace {
constexpr std::string_view begin = "{\"id\":\"";
constexpr std::string_view end = "\",";
constexpr std::size_t sequence_digits_max = 20;
static_assert(begin.size() + event_epoch_bytes_max + 1 + sequence_digits_max + end.size() + 1 <=
                  numbered_overhead_max,
              "the longest id must fit");

char* put(char* out, std::string_view text) {
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
}
}  // namespace

std::size_t numbered_json_line(std::string_view epoch, std::uint64_t sequence,
                               std::string_view json, char* out) {
    DCHECK(json.size() > 2 && json.front() == '{');
    DCHECK(epoch.size() <= event_epoch_bytes_max);
    char* at = put(put(out, begin), epoch);
    *at++ = '-';
    at = std::to_chars(at, at + sequence_digits_max, sequence).ptr;
    at = put(put(at, end), json.substr(1));
    *at++ = '\n';
    return static_cast<std::size_t>(at - out);
}

}  // namespace logwisp
