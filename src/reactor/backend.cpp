#include "reactor/backend.hpp"

namespace logwisp {

Result<std::unique_ptr<Backend>> make_uring_backend(const BackendOptions&) {
    return failure(ENOSYS, "io_uring_setup");
}

Result<BackendSet> make_backends(std::size_t count, const BackendOptions& options) {
    BackendSet set;
    for (std::size_t i = 0; i < count; ++i) {
        auto backend = make_epoll_backend(options);
        if (!backend) return tl::unexpected(backend.error());
        set.backends.push_back(std::move(*backend));
    }
    return set;
}

}  // namespace logwisp
