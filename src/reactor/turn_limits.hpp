// What a backend does at most in one turn, and the sizes of what it allocates at start.
#pragma once

#include <cstddef>
#include <cstdint>

namespace logwisp {

// Outcomes delivered per turn; the rest waits for the next one, first come first served. So many
// clients at most are answered before anything is sent, and what they are answered waits in memory.
// Sends are outside the bound: they complete while they are submitted, there is at most one per
// connection, and after a turn none may be left.
inline constexpr std::size_t outcomes_per_turn_max = 256;
// One listener's connections per turn (epoll), so that a connect storm does not starve the readers
// that are already there.
inline constexpr std::uint32_t accepts_per_turn_max = 64;
// Readiness events fetched at once (epoll).
inline constexpr std::size_t events_per_turn_max = 1024;
// One read from one socket (epoll). Clients send requests of a few hundred bytes; more comes in the
// next turn.
inline constexpr std::size_t recv_bytes_max = 64 * 1024;

// io_uring: queue sizes. The completion queue holds a few outcomes per connection; when it still
// overflows the kernel keeps the rest in a list of its own, which costs time but loses nothing.
inline constexpr std::uint32_t completions_entries_floor = 4096;
inline constexpr std::uint32_t completions_entries_ceiling = 65'536;
inline constexpr std::uint32_t completions_per_connection = 2;
// Retrying with less locked memory halves everything and ends here.
inline constexpr std::uint32_t submission_entries_floor = 128;
inline constexpr std::uint32_t recv_buffers_floor = 8;
// The kernel gives locked memory back some time after a ring was closed.
inline constexpr std::uint32_t ring_retry_ms = 20;
// io_uring: one received piece. Nearly every request fits; 256 of them are touched in turn, so their
// size is memory.
inline constexpr std::size_t recv_buffer_bytes = 1024;

// A peer that has not acknowledged anything for this long, with data on the wire that is being sent
// again, is gone.
inline constexpr std::uint32_t peer_silent_ms = 45'000;

}  // namespace logwisp
