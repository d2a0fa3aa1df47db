#include "writer.hpp"

#include <fmt/format.h>

#include <utility>

namespace logwisp::sim {

namespace {
// What is written this long before it is destroyed has been read, when nothing was in the way.
constexpr std::uint64_t grace_ns = 1'500'000'000;
constexpr std::uint64_t late_ns_max = 1'000'000'000;
constexpr std::size_t regrown_bytes_max = 16 * 1024;
constexpr std::uint64_t pause_ns_long = 400'000'000;
}  // namespace

LogWriter::LogWriter(World& world, SimFileSystem& files, Book& book, WriterOptions options)
    : world_(world), files_(files), book_(book), options_(std::move(options)) {}

void LogWriter::open() {
    CHECK(files_.open_writer(options_.path, true, file_) == 0);
    opened_ns_ = world_.now_ns();
}

void LogWriter::write_before_start(std::uint32_t lines, Due due) {
    open();
    due_ = due;
    for (std::uint32_t i = 0; i < lines; ++i) write_line();
    due_ = Due::must;
}

void LogWriter::start() {
    world_.after(world_.random.below(options_.pause_ns_max), [this] { act(); });
}

void LogWriter::act() {
    if (finished_) return;
    if (world_.now_ns() >= options_.end_ns) return finish();
    if (file_.name == nullptr) open();
    Random& random = world_.random;
    const bool old_enough = world_.now_ns() - opened_ns_ >= options_.dwell_ns_min;
    if (!rest_.empty() && random.chance(600))
        end_partial();
    else if (rest_.empty() && old_enough && random.chance(150))
        rotate();
    else if (rest_.empty() && random.chance(100))
        begin_partial();
    else if (rest_.empty())
        write_burst();
    const bool enough = next_number_ >= options_.lines_max;
    world_.after(random.skewed(enough ? pause_ns_long : options_.pause_ns_max), [this] { act(); });
}

void LogWriter::finish() {
    if (finished_) return;
    finished_ = true;
    if (!rest_.empty()) end_partial();
    if (late_file_.name != nullptr) files_.close_writer(late_file_);
    if (file_.name != nullptr) files_.close_writer(file_);
}

void LogWriter::write_last(std::uint32_t lines) {
    open();
    due_ = Due::may;
    for (std::uint32_t i = 0; i < lines; ++i) write_line();
    if (!rest_.empty()) end_partial();
    files_.close_writer(file_);
}

// --- Lines. ---

std::string LogWriter::make_line(WrittenLine& line) {
    Random& random = world_.random;
    line.writer = options_.index;
    line.number = next_number_++;
    line.file = file_number_;
    line.due = due_;
    line.late = late_;
    line.written_ns = world_.now_ns();
    line.message = fmt::format("w{} n{} ", line.writer, line.number);
    const std::uint64_t length = random.skewed(random.chance(50) ? 3000 : 100);
    for (std::uint64_t i = 0; i < length; ++i)
        line.message += static_cast<char>('a' + random.below(26));
    line.message += ';';
    std::string text = line.message;
    const std::uint64_t kind = options_.strange_lines ? random.below(10) : 9;
    if (kind == 0) {
        text = fmt::format("{{\"msg\":\"{}\",\"level\":\"warn\",\"n\":[1,{{\"a\":null}}]}}", text);
    } else if (kind == 1) {
        line.exact = false;
        text += "\xff\xc0 \xe2\x82";
    } else if (kind == 2) {
        text += "\r";
    }
    const std::size_t counted = text.size() - (kind == 2 ? 1 : 0);
    if (counted > options_.line_bytes_max) {
        line.original_bytes = text.size();
        line.exact = false;
        // A JSON line that was cut is plain text and begins with its brace.
        if (kind == 0) {
            text = line.message;
            line.original_bytes = text.size() > options_.line_bytes_max ? text.size() : 0;
            line.exact = line.original_bytes == 0;
        }
        if (line.original_bytes != 0 && kind == 2) {
            text.pop_back();
            line.original_bytes = text.size();
        }
        if (line.original_bytes != 0)
            line.message = line.message.substr(0, options_.line_bytes_max - 8);
    }
    return text;
}

void LogWriter::put(const std::string& bytes) { files_.write(file_, bytes); }

void LogWriter::write_line() {
    WrittenLine line;
    const std::string text = make_line(line);
    line.ended = true;
    book_.add(line);
    put(text + "\n");
}

void LogWriter::write_burst() {
    const bool enough = next_number_ >= options_.lines_max;
    const std::uint64_t count = enough ? 1 : world_.random.skewed(options_.burst_max);
    for (std::uint64_t i = 0; i < count; ++i) {
        if (world_.random.chance(20)) put("\n");  // an empty line is no entry
        write_line();
    }
}

void LogWriter::begin_partial() {
    WrittenLine line;
    const std::string text = make_line(line);
    rest_number_ = line.number;
    book_.add(line);
    const std::size_t part = world_.random.below(text.size()) + 1;
    put(text.substr(0, part));
    rest_ = text.substr(part) + "\n";
}

void LogWriter::end_partial() {
    if (world_.random.chance(300) && rest_.size() > 1) {
        const std::size_t part = world_.random.below(rest_.size() - 1) + 1;
        put(rest_.substr(0, part));
        rest_.erase(0, part);
        if (!finished_) return;
    }
    WrittenLine* const line = book_.find(options_.index, rest_number_);
    line->ended = true;
    line->written_ns = world_.now_ns();
    put(std::exchange(rest_, {}));
}

// --- Rotation. ---

void LogWriter::rotate() {
    world_.trace.note("rotate", options_.index, static_cast<std::uint64_t>(options_.rotation));
    switch (options_.rotation) {
        case Rotation::none:
            return;
        case Rotation::rename_create:
        case Rotation::rename_late:
            return rename_away();
        case Rotation::copy_truncate:
            copy_away();
            return truncate();
        case Rotation::truncate:
            return truncate();
        case Rotation::remove:
            if (options_.trouble) book_.excuse(options_.index, file_number_, 0);
            files_.remove(options_.path);
            files_.close_writer(file_);
            break;
    }
    ++file_number_;
    // Usually there is no file for a while.
    if (world_.random.chance(300)) open();
}

void LogWriter::rename_away() {
    // Often there are lines that nobody has read yet on both sides of the rotation.
    const bool busy = world_.random.chance(500);
    if (busy) write_burst();
    if (options_.trouble) book_.excuse(options_.index, file_number_, 0);
    files_.remove(options_.path + ".2");
    files_.rename(options_.path + ".1", options_.path + ".2");
    files_.rename(options_.path, options_.path + ".1");
    if (options_.rotation == Rotation::rename_late && late_file_.name == nullptr) {
        late_file_ = std::exchange(file_, {});
        late_lines();
    } else {
        files_.close_writer(file_);
    }
    ++file_number_;
    if (!busy && world_.random.chance(500)) return;
    open();
    if (busy) write_burst();
}

// The writer has not heard of the rotation yet and goes on in the renamed file.
void LogWriter::late_lines() {
    world_.after(world_.random.below(late_ns_max), [this, file = file_number_] {
        if (late_file_.name == nullptr) return;
        const std::uint32_t now = std::exchange(file_number_, file);
        std::swap(file_, late_file_);
        due_ = options_.trouble ? Due::may : Due::must;
        late_ = true;
        if (!finished_) write_burst();
        late_ = false;
        due_ = Due::must;
        files_.close_writer(file_);
        std::swap(file_, late_file_);
        file_number_ = now;
    });
}

void LogWriter::copy_away() {
    Writer copy;
    files_.remove(options_.path + ".1");
    CHECK(files_.open_writer(options_.path + ".1", true, copy) == 0);
    files_.write(copy, files_.content(options_.path));
    files_.close_writer(copy);
}

void LogWriter::truncate() {
    const std::uint64_t now = world_.now_ns();
    const std::uint64_t since = options_.trouble || now < grace_ns ? 0 : now - grace_ns;
    book_.excuse(options_.index, file_number_, since);
    const std::size_t old_bytes = files_.content(options_.path).size();
    files_.truncate(options_.path, 0);
    ++file_number_;
    opened_ns_ = now;
    // Sometimes it has grown beyond what was read before anybody looks: its size then tells nothing.
    if (old_bytes > regrown_bytes_max || !world_.random.chance(300)) return;
    while (files_.content(options_.path).size() <= old_bytes) write_line();
}

}  // namespace logwisp::sim
