#include "wire/moment.hpp"

#include <charconv>
#include <chrono>

namespace logwisp {

namespace {

constexpr std::int64_t second_us = 1'000'000;
// Longer ago than any log.
constexpr std::int64_t ago_us_max = 100LL * 366 * 86'400 * second_us;

// Takes digits off the front of `text`: as many as `count`.
bool take_number(std::string_view& text, std::size_t count, int& value) {
    if (text.size() < count) return false;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + count, value);
    if (error != std::errc{} || stop != text.data() + count || value < 0) return false;
    text.remove_prefix(count);
    return true;
}

bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == any_of.npos) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<std::int64_t> parse_ago(std::string_view text) {
    std::int64_t count = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || count < 0) return std::nullopt;
    const std::string_view unit = text.substr(static_cast<std::size_t>(stop - text.data()));
    const std::int64_t seconds = unit == "s"   ? 1
                                 : unit == "m" ? 60
                                 : unit == "h" ? 3600
                                 : unit == "d" ? 86'400
                                               : 0;
    if (seconds == 0 || count > ago_us_max / second_us / seconds) return std::nullopt;
    return count * seconds * second_us;
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    if (!take_number(text, 4, year) || !take(text, "-") || !take_number(text, 2, month) ||
        !take(text, "-") || !take_number(text, 2, day) || !take(text, "Tt ") ||
        !take_number(text, 2, hour) || !take(text, ":") || !take_number(text, 2, minute) ||
        !take(text, ":") || !take_number(text, 2, second))
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    std::int64_t fraction_us = 0;
    if (take(text, ".")) {
        int digit = 0;
        std::int64_t place = second_us / 10;
        if (!take_number(text, 1, digit)) return std::nullopt;
        do {
            fraction_us += digit * place;
            place /= 10;
        } while (take_number(text, 1, digit));
    }
    std::int64_t offset_seconds = 0;
    if (!take(text, "Zz")) {
        const bool west = text.starts_with('-');
        int hours = 0, minutes = 0;
        // In a query '+' is a space.
        if (!take(text, "+- ") || !take_number(text, 2, hours) || !take(text, ":") ||
            !take_number(text, 2, minutes) || hours > 23 || minutes > 59)
            return std::nullopt;
        offset_seconds = (hours * 60 + minutes) * 60 * (west ? -1 : 1);
    }
    if (!text.empty()) return std::nullopt;
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    const std::int64_t seconds = ((days * 24 + hour) * 60 + minute) * 60 + second - offset_seconds;
    return seconds * second_us + fraction_us;
}

}  // namespace

std::optional<std::int64_t> parse_moment(std::string_view text, std::int64_t now_us) {
    if (const auto ago = parse_ago(text)) return now_us - *ago;
    return parse_rfc3339(text);
}

}  // namespace logwisp
