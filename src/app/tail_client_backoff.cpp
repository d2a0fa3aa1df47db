#include "app/tail_client_backoff.hpp"

#include <algorithm>

namespace logwisp {

void Backoff::set_base(std::uint64_t base_ms) {
    base_ms_ = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(base_ms, pause_ms_floor, pause_ms_max));
}

std::uint32_t Backoff::next_ms(double jitter) {
    const std::uint64_t doubled = std::uint64_t{base_ms_} << std::min(failures_, 12u);
    ++failures_;
    const auto lengthened =
        static_cast<std::uint64_t>(static_cast<double>(doubled) * (1 + jitter / 2));
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(lengthened, pause_ms_max));
}

}  // namespace logwisp
