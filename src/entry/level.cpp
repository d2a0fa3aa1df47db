#include "entry/level.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "entry/block.hpp"

namespace logwisp {

namespace {

constexpr std::array<std::string_view, 7> names{"",     "TRACE", "DEBUG", "INFO",
                                                "WARN", "ERROR", "FATAL"};

// Letters packed into two words, lower case, so that a name is compared without a loop.
struct Packed {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    friend constexpr bool operator==(const Packed&, const Packed&) = default;
};
constexpr std::size_t name_bytes_max = 16;

constexpr Packed pack(std::string_view name) {
    Packed packed;
    for (std::size_t index = 0; index < name.size(); ++index) {
        // Sets the bit that tells a letter's cases apart; what is no letter does not become one.
        const auto byte =
            static_cast<std::uint64_t>(static_cast<unsigned char>(name[index]) | 0x20);
        (index < 8 ? packed.low : packed.high) |= byte << (index % 8 * 8);
    }
    return packed;
}

struct Name {
    Packed packed;
    Level level;
};

// The common ones first: the table is read in order.
constexpr std::array table{
    Name{pack("info"), Level::info},       Name{pack("error"), Level::error},
    Name{pack("warn"), Level::warn},       Name{pack("debug"), Level::debug},
    Name{pack("warning"), Level::warn},    Name{pack("trace"), Level::trace},
    Name{pack("fatal"), Level::fatal},     Name{pack("notice"), Level::info},
    Name{pack("err"), Level::error},       Name{pack("critical"), Level::fatal},
    Name{pack("inf"), Level::info},        Name{pack("wrn"), Level::warn},
    Name{pack("dbg"), Level::debug},       Name{pack("crit"), Level::fatal},
    Name{pack("trc"), Level::trace},       Name{pack("ftl"), Level::fatal},
    Name{pack("alert"), Level::fatal},     Name{pack("emerg"), Level::fatal},
    Name{pack("emergency"), Level::fatal}, Name{pack("panic"), Level::fatal},
    Name{pack("severe"), Level::error},    Name{pack("verbose"), Level::trace},
};
// Names that are words or letters of ordinary text in capitals, and so count only where a level is
// expected: a key's value, brackets.
constexpr std::array spoken_table{
    Name{pack("information"), Level::info}, Name{pack("informational"), Level::info},
    Name{pack("fine"), Level::debug},       Name{pack("finer"), Level::trace},
    Name{pack("finest"), Level::trace},     Name{pack("silly"), Level::trace},
    Name{pack("vrb"), Level::trace},        Name{pack("pnc"), Level::fatal},
};
constexpr std::array letter_table{
    Name{pack("t"), Level::trace}, Name{pack("d"), Level::debug}, Name{pack("i"), Level::info},
    Name{pack("w"), Level::warn},  Name{pack("e"), Level::error}, Name{pack("f"), Level::fatal},
};

Level look_up(const Packed& packed, const auto& in) {
    for (const Name& name : in)
        if (name.packed == packed) return name.level;
    return Level::none;
}

// What a word in running text must be.
Level level_of_bare_name(std::string_view name) {
    if (name.size() < 3 || name.size() > 9) return Level::none;
    return look_up(pack(name), table);
}

// What a word in brackets, in colour or after "level=" must be.
Level level_of_marked_name(std::string_view name) {
    if (name.size() < 3 || name.size() > name_bytes_max) return Level::none;
    const Packed packed = pack(name);
    const Level level = look_up(packed, table);
    return level != Level::none ? level : look_up(packed, spoken_table);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '_'; }
// Joins words to one: NON-ERROR, error.log, a/ERROR/b.
bool is_joint(char c) { return c == '-' || c == '.' || c == '/' || c == '\\' || c == '@'; }

// The text around one candidate; outside of the line there are line ends.
class Place {
  public:
    explicit Place(std::string_view line) : line_(line) {}

