#include "reactor/uring_ring.hpp"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "base/check.hpp"
#include "reactor/turn_limits.hpp"

namespace logwisp {

namespace {

// SINGLE_ISSUER, DEFER_TASKRUN: one thread submits and completions are worked off when it asks, not
// whenever an interrupt comes. CQSIZE: a completion queue for the clients, not for the submissions.
// SUBMIT_ALL: one bad request does not hold up the rest.
constexpr unsigned setup_flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                 IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL;
// NODROP: an overflowing completion queue loses nothing. EXT_ARG: waits with a time limit.
// FAST_POLL: no thread per waiting recv.
constexpr unsigned needed_features =
    IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_FAST_POLL | IORING_FEAT_CQE_SKIP;

// Everything that UringBackend submits; IORING_OP_MSG_RING only where it is there.
constexpr std::array needed_operations = {
    IORING_OP_ACCEPT,   IORING_OP_RECV,  IORING_OP_SEND,        IORING_OP_READ,
    IORING_OP_POLL_ADD, IORING_OP_FSYNC, IORING_OP_ASYNC_CANCEL};
constexpr std::array optional_operations = {IORING_OP_MSG_RING};
constexpr std::uint8_t used_flags = IOSQE_BUFFER_SELECT | IOSQE_CQE_SKIP_SUCCESS;
constexpr std::array used_registrations = {IORING_REGISTER_RING_FDS, IORING_UNREGISTER_RING_FDS};

void* map_memory(std::size_t bytes) {
    void* memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? nullptr : memory;
}

Result<void> probe_operations(io_uring* ring) {
    io_uring_probe* probe = io_uring_get_probe_ring(ring);
    if (probe == nullptr) return failure(ENOSYS, "io_uring probe");
    int missing = -1;
    for (const io_uring_op operation : needed_operations) {
        if (io_uring_opcode_supported(probe, operation) == 0) missing = operation;
    }
    io_uring_free_probe(probe);
    if (missing >= 0) return failure(0, "io_uring lacks operation " + std::to_string(missing));
    return {};
}

// One completion within a moment, or -ETIME.
int next_result(io_uring* ring, unsigned* flags, std::uint64_t* user_data) {
    __kernel_timespec limit{.tv_sec = 0, .tv_nsec = 200'000'000};
    io_uring_cqe* completion = nullptr;
    const int waited = io_uring_submit_and_wait_timeout(ring, &completion, 1, &limit, nullptr);
    if (waited < 0 || completion == nullptr) return waited < 0 ? waited : -ETIME;
    const int result = completion->res;
    *flags = completion->flags;
    *user_data = completion->user_data;
    io_uring_cqe_seen(ring, completion);
    return result;
}

Result<void> probe_multishot_recv(io_uring* ring) {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
        return failure(errno, "socketpair");
    io_uring_sqe* sqe = io_uring_get_sqe(ring);
    io_uring_prep_recv_multishot(sqe, pair[0], nullptr, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = RecvBuffers::group;
    static_cast<void>(!::write(pair[1], "x", 1));
    unsigned flags = 0;
    std::uint64_t user_data = 0;
    const int result = next_result(ring, &flags, &user_data);
    // Ends the multishot as well.
    ::close(pair[1]);
    if (result == 1) static_cast<void>(next_result(ring, &flags, &user_data));
    ::close(pair[0]);
    if (result != 1) return failure(result < 0 ? -result : 0, "io_uring multishot recv");
    return {};
}

bool probe_message(io_uring* source, io_uring* target) {
    constexpr std::uint64_t word = 0x5157;
    io_uring_sqe* sqe = io_uring_get_sqe(source);
    io_uring_prep_msg_ring(sqe, target->ring_fd, 0, word, 0);
    unsigned flags = 0;
    std::uint64_t user_data = 0;
    if (next_result(source, &flags, &user_data) != 0) return false;
    return next_result(target, &flags, &user_data) == 0 && user_data == word;
}

}  // namespace

Ring::~Ring() {
    if (open_) io_uring_queue_exit(&ring_);
}

Result<void> Ring::open(const UringSizes& sizes, bool disabled) {
    io_uring_params params{};
    params.flags = setup_flags | (disabled ? IORING_SETUP_R_DISABLED : 0U);
    params.cq_entries = sizes.completion_entries;
    const int failed = io_uring_queue_init_params(sizes.submission_entries, &ring_, &params);
    if (failed < 0) return failure(-failed, "io_uring_setup");
    open_ = true;
    if ((params.features & needed_features) != needed_features)
        return failure(ENOSYS, "io_uring features");
    return {};
}

bool Ring::restrict_operations() {
    std::vector<io_uring_restriction> allowed;
    const auto allow_operation = [&allowed](io_uring_op operation) {
        io_uring_restriction& one = allowed.emplace_back();
        one.opcode = IORING_RESTRICTION_SQE_OP;
        one.sqe_op = static_cast<std::uint8_t>(operation);
    };
    for (const io_uring_op operation : needed_operations) allow_operation(operation);
    for (const io_uring_op operation : optional_operations) allow_operation(operation);
    for (const auto registration : used_registrations) {
        io_uring_restriction& one = allowed.emplace_back();
        one.opcode = IORING_RESTRICTION_REGISTER_OP;
        one.register_op = static_cast<std::uint8_t>(registration);
    }
    io_uring_restriction& flags = allowed.emplace_back();
    flags.opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
    flags.sqe_flags = used_flags;
    return io_uring_register_restrictions(&ring_, allowed.data(),
                                          static_cast<unsigned>(allowed.size())) == 0;
}

RecvBuffers::~RecvBuffers() {
    if (ring_ != nullptr) ::munmap(ring_, ring_bytes());
    if (bytes_ != nullptr) ::munmap(bytes_, count_ * recv_buffer_bytes);
}

Result<void> RecvBuffers::open(io_uring* ring, std::uint32_t count) {
    CHECK(count > 0 && (count & (count - 1)) == 0 && count <= 32'768);
    count_ = count;
    ring_ = static_cast<io_uring_buf_ring*>(map_memory(ring_bytes()));
    bytes_ = static_cast<char*>(map_memory(count_ * recv_buffer_bytes));
    if (ring_ == nullptr || bytes_ == nullptr) return failure(ENOMEM, "mmap");
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uintptr_t>(ring_);
    registration.ring_entries = count_;
    registration.bgid = group;
    const int failed = io_uring_register_buf_ring(ring, &registration, 0);
    if (failed < 0) return failure(-failed, "io_uring_register_buf_ring");
    io_uring_buf_ring_init(ring_);
    for (std::uint32_t i = 0; i < count_; ++i) give_back(static_cast<std::uint16_t>(i));
    return {};
}

const char* RecvBuffers::data(std::uint16_t buffer) const {
    CHECK(buffer < count_);
    return bytes_ + buffer * recv_buffer_bytes;
}

void RecvBuffers::give_back(std::uint16_t buffer) {
    io_uring_buf_ring_add(ring_, bytes_ + buffer * recv_buffer_bytes, recv_buffer_bytes, buffer,
                          io_uring_buf_ring_mask(count_), 0);
    io_uring_buf_ring_advance(ring_, 1);
}

std::size_t RecvBuffers::ring_bytes() const { return count_ * sizeof(io_uring_buf); }

Result<UringFeatures> probe_uring() {
    constexpr UringSizes sizes{.submission_entries = 4, .completion_entries = 8, .recv_buffers = 2};
    RecvBuffers buffers;
    Ring ring;
    Ring other;
    if (auto opened = ring.open(sizes, false); !opened) return tl::unexpected(opened.error());
    if (auto opened = other.open(sizes, false); !opened) return tl::unexpected(opened.error());
    if (auto known = probe_operations(ring.get()); !known) return tl::unexpected(known.error());
    if (auto opened = buffers.open(ring.get(), sizes.recv_buffers); !opened)
        return tl::unexpected(opened.error());
    if (auto works = probe_multishot_recv(ring.get()); !works) return tl::unexpected(works.error());
    return UringFeatures{.wake_by_message = probe_message(ring.get(), other.get())};
}

}  // namespace logwisp
