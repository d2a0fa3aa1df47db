// A ring takes what the backend submits and nothing else: who got hold of one opens no file and makes
// no connection with it. Method: a ring as the backend makes it is asked for operations that it is not
// made for, beside one that it is; and a forked child where the kernel does not restrict rings.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <functional>

#include "reactor/recorder.hpp"
#include "reactor/uring_ring.hpp"
#include "support/backends.hpp"

namespace logwisp {
namespace {

bool has_uring() { return test::all_backends().size() > 1; }

constexpr UringSizes small{.submission_entries = 8, .completion_entries = 16, .recv_buffers = 2};

class Restriction : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!has_uring()) return;
        ASSERT_TRUE(ring_.open(small, true));
        ASSERT_TRUE(ring_.restrict_operations());
        ASSERT_EQ(io_uring_enable_rings(ring()), 0);
    }
    io_uring* ring() { return ring_.get(); }
    // The result of what `prepare` makes of a submission entry.
    int result_of(const std::function<void(io_uring_sqe*)>& prepare) {
        prepare(io_uring_get_sqe(ring()));
        io_uring_cqe* done = nullptr;
        if (io_uring_submit_and_wait(ring(), 1) < 0 || io_uring_peek_cqe(ring(), &done) != 0)
            return 1;
        const int result = done->res;
        io_uring_cqe_seen(ring(), done);
        return result;
    }

  private:
    Ring ring_;
};

TEST_F(Restriction, a_ring_opens_no_file_and_makes_no_connection) {
    if (!has_uring()) return;
    const auto with = [](std::uint8_t operation) {
        return [operation](io_uring_sqe* sqe) {
            io_uring_prep_nop(sqe);
            sqe->opcode = operation;
        };
    };
    EXPECT_EQ(result_of([](io_uring_sqe* sqe) {
                  io_uring_prep_openat(sqe, AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC, 0);
              }),
              -EACCES);
    for (const std::uint8_t operation :
         {IORING_OP_OPENAT2, IORING_OP_CONNECT, IORING_OP_SOCKET, IORING_OP_WRITE, IORING_OP_STATX,
          IORING_OP_UNLINKAT, IORING_OP_RENAMEAT, IORING_OP_LINKAT, IORING_OP_SPLICE,
          IORING_OP_SENDMSG, IORING_OP_URING_CMD})
        EXPECT_EQ(result_of(with(operation)), -EACCES) << int{operation};
}

TEST_F(Restriction, a_ring_polls_but_takes_no_other_flags_and_registers_nothing) {
    if (!has_uring()) return;
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const auto poll = [&](std::uint8_t flags) {
        return [&ends, flags](io_uring_sqe* sqe) {
            io_uring_prep_poll_add(sqe, ends[1], POLLOUT);
            sqe->flags |= flags;
        };
    };
    EXPECT_EQ(result_of(poll(0)), POLLOUT);
    EXPECT_EQ(result_of(poll(IOSQE_ASYNC)), -EACCES);
    EXPECT_EQ(io_uring_register_files(ring(), ends.data(), 1), -EACCES);
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST(Restricted, is_every_io_uring_backend_and_where_the_kernel_does_not_it_works_without) {
    if (!has_uring()) return;
    auto restricted = make_uring_backend(BackendOptions{});
    ASSERT_TRUE(restricted);
    EXPECT_TRUE((*restricted)->restricted());

    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(20);
        sock_filter filter[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_register, 0, 3),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IORING_REGISTER_RESTRICTIONS, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        sock_fprog program{.len = std::size(filter), .filter = filter};
        CHECK(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
        CHECK(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
        auto made = make_uring_backend(BackendOptions{});
        if (!made) ::_exit(1);
        if ((*made)->restricted()) ::_exit(2);
        Reactor reactor(std::move(*made));
        test::Recorder polling;
        std::array<int, 2> ends{};
        CHECK(::pipe2(ends.data(), O_CLOEXEC) == 0);
        reactor.poll(polling.completion, ends[1], POLLOUT);
        ::_exit(test::turn_until(reactor, [&] { return polling.ended(); }) ? 0 : 3);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace logwisp