    [[nodiscard]] char at(std::size_t index) const {
        return index < line_.size() ? line_[index] : '\n';
    }
    [[nodiscard]] std::string_view letters(std::size_t from) const {
        std::size_t to = from;
        while (to < line_.size() && to - from <= name_bytes_max && is_letter(line_[to])) ++to;
        return line_.substr(std::min(from, line_.size()), to - from);
    }
    [[nodiscard]] std::size_t skip_spaces(std::size_t from) const {
        while (at(from) == ' ') ++from;
        return from;
    }
    [[nodiscard]] bool word_starts(std::size_t index) const {
        if (index == 0) return true;
        const char before = line_[index - 1];
        if (is_word(before)) return false;
        return !(is_joint(before) && index >= 2 && is_letter(line_[index - 2]));
    }
    [[nodiscard]] bool word_ends(std::size_t index) const {
        const char after = at(index);
        if (is_word(after) || after == '=') return false;
        return !(is_joint(after) && is_word(at(index + 1)));
    }

    // `index` is at a capital letter that follows none.
    [[nodiscard]] Level bare(std::size_t index) const {
        if (!word_starts(index)) return Level::none;
        const std::string_view word = letters(index);
        const bool capitals =
            std::all_of(word.begin(), word.end(), [](char c) { return c <= 'Z'; });
        if (!capitals || !word_ends(index + word.size())) return Level::none;
        return level_of_bare_name(word);
    }

    // `index` is at '['.
    [[nodiscard]] Level bracketed(std::size_t index) const {
        std::size_t from = skip_spaces(index + 1);
        std::string_view word = letters(from);
        // Apache: [module:level], the module in lower case, digits and underscores, or empty.
        std::size_t module_end = from + word.size();
        while (is_word(at(module_end)) && module_end - from < 32) ++module_end;
        if (at(module_end) == ':') {
            from = module_end + 1;
            word = letters(from);
        }
        if (at(skip_spaces(from + word.size())) != ']') return Level::none;
        return level_of_marked_name(word);
    }

    // `index` is at ESC.
    [[nodiscard]] Level coloured(std::size_t index) const {
        if (at(++index) != '[') return Level::none;
        do ++index;
        while (is_digit(at(index)) || at(index) == ';');
        if (at(index) != 'm') return Level::none;
        const std::string_view word = letters(++index);
        const std::size_t end = index + word.size();
        if (at(end) == '\x1B') return level_of_marked_name(word);
        const bool capitals =
            std::all_of(word.begin(), word.end(), [](char c) { return c <= 'Z'; });
        return capitals && word_ends(end) ? level_of_bare_name(word) : Level::none;
    }

    // `index` is at '='.
    [[nodiscard]] Level assigned(std::size_t index) const {
        return is_level_key(key_before(index)) ? value(index + 1) : Level::none;
    }

    // `index` is at ':'.
    [[nodiscard]] Level after_or_before_colon(std::size_t index) const {
        if (is_digit(at(index + 1))) return Level::none;  // a time of day, mostly
        if (index > 0 && line_[index - 1] == '"') {
            if (!is_level_key(key_before(index - 1))) return Level::none;
            const std::size_t from = skip_spaces(index + 1);
            return at(from) == '"' ? value(from) : Level::none;
        }
        const char after = at(index + 1);
        if (after != ' ' && after != '\n' && after != '\t') return Level::none;
        return first_word(key_before(index));
    }

  private:
    // The letters and underscores that end before `end`, at most as many as a name has.
    [[nodiscard]] std::string_view key_before(std::size_t end) const {
        std::size_t from = end;
        while (from > 0 && end - from <= name_bytes_max &&
               (is_letter(line_[from - 1]) || line_[from - 1] == '_'))
            --from;
        if (from > 0 && is_digit(line_[from - 1])) return {};
        return line_.substr(from, end - from);
    }
    static bool is_level_key(std::string_view key) {
        const auto is = [&](std::string_view name) {
            return key.size() == name.size() &&
                   std::equal(key.begin(), key.end(), name.begin(),
                              [](char a, char b) { return (is_letter(a) ? a | 0x20 : a) == b; });
        };
        return is("level") || is("lvl") || is("severity") || is("loglevel") || is("log_level");
    }
    // A name, quoted or not.
    [[nodiscard]] Level value(std::size_t from) const {
        if (at(from) == '"' || at(from) == '\'') ++from;
        const std::string_view word = letters(from);
        const char after = at(from + word.size());
        if (is_word(after) || is_joint(after)) return Level::none;
        return word.size() == 1 ? level_of_name(word) : level_of_marked_name(word);
    }
    // The name of a level, when everything before it belongs to a time stamp: no letters but the T
    // and Z of RFC 3339.
    [[nodiscard]] Level first_word(std::string_view word) const {
        const Level level = level_of_bare_name(word);
        if (level == Level::none) return level;
        const auto before = static_cast<std::size_t>(word.data() - line_.data());
        const auto in_stamp = [](char c) { return !is_letter(c) || c == 'T' || c == 'Z'; };
        if (!std::all_of(line_.begin(), line_.begin() + static_cast<std::ptrdiff_t>(before),
                         in_stamp))
            return Level::none;
        return word_starts(before) ? level : Level::none;
    }

