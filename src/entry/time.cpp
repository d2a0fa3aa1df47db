#include "entry/time.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace logwisp {

namespace {

constexpr std::int64_t microseconds_per_second = 1'000'000;
constexpr std::int64_t seconds_per_day = 86'400;
constexpr int minutes_per_day = 1440;
// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z.
constexpr std::int64_t year_0_microseconds = -62'167'219'200 * microseconds_per_second;
constexpr std::int64_t year_9999_microseconds = 253'402'300'800 * microseconds_per_second - 1;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_leap_year(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in_month(int year, int month) {
    static constexpr std::array<int, 13> days{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap_year(year) ? 29 : days[static_cast<std::size_t>(month)];
}

// Reads a fixed layout from the front; once it has failed it stays failed.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    int number(std::size_t digits) {
        int value = 0;
        for (std::size_t index = 0; index < digits; ++index) {
            if (index >= rest_.size() || !is_digit(rest_[index])) return fail();
            value = value * 10 + (rest_[index] - '0');
        }
        rest_.remove_prefix(digits);
        return value;
    }
    void expect(char either, char other) {
        if (rest_.empty() || (rest_[0] != either && rest_[0] != other)) {
            fail();
        } else {
            rest_.remove_prefix(1);
        }
    }
    void expect(char c) { expect(c, c); }
    bool take(char c) {
        if (rest_.empty() || rest_[0] != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void digits() {
        std::size_t count = 0;
        while (count < rest_.size() && is_digit(rest_[count])) ++count;
        if (count == 0) fail();
        rest_.remove_prefix(count);
    }
    // Minutes east of UTC, from "Z" or "+hh:mm".
    int offset() {
        if (take('Z') || take('z')) return 0;
        const bool west = take('-');
        if (!west) expect('+');
        const int hours = number(2);
        expect(':');
        const int minutes = number(2);
        if (hours > 23 || minutes > 59) return fail();
        return west ? -(hours * 60 + minutes) : hours * 60 + minutes;
    }
    [[nodiscard]] bool finished() const { return !failed_ && rest_.empty(); }
    [[nodiscard]] bool failed() const { return failed_; }

  private:
    int fail() {
        failed_ = true;
        rest_ = {};
        return 0;
    }
    std::string_view rest_;
    bool failed_ = false;
};

// A leap second is the last second of a month in UTC, wherever it was written down.
bool may_be_leap_second(int year, int month, int day, int utc_minute) {
    if ((utc_minute + minutes_per_day) % minutes_per_day != minutes_per_day - 1) return false;
    if (utc_minute < 0) return day == 1;  // the day before, in UTC
    const int last = days_in_month(year, month);
    return utc_minute < minutes_per_day ? day == last : day == last - 1;
}

// Year, month and day of a day since the epoch, in the proleptic Gregorian calendar. Counts in eras
// of 400 years and in years that begin in March, so that the leap day is the last of its year.
struct Date {
    std::int64_t year;
    std::int64_t month;
    std::int64_t day;
};

Date date_of(std::int64_t days_since_epoch) {
    constexpr std::int64_t days_per_era = 146'097;
    constexpr std::int64_t epoch_in_march_days = 719'468;  // from 0000-03-01 to 1970-01-01
    const std::int64_t days = days_since_epoch + epoch_in_march_days;
    const std::int64_t era = (days >= 0 ? days : days - (days_per_era - 1)) / days_per_era;
    const std::int64_t day_of_era = days - era * days_per_era;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const std::int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t march_month = (5 * day_of_year + 2) / 153;
    const std::int64_t day = day_of_year - (153 * march_month + 2) / 5 + 1;
    const std::int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    return {era * 400 + year_of_era + (month <= 2 ? 1 : 0), month, day};
}

constexpr auto digit_pairs = [] {
    std::array<char, 200> pairs{};
    for (std::size_t index = 0; index < 100; ++index) {
        pairs[2 * index] = static_cast<char>('0' + index / 10);
        pairs[2 * index + 1] = static_cast<char>('0' + index % 10);
    }
    return pairs;
}();

void put_pair(std::int64_t value, char* out) {
    std::memcpy(out, &digit_pairs[static_cast<std::size_t>(value) * 2], 2);
}

// "2024-01-02T03:04:05".
void put_second(std::int64_t second, char* out) {
    const std::int64_t of_day = ((second % seconds_per_day) + seconds_per_day) % seconds_per_day;
    const Date date = date_of((second - of_day) / seconds_per_day);
    put_pair(date.year / 100, out);
    put_pair(date.year % 100, out + 2);
    out[4] = '-';
    put_pair(date.month, out + 5);
    out[7] = '-';
    put_pair(date.day, out + 8);
    out[10] = 'T';
    put_pair(of_day / 3600, out + 11);
    out[13] = ':';
    put_pair(of_day / 60 % 60, out + 14);
    out[16] = ':';
    put_pair(of_day % 60, out + 17);
}

// A decimal number as its digits and the place of its point: 0.00123 is 123 with the point before
// the second zero, -2.
struct Decimal {
    std::array<char, 40> digits{};
    int count = 0;
    std::int64_t point = 0;

    [[nodiscard]] int digit(std::int64_t index) const {
        return index >= 0 && index < count ? digits[static_cast<std::size_t>(index)] - '0' : 0;
    }
};

// Nothing of an epoch in microseconds is left of a longer exponent.
constexpr std::int64_t exponent_max = 1'000'000;

Decimal decimal_of(std::string_view number) {
    Decimal decimal;
    std::size_t index = 0;
    bool in_fraction = false;
    for (; index < number.size() && (number[index] | 0x20) != 'e'; ++index) {
        if (number[index] == '.') {
            in_fraction = true;
            continue;
        }
        const bool leading_zero = decimal.count == 0 && number[index] == '0';
        if (!leading_zero && decimal.count < static_cast<int>(decimal.digits.size()))
            decimal.digits[static_cast<std::size_t>(decimal.count++)] = number[index];
        if (!in_fraction && !leading_zero) ++decimal.point;
        if (in_fraction && leading_zero) --decimal.point;
    }
    if (index == number.size()) return decimal;
    const bool negative = number[++index] == '-';
    if (!is_digit(number[index])) ++index;
    std::int64_t exponent = 0;
    for (; index < number.size(); ++index)
        exponent = std::min(exponent * 10 + (number[index] - '0'), exponent_max);
    decimal.point += negative ? -exponent : exponent;
    return decimal;
}

}  // namespace

