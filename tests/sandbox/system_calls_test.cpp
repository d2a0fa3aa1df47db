// What serving does not need is refused, to every thread, and what threads, memory and the end of a process take is not. Method: a forked
// child filters itself and calls. Whether the list has all that the service needs is shown by every end-to-end test.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <thread>

#include "sandbox/in_child.hpp"
#include "sandbox/system_calls.hpp"

namespace logwisp {
namespace {

struct Refused {
    const char* name;
    long call;
    int error = EPERM;
};

constexpr Refused refused[] = {
    {"execve", SYS_execve},
    {"execveat", SYS_execveat},
    {"ptrace", SYS_ptrace},
    {"process_vm_readv", SYS_process_vm_readv},
    {"process_vm_writev", SYS_process_vm_writev},
    {"open_by_handle_at", SYS_open_by_handle_at},
    {"mount", SYS_mount},
    {"umount2", SYS_umount2},
    {"pivot_root", SYS_pivot_root},
    {"chroot", SYS_chroot},
    {"unshare", SYS_unshare},
    {"setns", SYS_setns},
    {"bpf", SYS_bpf},
    {"perf_event_open", SYS_perf_event_open},
    {"userfaultfd", SYS_userfaultfd},
    {"keyctl", SYS_keyctl},
    {"add_key", SYS_add_key},
    {"init_module", SYS_init_module},
    {"kexec_load", SYS_kexec_load},
    {"connect", SYS_connect},
    {"io_uring_setup", SYS_io_uring_setup},
    {"setuid", SYS_setuid},
    {"capset", SYS_capset},
    {"fchmod", SYS_fchmod},
    {"fchownat", SYS_fchownat},
    {"symlinkat", SYS_symlinkat},
    {"mknodat", SYS_mknodat},
    {"kill", SYS_kill},
    {"pidfd_open", SYS_pidfd_open},
    {"personality", SYS_personality},
    {"setrlimit", SYS_setrlimit},
    {"socketpair", SYS_socketpair},
    {"fsopen", SYS_fsopen},
    {"seccomp", SYS_seccomp},
    {"clone3", SYS_clone3, ENOSYS},
    {"one that is newer", 5000, ENOSYS},
};

// 0, or the number of the first call that was not refused as it should be.
int first_not_refused() {
    int number = 1;
    for (const Refused& one : refused) {
        if (::syscall(one.call, 0, 0, 0, 0, 0, 0) != -1 || errno != one.error) return number;
        ++number;
    }
    return 0;
}

int filtered(const std::function<int()>& body) {
    if (!can_filter_system_calls()) return 0;
    return test::in_child([&] { return filter_system_calls(false) ? body() : 200; });
}

TEST(SystemCalls, that_serving_does_not_need_are_refused) {
    const int number = filtered(first_not_refused);
    EXPECT_EQ(number, 0) << (number > 0 && number <= static_cast<int>(std::size(refused))
                                 ? refused[number - 1].name
                                 : "");
}

TEST(SystemCalls, are_refused_to_every_thread) {
    EXPECT_EQ(filtered([] {
                  int number = 0;
                  std::thread([&] { number = first_not_refused(); }).join();
                  return number;
              }),
              0);
}

TEST(SystemCalls, are_refused_by_what_they_are_asked_for) {
    EXPECT_EQ(filtered([] {
                  for (const int family : {AF_PACKET, AF_NETLINK, AF_VSOCK, AF_ALG})
                      if (::socket(family, SOCK_RAW, 0) >= 0 || errno != EPERM) return 1;
                  for (const int family : {AF_UNIX, AF_INET})
                      if (::socket(family, SOCK_STREAM, 0) < 0) return 2;
                  if (::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                             0) != MAP_FAILED)
                      return 3;
                  void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                  if (page == MAP_FAILED) return 4;
                  if (::mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0 || errno != EPERM)
                      return 5;
                  if (::mprotect(page, 4096, PROT_READ) != 0) return 6;
                  if (::fork() >= 0 || errno != EPERM) return 7;
                  if (::prctl(PR_SET_NAME, "a name") != 0) return 8;
                  if (::prctl(PR_SET_DUMPABLE, 0) == 0 || errno != EPERM) return 9;
                  rlimit limit{};
                  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 10;
                  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0 || errno != EPERM) return 11;
                  if (::syscall(SYS_tgkill, ::getppid(), ::getppid(), 0) == 0 || errno != EPERM)
                      return 12;
                  return 0;
              }),
              0);
}

TEST(SystemCalls, let_a_process_abort) {
    if (!can_filter_system_calls()) return;
    const int status = filtered([]() -> int { ::abort(); });
    EXPECT_EQ(status - 1000, SIGABRT);
}

#ifdef __x86_64__
TEST(SystemCalls, of_another_architecture_are_refused) {
    EXPECT_EQ(filtered([] {
                  // getpid as 32-bit programs do it.
                  long result = 20;
                  asm volatile("int $0x80" : "+a"(result) : : "memory");
                  // -ENOSYS: a kernel without them.
                  return result == -EPERM || result == -ENOSYS ? 0 : 1;
              }),
              0);
}
#endif

TEST(SystemCalls, may_be_told_of_when_they_are_refused) {
    if (!can_filter_system_calls()) return;
    EXPECT_EQ(test::in_child([] { return filter_system_calls(true) ? first_not_refused() : 200; }),
              0);
}

}  // namespace
}  // namespace logwisp
