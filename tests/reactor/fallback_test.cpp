// Where io_uring is refused or locked memory is short, the reactor runs on smaller rings or on
// epoll, and says why; where epoll gets no thread for syncs, they fail and nothing else does. Method:
// a forked child takes system calls away with a seccomp filter, or becomes an ordinary user with a
// small RLIMIT_MEMLOCK, and then receives a byte.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <functional>

#include "reactor/recorder.hpp"
#include "support/backends.hpp"

namespace logwisp {
namespace {

int in_child(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(20);
        ::_exit(body());
    }
    int status = 0;
    CHECK(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

void deny(std::uint32_t call, int error) {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    sock_fprog program{.len = 4, .filter = filter};
    CHECK(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

// Each of the set's backends passes a byte.
bool all_work(BackendSet& set) {
    for (auto& backend : set.backends) {
        backend->start_on_this_thread();
        Reactor reactor(std::move(backend));
        test::TcpPair pair;
        test::Recorder receiving;
        reactor.recv(receiving.completion, pair.ours);
        test::write_all(pair.theirs, "x");
        ::shutdown(pair.theirs, SHUT_WR);
        if (!test::turn_until(reactor, [&] { return receiving.ended(); })) return false;
        if (receiving.received != "x") return false;
    }
    return true;
}

TEST(Fallback, io_uring_refused_means_epoll_and_a_reason) {
    for (const int error : {EPERM, ENOSYS, ENOMEM}) {
        EXPECT_EQ(
            in_child([&] {
                deny(SYS_io_uring_setup, error);
                auto set = make_backends(2, {});
                if (!set) return 1;
                if (set->why_not_io_uring != std::string("io_uring_setup: ") + std::strerror(error))
                    return 2;
                if (set->backends[0]->name() != "epoll") return 3;
                if (set->backends[1]->name() != "epoll") return 4;
                return all_work(*set) ? 0 : 5;
            }),
            0);
    }
}

TEST(Fallback, asked_for_by_name_io_uring_has_no_substitute) {
    EXPECT_EQ(in_child([] {
                  deny(SYS_io_uring_setup, EPERM);
                  auto set = make_backends(1, {.choice = BackendChoice::io_uring});
                  return !set && set.error().code == EPERM ? 0 : 1;
              }),
              0);
}

TEST(Fallback, epoll_asked_for_by_name_needs_no_reason) {
    auto set = make_backends(2, {.choice = BackendChoice::epoll});
    ASSERT_TRUE(set.has_value());
    EXPECT_EQ(set->why_not_io_uring, "");
    EXPECT_EQ(set->backends[0]->name(), "epoll");
    EXPECT_TRUE(all_work(*set));
}

TEST(Fallback, without_a_thread_a_sync_fails_and_the_rest_goes_on) {
    EXPECT_EQ(in_child([] {
                  deny(SYS_clone, EAGAIN);
                  deny(SYS_clone3, EAGAIN);
                  auto set = make_backends(1, {.choice = BackendChoice::epoll});
                  if (!set) return 1;
                  Reactor reactor(std::move(set->backends[0]));
                  test::TcpPair pair;
                  test::Recorder syncing;
                  test::Recorder receiving;
                  for (int round = 1; round <= 2; ++round) {
                      reactor.sync(syncing.completion, pair.ours);
                      if (!test::turn_until(reactor, [&] { return syncing.finals == round; }))
                          return 2;
                      if (syncing.last() != -EAGAIN) return 3;
                  }
                  reactor.recv(receiving.completion, pair.ours);
                  test::write_all(pair.theirs, "x");
                  ::shutdown(pair.theirs, SHUT_WR);
                  if (!test::turn_until(reactor, [&] { return receiving.ended(); })) return 4;
                  return receiving.received == "x" ? 0 : 5;
              }),
              0);
}

TEST(Fallback, little_locked_memory_means_smaller_rings_or_epoll_but_always_a_start) {
    for (const rlim_t bytes : {0UL, 64UL << 10, 512UL << 10, 2UL << 20, 8UL << 20}) {
        EXPECT_EQ(in_child([&] {
                      const rlimit locked{.rlim_cur = bytes, .rlim_max = bytes};
                      if (::setrlimit(RLIMIT_MEMLOCK, &locked) != 0) return 1;
                      // Not privileged elsewhere either: then the limit holds as it is.
                      if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0))
                          return 2;
                      auto set = make_backends(4, {});
                      if (!set) return 3;
                      const bool uring = set->backends[0]->name() == "io_uring";
                      if (uring != set->why_not_io_uring.empty()) return 4;
                      return all_work(*set) ? 0 : 5;
                  }),
                  0)
            << bytes;
    }
}

}  // namespace
}  // namespace logwisp