bool is_rfc3339(std::string_view text) {
    if (text.size() > time_text_bytes_max) return false;
    Reader reader(text);
    const int year = reader.number(4);
    reader.expect('-');
    const int month = reader.number(2);
    reader.expect('-');
    const int day = reader.number(2);
    reader.expect('T', 't');
    const int hour = reader.number(2);
    reader.expect(':');
    const int minute = reader.number(2);
    reader.expect(':');
    const int second = reader.number(2);
    if (reader.take('.')) reader.digits();
    const int offset = reader.offset();
    if (!reader.finished()) return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return false;
    if (hour > 23 || minute > 59 || second > 60) return false;
    return second < 60 || may_be_leap_second(year, month, day, hour * 60 + minute - offset);
}

std::optional<Timestamp> epoch_of_number(std::string_view number) {
    if (number.empty() || number[0] == '-') return {};
    const Decimal decimal = decimal_of(number);
    if (decimal.count == 0) return {};
    // Digits before the point: 9 to 11 are seconds, 12 to 14 milliseconds, 15 to 17 microseconds,
    // 18 to 20 nanoseconds.
    if (decimal.point < 9 || decimal.point > 20) return {};
    const std::int64_t microsecond_digits = decimal.point + 6 - (decimal.point - 9) / 3 * 3;
    std::int64_t microseconds = 0;
    for (std::int64_t index = 0; index < microsecond_digits; ++index)
        microseconds = microseconds * 10 + decimal.digit(index);
    return Timestamp{microseconds};
}

std::optional<Timestamp> epoch_of_string(std::string_view text) {
    if (text.size() > time_text_bytes_max) return {};
    const auto is_part = [](char c) { return is_digit(c); };
    const auto whole = static_cast<std::size_t>(
        std::find_if_not(text.begin(), text.end(), is_part) - text.begin());
    if (whole != 10 && whole != 13 && whole != 16 && whole != 19) return {};
    if (text[0] == '0') return {};
    if (whole < text.size()) {
        const std::string_view fraction = text.substr(whole + 1);
        if (text[whole] != '.' || fraction.empty() ||
            !std::all_of(fraction.begin(), fraction.end(), is_part))
            return {};
    }
    return epoch_of_number(text);
}

char* TimeWriter::write(Timestamp time, char* out) {
    const std::int64_t microseconds =
        std::clamp(time.microseconds, year_0_microseconds, year_9999_microseconds);
    const std::int64_t rest = microseconds % microseconds_per_second;
    const std::int64_t second = microseconds / microseconds_per_second - (rest < 0 ? 1 : 0);
    const std::int64_t fraction = rest < 0 ? rest + microseconds_per_second : rest;
    if (second != second_) {
        put_second(second, text_);
        second_ = second;
    }
    std::memcpy(out, text_, sizeof text_);
    out[19] = '.';
    put_pair(fraction / 10'000, out + 20);
    put_pair(fraction / 100 % 100, out + 22);
    put_pair(fraction % 100, out + 24);
    out[26] = 'Z';
    return out + bytes;
}

}  // namespace logwisp
