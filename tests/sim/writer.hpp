// A program that logs, and the logrotate that belongs to it: writes numbered lines of all kinds to
// one path, in whole and in parts, and rotates the file in the style of its run. Tells the Book
// what has to arrive. Acts in virtual time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "book.hpp"
#include "file_system.hpp"
#include "world.hpp"

namespace logwisp::sim {

enum class Rotation : std::uint8_t {
    none,
    rename_create,
    rename_late,
    copy_truncate,
    truncate,
    remove
};

struct WriterOptions {
    std::uint32_t index = 0;
    std::string path;
    Rotation rotation = Rotation::none;
    std::uint64_t pause_ns_max = 200'000'000;
    std::uint64_t dwell_ns_min = 2'000'000'000;  // a file stays under its name at least this long
    std::uint64_t end_ns = 0;
    std::uint32_t line_bytes_max = 1024 * 1024;
    std::uint32_t burst_max = 20;
    std::uint32_t lines_max = 1500;  // then only single lines, slowly: a run stays short
    bool strange_lines = true;
    bool trouble = false;  // opening or reading may fail: what is destroyed need not have been read
};

class LogWriter {
  public:
    LogWriter(World& world, SimFileSystem& files, Book& book, WriterOptions options);

    // Lines that are there before the program starts.
    void write_before_start(std::uint32_t lines, Due due);
    void start();
    // Ends what is half written and closes. Nothing more is written afterwards.
    void finish();
    // After finish(): lines that come too late to be sure of being read.
    void write_last(std::uint32_t lines);
    [[nodiscard]] bool finished() const { return finished_; }

  private:
    void act();
    void write_line();
    void write_burst();
    void begin_partial();
    void end_partial();
    std::string make_line(WrittenLine& line);
    void put(const std::string& bytes);
    void open();
    void rotate();
    void rename_away();
    void copy_away();
    void truncate();
    void late_lines();

    World& world_;
    SimFileSystem& files_;
    Book& book_;
    WriterOptions options_;
    Writer file_;
    Writer late_file_;
    std::uint32_t next_number_ = 0;
    std::uint32_t file_number_ = 0;
    std::uint64_t opened_ns_ = 0;
    std::string rest_;  // of a line that is half written
    std::uint32_t rest_number_ = 0;
    Due due_ = Due::must;
    bool late_ = false;
    bool finished_ = false;
};

}  // namespace logwisp::sim
