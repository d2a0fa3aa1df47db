#include "book.hpp"

#include <algorithm>
#include <cstdio>

#include "support/json_check.hpp"
#include "violation.hpp"

namespace logwisp::sim {

namespace {

using test::Json;

std::string text_of(const Json& object, std::string_view key) {
    const Json* value = object.find(key);
    return value != nullptr && value->kind == Json::Kind::string ? value->text : std::string();
}

// Known keys, in their order, nothing else.
void check_shape(const Json& entry, const std::string& json) {
    static const std::vector<std::string> order = {"time", "source", "level", "message", "fields"};
    std::size_t at = 0;
    for (const std::string& key : entry.keys()) {
        while (at < order.size() && order[at] != key) ++at;
        if (at == order.size()) violation("keys of an entry: {}", json);
        ++at;
    }
    for (const char* key : {"time", "source", "message"})
        if (entry.find(key) == nullptr) violation("an entry without {}: {}", key, json);
}

}  // namespace

WrittenLine& Book::add(WrittenLine line) {
    const std::pair key{line.writer, line.number};
    return lines_[key] = std::move(line);
}

WrittenLine* Book::find(std::uint32_t writer, std::uint32_t number) {
    const auto found = lines_.find({writer, number});
    return found == lines_.end() ? nullptr : &found->second;
}

void Book::excuse(std::uint32_t writer, std::uint32_t file, std::uint64_t since_ns) {
    for (auto line = lines_.lower_bound({writer, 0});
         line != lines_.end() && line->first.first == writer; ++line) {
        WrittenLine& one = line->second;
        if (one.file == file && one.written_ns >= since_ns && one.due == Due::must)
            one.due = Due::may;
    }
}

void Book::on_entry(const std::string& json) {
    ++entries_;
    const auto entry = test::JsonReader::read(json);
    if (!entry || entry->kind != Json::Kind::object) violation("not a JSON object: {}", json);
    check_shape(*entry, json);
    const std::string message = text_of(*entry, "message");
    const std::string source = text_of(*entry, "source");
    if (message.starts_with("w"))
        on_line(message, source, json);
    else
        on_notice(message, source);
}

void Book::on_line(std::string_view message, std::string_view source, const std::string& json) {
    const bool partial = json.find("\"partial\":true") != std::string::npos;
    if (partial && is_destroyed_rest(message)) return;
    unsigned writer = 0;
    unsigned number = 0;
    if (std::sscanf(std::string(message.substr(0, 40)).c_str(), "w%u n%u ", &writer, &number) != 2)
        violation("an entry that nobody wrote: {}", json);
    WrittenLine* const line = find(writer, number);
    if (line == nullptr) violation("a line that was never written: {}", json);
    if (line->due == Due::never) violation("a line from before the start: {}", json);
    if (!source.starts_with("w" + std::to_string(writer))) violation("the wrong source: {}", json);
    if (!line->ended && !partial) violation("a line without its end: {}", json);
    if (line->exact ? message != line->message : !message.starts_with(line->message))
        violation("written \"{}\", published {}", line->message, json);
    // Of a partial line, whose file was cut before its end was read, more may have been written.
    if (line->original_bytes != 0 && !partial &&
        json.find(fmt::format("\"original_bytes\":{}", line->original_bytes)) == std::string::npos)
        violation("cut without saying so ({} bytes): {}", line->original_bytes, json);
    if (++line->seen > 1) violation("a line came twice: {}", json);
    check_order(*line);
}

// The beginning of a line whose rest was truncated away.
bool Book::is_destroyed_rest(std::string_view message) const {
    return std::any_of(lines_.begin(), lines_.end(), [&](const auto& entry) {
        return entry.second.due == Due::may && entry.second.message.starts_with(message);
    });
}

void Book::check_order(const WrittenLine& line) {
    std::uint32_t& last = last_in_file_[{line.writer, line.file}];
    if (line.number < last)
        violation("w{} n{} came behind n{} of the same file", line.writer, line.number, last);
    last = line.number;
    if (line.late) return;
    std::uint32_t& file = last_file_[line.writer];
    if (options_.files_in_order && line.file < file)
        violation("w{} n{} of file {} came after lines of file {}", line.writer, line.number,
                  line.file, file);
    file = std::max(file, line.file);
}

void Book::on_notice(const std::string& message, const std::string& source) {
    unsigned long long number = 0;
    if (std::sscanf(message.c_str(), "Log rotation detected (#%llu:", &number) != 1) return;
    ++notices_;
    std::uint64_t& last = rotations_[source];
    if (number <= last) violation("rotation #{} of {} after #{}", number, source, last);
    last = number;
}

bool Book::complete() const {
    return std::all_of(lines_.begin(), lines_.end(), [](const auto& entry) {
        return entry.second.due != Due::must || entry.second.seen == 1;
    });
}

std::string Book::missing() const {
    std::string text;
    std::size_t count = 0;
    for (const auto& [key, line] : lines_)
        if (line.due == Due::must && line.seen == 0 && ++count <= 5)
            text += fmt::format(" w{} n{} (file {}, \"{:.40}\")", line.writer, line.number,
                                line.file, line.message);
    return fmt::format("{} lines of {}:{}", count, lines_.size(), text);
}

std::uint64_t Book::excused() const {
    return static_cast<std::uint64_t>(std::count_if(
        lines_.begin(), lines_.end(),
        [](const auto& entry) { return entry.second.due == Due::may && entry.second.seen == 0; }));
}

}  // namespace logwisp::sim
