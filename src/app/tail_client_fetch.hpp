// One GET of a small page, for commands that ask a running server. Blocking, bounded in time and
// bytes.
#pragma once

#include <cstddef>
#include <string>

#include "app/tail_client_options.hpp"
#include "app/tail_client_socket.hpp"
#include "base/result.hpp"

namespace logwisp {

// How long a server may take to answer. One that is busy answers within milliseconds; one that was
// stopped (SIGSTOP) not at all.
inline constexpr int fetch_ms_max = 3000;
inline constexpr std::size_t fetch_bytes_max = 16 * 1024 * 1024;

// The body of a 200. `address.path` and `.query` as they go over the wire.
Result<std::string> fetch_page(const TailAddress& address, const Waiter& waiter);

// For a query: everything but unreserved characters percent-encoded.
std::string percent_encoded(std::string_view text);

}  // namespace logwisp
