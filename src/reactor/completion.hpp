// A Completion is one operation in flight. Whoever waits embeds it: no allocation, no
// std::function.
//
// Life: bind() once; Reactor::recv/send/... takes it (CHECK: it was free); the callback runs from
// the reactor's ready queue with an Outcome, never inside the submitting call and never
// recursively. An Outcome with more == false is the last one and frees the Completion just before
// the callback runs, so the callback may submit it again at once. The destructor CHECKs that it is
// free: an owner closes by cancelling, counting final answers, and only then going away. One
// thread: the reactor's.
#pragma once

#include <cstdint>
#include <span>

#include "base/check.hpp"

namespace logwisp {

struct Outcome {
    std::int32_t result = 0;  // a count of bytes, a descriptor (accept), a poll mask, 0; or -errno
    bool more = false;        // true: still armed, more outcomes will follow (multishot)
    std::span<const char> data{};  // recv only: what arrived, valid until the callback returns
};

enum class Operation : std::uint8_t {
    none,
    accept,  // multishot: one outcome per connection, result = its descriptor (non-blocking,
             // close-on-exec)
    recv,  // multishot, into the backend's buffers; result 0 = the peer has finished sending (then
           // more == false)
    send,  // one shot, MSG_DONTWAIT | MSG_NOSIGNAL: -EAGAIN when nothing fits now; a positive
           // result may be partial
    read,  // one shot read of a file at an offset
    poll,  // one shot readiness; result = revents
    sync,  // one shot fdatasync: what was written to the file before is on the disk; result 0. An
           // error is told once, and the bytes it was about are lost: another sync may succeed
};

class Completion {
  public:
    Completion() = default;
    Completion(const Completion&) = delete;
    Completion& operator=(const Completion&) = delete;
    ~Completion() { CHECK(!in_flight()); }

    // completion.bind<&Connection::on_received>(*this); the owner outlives the Completion.
    template <auto Method, class Owner>
    void bind(Owner& owner) {
        CHECK(!in_flight());
        owner_ = &owner;
        callback_ = [](void* self, const Outcome& outcome) {
            (static_cast<Owner*>(self)->*Method)(outcome);
        };
    }

    [[nodiscard]] bool in_flight() const { return operation != Operation::none; }

    // --- For backends only. ---

    // Hands the outcome to the owner. The owner may destroy this Completion in the callback when
    // more == false.
    void deliver(const Outcome& outcome) {
        CHECK(in_flight());
        if (!outcome.more) operation = Operation::none;
        callback_(owner_, outcome);
    }

    Operation operation = Operation::none;
    bool cancelled = false;  // cancel() was asked for
    std::int32_t descriptor = -1;
    std::uint32_t bytes = 0;         // send, read: length; poll: the event mask
    std::uint32_t backend_word = 0;  // the backend's own: epoll's slot, the simulation's id
    std::uint64_t offset = 0;        // read
    char* buffer = nullptr;          // send (not written to), read
    Completion* next = nullptr;      // the backend's list it is on
    Completion* previous = nullptr;

  private:
    using Callback = void (*)(void* owner, const Outcome&);
    Callback callback_ = nullptr;
    void* owner_ = nullptr;
};

}  // namespace logwisp
