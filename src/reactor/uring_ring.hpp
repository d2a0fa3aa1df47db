// What is needed of liburing beyond liburing 2.3: creation with the flags the backend relies on, a
// provided-buffer ring, and the question whether this kernel has it all. Features are found out by
// using them on small rings of their own, never from a version number: distributions backport,
// containers forbid.
#pragma once

#include <liburing.h>

#include <cstddef>
#include <cstdint>

#include "base/result.hpp"

namespace logwisp {

struct UringSizes {
    std::uint32_t submission_entries = 0;
    std::uint32_t completion_entries = 0;
    std::uint32_t recv_buffers = 0;  // a power of two
};

// An io_uring instance; closed by the destructor. Created disabled: the thread that will use it
// enables it.
class Ring {
  public:
    Ring() = default;
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    ~Ring();

    Result<void> open(const UringSizes& sizes, bool disabled);
    // From its enabling on the ring takes only what the backend does: no files opened, no connections
    // made. A filter of system calls does not see into a ring; this does. REQUIRES: still disabled.
    // False: this kernel does not, and the ring works without.
    [[nodiscard]] bool restrict_operations();
    io_uring* get() { return &ring_; }

  private:
    io_uring ring_{};
    bool open_ = false;
};

// Buffers that the kernel picks from when data arrives, shared by all receiving sockets of a ring.
// The ring goes first.
class RecvBuffers {
  public:
    RecvBuffers() = default;
    RecvBuffers(const RecvBuffers&) = delete;
    RecvBuffers& operator=(const RecvBuffers&) = delete;
    ~RecvBuffers();

    static constexpr int group = 0;

    Result<void> open(io_uring* ring, std::uint32_t count);
    [[nodiscard]] const char* data(std::uint16_t buffer) const;
    void give_back(std::uint16_t buffer);
    [[nodiscard]] std::uint32_t count() const { return count_; }

  private:
    [[nodiscard]] std::size_t ring_bytes() const;

    io_uring_buf_ring* ring_ = nullptr;
    char* bytes_ = nullptr;
    std::uint32_t count_ = 0;
};

struct UringFeatures {
    bool wake_by_message = false;  // IORING_OP_MSG_RING ends another ring's wait
};
// Fails when something is missing that the backend cannot do without; says what.
Result<UringFeatures> probe_uring();

}  // namespace logwisp
