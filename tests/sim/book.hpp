// Every line that writers wrote, and what became of it: the oracle for "no line lost, none doubled,
// order per file". Fed with the entries of the one reader that has everything. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logwisp::sim {

// Whether a line has to arrive. `may`: it was destroyed, or might have been, before it could be
// read.
enum class Due : std::uint8_t { must, may, never };

struct WrittenLine {
    std::uint32_t writer = 0;
    std::uint32_t number = 0;
    std::uint32_t file = 0;  // which of the writer's files, one after another
    std::string message;     // the entry's, or what it begins with
    bool exact = true;       // the message is this and nothing more
    Due due = Due::must;
    bool late =
        false;  // into a file that had been rotated away: may come behind lines of the next one
    bool ended = false;  // its LF was written
    std::uint64_t written_ns = 0;
    std::uint64_t original_bytes = 0;  // not 0: too long, it arrives cut and says so
    std::uint32_t seen = 0;
};

struct BookOptions {
    bool files_in_order = true;  // nothing of a writer's next file before the end of the one before
};

class Book {
  public:
    explicit Book(BookOptions options) : options_(options) {}

    WrittenLine& add(WrittenLine line);
    [[nodiscard]] WrittenLine* find(std::uint32_t writer, std::uint32_t number);
    // Lines of that file that nobody has seen yet and that were written at `since_ns` or later need
    // not come any more.
    void excuse(std::uint32_t writer, std::uint32_t file, std::uint64_t since_ns);

    // An entry as it was published.
    void on_entry(const std::string& json);
    // Nothing that has to come is missing.
    [[nodiscard]] bool complete() const;
    [[nodiscard]] std::string missing() const;
    [[nodiscard]] std::uint64_t entries() const { return entries_; }
    [[nodiscard]] std::uint64_t notices() const { return notices_; }
    [[nodiscard]] std::uint64_t excused() const;
    [[nodiscard]] std::size_t lines() const { return lines_.size(); }

  private:
    void on_line(std::string_view message, std::string_view source, const std::string& json);
    void on_notice(const std::string& message, const std::string& source);
    [[nodiscard]] bool is_destroyed_rest(std::string_view message) const;
    void check_order(const WrittenLine& line);

    BookOptions options_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, WrittenLine> lines_;  // writer, number
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> last_in_file_;
    std::map<std::uint32_t, std::uint32_t> last_file_;
    std::map<std::string, std::uint64_t> rotations_;  // by source
    std::uint64_t entries_ = 0;
    std::uint64_t notices_ = 0;
};

}  // namespace logwisp::sim
