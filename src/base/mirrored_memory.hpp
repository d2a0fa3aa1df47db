// Memory that is mapped twice, back to back: what runs over the end of the first mapping continues
// at its beginning, so that a piece that wraps is still one contiguous span. Pages are touched only
// when used. One owner.
#pragma once

#include <cstddef>

namespace logwisp {

class MirroredMemory {
  public:
    // At least `bytes`, rounded up to a power of two of pages. Takes no descriptor. Aborts when the
    // address space is exhausted.
    explicit MirroredMemory(std::size_t bytes);
    ~MirroredMemory();
    MirroredMemory(const MirroredMemory&) = delete;
    MirroredMemory& operator=(const MirroredMemory&) = delete;

    [[nodiscard]] char* data() const { return data_; }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

  private:
    char* data_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace logwisp
