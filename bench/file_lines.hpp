// How many lines a file that somebody else appends to has got since this was made. Empty lines do
// not count, for they are not entries. The file is read by its descriptor: rotation is not followed.
#pragma once

#include <cstdint>
#include <string>

namespace logwisp::bench {

class FileLines {
  public:
    // Begins at the file's end; ends the program with a message when it cannot be opened.
    explicit FileLines(const std::string& file);
    ~FileLines();
    FileLines(const FileLines&) = delete;
    FileLines& operator=(const FileLines&) = delete;
    // Whole lines up to where the file ends now.
    [[nodiscard]] std::uint64_t grown_by() const;

  private:
    int descriptor_;
    std::int64_t begin_;
};

}  // namespace logwisp::bench
