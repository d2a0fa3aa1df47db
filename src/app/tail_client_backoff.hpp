// Pauses between attempts: what the server asked for, doubled after every attempt that brought
// nothing, up to 30 s, each lengthened by up to a half at random so that a thousand readers do not
// come back in the same instant.
#pragma once

#include <cstdint>

namespace logwisp {

class Backoff {
  public:
    static constexpr std::uint32_t pause_ms_max = 30'000;
    static constexpr std::uint32_t pause_ms_floor = 10;

    explicit Backoff(std::uint32_t base_ms) : base_ms_(base_ms) {}
    void set_base(std::uint64_t base_ms);
    void reset() { failures_ = 0; }
    // `jitter` in [0, 1).
    [[nodiscard]] std::uint32_t next_ms(double jitter);

  private:
    std::uint32_t base_ms_;
    std::uint32_t failures_ = 0;
};

}  // namespace logwisp
