// Where the tokens of a JSON text are: simdjson's first stage, which also checks that the text is
// UTF-8, that its strings are closed and that they hold no control characters. It is the index that
// simdjson's On-Demand walks. We walk it ourselves (json_line.hpp), because On-Demand does not look
// at what nobody asks for, and takes it for granted that a walk never leaves the text: after a line
// that is cut short it would read on in what happens to follow. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace logwisp {

enum class JsonIndexResult : std::uint8_t { indexed, not_utf8, not_json };

class JsonIndex {
  public:
    // Memory for texts of `bytes` at first; it grows when a longer one comes.
    explicit JsonIndex(std::size_t bytes);
    ~JsonIndex();
    JsonIndex(const JsonIndex&) = delete;
    JsonIndex& operator=(const JsonIndex&) = delete;

    // REQUIRES: line_padding_bytes readable bytes after `text`, which is shorter than 4 GiB.
    JsonIndexResult build(std::string_view text);

    // Offsets of every { } [ ] : , outside of strings, of every opening quote, and of the first
    // byte of everything else, ascending.
    [[nodiscard]] std::span<const std::uint32_t> tokens() const;

  private:
    struct Stage;
    std::unique_ptr<Stage> stage_;
};

}  // namespace logwisp
