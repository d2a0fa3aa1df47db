#include "reactor/backend.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <chrono>
#include <thread>

#include "reactor/turn_limits.hpp"
#include "reactor/uring.hpp"

namespace logwisp {

namespace {

using Backends = std::vector<std::unique_ptr<Backend>>;

UringSizes sizes_for(const BackendOptions& options) {
    const auto clients = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(
        std::uint64_t{options.connections_max} * completions_per_connection,
        completions_entries_floor, completions_entries_ceiling));
    const std::uint32_t wanted =
        options.completion_entries != 0 ? options.completion_entries : clients;
    return {.submission_entries = std::bit_ceil(options.submission_entries),
            .completion_entries = std::bit_ceil(std::min(wanted, completions_entries_ceiling)),
            .recv_buffers = std::bit_ceil(options.recv_buffers)};
}

// False when there is nothing left to give up.
bool halve(UringSizes& sizes) {
    if (sizes.submission_entries <= submission_entries_floor) return false;
    sizes.submission_entries /= 2;
    sizes.completion_entries = std::max(sizes.completion_entries / 2, 2 * sizes.submission_entries);
    sizes.recv_buffers = std::max(sizes.recv_buffers / 2, recv_buffers_floor);
    return true;
}

Result<std::unique_ptr<Backend>> make_uring(const UringFeatures& features,
                                            const UringSizes& sizes) {
    auto backend = std::make_unique<UringBackend>(features);
    if (auto opened = backend->open(sizes); !opened) return tl::unexpected(opened.error());
    return backend;
}

template <class Make>
Result<Backends> make_all(std::size_t count, Make&& make) {
    Backends backends;
    for (std::size_t i = 0; i < count; ++i) {
        Result<std::unique_ptr<Backend>> backend = make();
        if (!backend) return tl::unexpected(backend.error());
        backends.push_back(std::move(*backend));
    }
    return backends;
}

// All of one size: a core that could take fewer clients than the others would be a puzzle to
// whoever looks at it.
Result<Backends> make_all_uring(std::size_t count, const BackendOptions& options) {
    UringSizes sizes = sizes_for(options);
    const auto features = probe_uring();
    if (!features) return tl::unexpected(features.error());
    for (;;) {
        auto backends = make_all(count, [&] { return make_uring(*features, sizes); });
        if (backends || backends.error().code != ENOMEM || !halve(sizes)) return backends;
        std::this_thread::sleep_for(std::chrono::milliseconds(ring_retry_ms));
    }
}

}  // namespace

Result<std::unique_ptr<Backend>> make_uring_backend(const BackendOptions& options) {
    const auto features = probe_uring();
    if (!features) return tl::unexpected(features.error());
    return make_uring(*features, sizes_for(options));
}

Result<BackendSet> make_backends(std::size_t count, const BackendOptions& options) {
    BackendSet set;
    if (options.choice != BackendChoice::epoll) {
        auto backends = make_all_uring(count, options);
        if (backends) {
            set.backends = std::move(*backends);
            return set;
        }
        if (options.choice == BackendChoice::io_uring) return tl::unexpected(backends.error());
        set.why_not_io_uring = backends.error().text();
    }
    auto backends = make_all(count, [&] { return make_epoll_backend(options); });
    if (!backends) return tl::unexpected(backends.error());
    set.backends = std::move(*backends);
    return set;
}

}  // namespace logwisp
