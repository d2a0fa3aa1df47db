#include "tail/packed_choice.hpp"

#include <algorithm>
#include <charconv>

#include "tail/targets.hpp"

namespace logwisp {

namespace {

// Files that begin alike are told apart behind this: a few first lines that are the same every time
// make no copy.
constexpr std::uint64_t telling_bytes = 4096;
constexpr std::int64_t second_ns = 1'000'000'000;
// A rotation's number, not a date.
constexpr std::size_t number_digits_max = 5;

std::optional<std::uint32_t> number_of(std::string_view stamp) {
    std::uint32_t number = 0;
    const char* const end = stamp.data() + stamp.size();
    const auto parsed = std::from_chars(stamp.data(), end, number);
    if (stamp.size() > number_digits_max || parsed.ec != std::errc() || parsed.ptr != end)
        return std::nullopt;
    return number;
}

std::string_view stamp_of(std::string_view original, std::string_view path) {
    return rotation_stamp(original, unpacked_name(base_name(path)));
}

// Whether names alone say which of two generations is the older one.
enum class Naming { numbers, dates, other };

Naming naming_of(std::string_view one, std::string_view other) {
    if (number_of(one) && number_of(other)) return Naming::numbers;
    const bool numbers = number_of(one) || number_of(other);
    return !numbers && !one.empty() && one.size() == other.size() ? Naming::dates : Naming::other;
}

bool older_by_name(Naming naming, std::string_view one, std::string_view other) {
    return naming == Naming::numbers ? *number_of(one) > *number_of(other) : one < other;
}

// It was written after `then`. Some tools keep whole seconds only: within one nothing is known.
enum class After { yes, no, unknown };

After written_after(std::int64_t written_ns, std::int64_t then_ns) {
    if (written_ns >= then_ns) return After::yes;
    return written_ns % second_ns == 0 && written_ns + second_ns > then_ns ? After::unknown
                                                                           : After::no;
}

// Of a file that was read to its end the packed form is as long as that. A long one was read when
// it holds what was read of it: what was written behind that had its own follower.
bool was_read(const PackedFile& file, const std::vector<ContentMark>& marks) {
    return std::any_of(file.holds.begin(), file.holds.end(), [&](std::uint32_t index) {
        return index != 0 && (marks[index].position() == file.text_bytes() ||
                              marks[index].position() >= telling_bytes);
    });
}

}  // namespace

void sort_packed(std::string_view original, std::vector<PackedFile>& files) {
    std::optional<Naming> all;
    for (std::size_t index = 1; index < files.size(); ++index) {
        const Naming naming =
            naming_of(stamp_of(original, files[0].path), stamp_of(original, files[index].path));
        if (all && *all != naming) all = Naming::other;
        if (!all) all = naming;
    }
    std::sort(files.begin(), files.end(), [&](const PackedFile& a, const PackedFile& b) {
        if (all == Naming::other) return a.status.modified_ns < b.status.modified_ns;
        return older_by_name(*all, stamp_of(original, a.path), stamp_of(original, b.path));
    });
}

PackedChoice choose_packed(const PackedQuestion& question, const std::vector<PackedFile>& files,
                           const std::vector<ContentMark>& marks, const std::vector<bool>& read) {
    PackedChoice choice;
    const auto usable = [&](std::size_t index) {
        return files[index].state == PackedFile::State::whole && !read[index] &&
               !was_read(files[index], marks);
    };
    if (question.rest_is_packed) {
        // Of several that begin alike the oldest: the others came after it.
        for (std::size_t index = 0; index < files.size() && !choice.rest; ++index) {
            const bool known =
                question.rest_identity && *question.rest_identity == files[index].status.identity;
            const bool same = question.rest_position == 0 ? known : files[index].holds_mark(0);
            if (same && usable(index)) choice.rest = index;
        }
    }
    if (!question.generations) return choice;
    std::string_view old_stamp;
    std::int64_t written_ns = question.written_ns;
    if (choice.rest) {
        old_stamp = stamp_of(question.original, files[*choice.rest].path);
        written_ns = files[*choice.rest].written_ns;
    } else if (!question.plain_name.empty()) {
        old_stamp = rotation_stamp(question.original, question.plain_name);
    }
    for (std::size_t index = 0; index < files.size(); ++index) {
        const PackedFile& file = files[index];
        if (choice.rest == index) continue;
        const std::string_view stamp = stamp_of(question.original, file.path);
        const Naming naming = naming_of(stamp, old_stamp);
        const bool named = naming != Naming::other;
        if (named && !older_by_name(naming, old_stamp, stamp)) continue;
        const After after = written_after(file.written_ns, written_ns);
        const bool whole = file.state == PackedFile::State::whole;
        if (whole && !usable(index)) continue;
        if (after == After::no && !(named && choice.rest)) continue;
        if (!whole || after == After::no || (after == After::unknown && !named))
            choice.undecided.push_back(index);
        else
            choice.generations.push_back(index);
    }
    // Nothing of it was read: the first that came after it is as likely itself.
    if (question.rest_is_packed && question.rest_position == 0 && !choice.rest &&
        !choice.generations.empty()) {
        choice.rest = choice.generations.front();
        choice.generations.erase(choice.generations.begin());
    }
    return choice;
}

}  // namespace logwisp