    std::string_view line_;
};

std::optional<unsigned> two_digits(std::string_view line, std::size_t index) {
    if (index + 2 > line.size() || !is_digit(line[index]) || !is_digit(line[index + 1])) return {};
    return static_cast<unsigned>(line[index] - '0') * 10 +
           static_cast<unsigned>(line[index + 1] - '0');
}

Level glog(std::string_view line) {
    const std::optional<unsigned> month = two_digits(line, 1);
    const std::optional<unsigned> day = two_digits(line, 3);
    if (!month || !day || *month < 1 || *month > 12 || *day < 1 || *day > 31) return Level::none;
    if (line.size() > 5 && line[5] != ' ') return Level::none;
    return level_of_name(line.substr(0, 1));
}

Level syslog_priority(std::string_view line) {
    std::size_t end = 1;
    unsigned priority = 0;
    while (end < line.size() && end < 4 && is_digit(line[end]))
        priority = priority * 10 + static_cast<unsigned>(line[end++] - '0');
    if (end == 1 || end >= line.size() || line[end] != '>' || priority > 191) return Level::none;
    const char severity = static_cast<char>('0' + (priority & 7));
    return level_of_number({&severity, 1});
}

Level at_start(std::string_view line) {
    if (line.empty()) return Level::none;
    switch (line[0]) {
        case '<':
            return syslog_priority(line);
        case 'I':
        case 'W':
        case 'E':
        case 'F':
            return glog(line);
        default:
            return Level::none;
    }
}

Level at_candidate(const Place& place, std::size_t index) {
    switch (place.at(index)) {
        case '[':
            return place.bracketed(index);
        case '=':
            return place.assigned(index);
        case ':':
            return place.after_or_before_colon(index);
        case '\x1B':
            return place.coloured(index);
        default:
            return place.bare(index);
    }
}

}  // namespace

std::string_view level_name(Level level) { return names[static_cast<std::size_t>(level)]; }

Level level_of_name(std::string_view name) {
    if (name.empty() || name.size() > name_bytes_max) return Level::none;
    if (name.size() == 1) return look_up(pack(name), letter_table);
    return level_of_marked_name(name);
}

Level level_of_number(std::string_view digits) {
    if (digits.size() == 1) {
        switch (digits[0]) {
            case '0':
            case '1':
            case '2':
                return Level::fatal;
            case '3':
                return Level::error;
            case '4':
                return Level::warn;
            case '5':
            case '6':
                return Level::info;
            case '7':
                return Level::debug;
            default:
                return Level::none;
        }
    }
    if (digits.size() != 2 || digits[1] != '0' || digits[0] < '1' || digits[0] > '6')
        return Level::none;
    // 10 is TRACE, and TRACE is the first after none.
    return static_cast<Level>(digits[0] - '0');
}

Level find_level(std::string_view line) {
    if (const Level level = at_start(line); level != Level::none) return level;
    const Place place(line);
    const std::size_t end = std::min(line.size(), level_search_bytes);
    BlockMask capital_before = 0;
    for (std::size_t begin = 0; begin < end; begin += block_bytes) {
        const Block block(line.data() + begin);
        const BlockMask capitals = block.capital_letters();
        // Where a run of capitals begins, and the four signs of a level.
        BlockMask candidates =
            (capitals & ~(capitals << 1 | capital_before)) | block.equal_any('[', '=', ':', '\x1B');
        capital_before = capitals >> (block_bytes - 1) & 1;
        if (end - begin < block_bytes) candidates &= (BlockMask{1} << (end - begin)) - 1;
        for (; candidates != 0; candidates &= candidates - 1) {
            const auto index = begin + static_cast<std::size_t>(std::countr_zero(candidates));
            if (const Level level = at_candidate(place, index); level != Level::none) return level;
        }
    }
    return Level::none;
}

}  // namespace logwisp
