#include "sandbox/system_calls.hpp"

#include <asm/ioctls.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <initializer_list>

#include "base/check.hpp"

namespace logwisp {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t architecture = 0;  // no list was made for it
#endif

// Without conditions, so that the kernel looks each up in a table of its own (since 5.11) instead of running the filter. Those of every turn
// first, for older kernels. Old calls that aarch64 never had are left out there.
constexpr std::uint32_t always[] = {
    // A turn, by io_uring or by epoll.
    SYS_io_uring_enter,
    SYS_sendto,
    SYS_recvfrom,
    SYS_read,
    SYS_write,
    SYS_pread64,
    SYS_preadv2,
    SYS_pwrite64,
    SYS_epoll_pwait,
    SYS_epoll_ctl,
    SYS_epoll_create1,  // for a file system that may hang, by a reload
    SYS_futex,
    SYS_clock_gettime,
#ifdef SYS_epoll_wait
    SYS_epoll_wait,
#endif
    // Enabling a ring on its thread.
    SYS_io_uring_register,
    // Connections and ports. No connect: nobody is called.
    SYS_accept4,
    SYS_bind,
    SYS_listen,
    SYS_shutdown,
    SYS_getsockopt,
    SYS_setsockopt,
    SYS_getsockname,
    SYS_getpeername,
    SYS_sendmsg,
    SYS_recvmsg,
    SYS_ppoll,
#ifdef SYS_poll
    SYS_poll,
#endif
    // Files: which ones, Landlock decides.
    SYS_openat,
    SYS_openat2,
    SYS_close,
    SYS_newfstatat,
    SYS_fstat,
    SYS_statx,
    SYS_statfs,
    SYS_fstatfs,
    SYS_readlinkat,
    SYS_getdents64,
    SYS_lseek,
    SYS_readv,
    SYS_writev,
    SYS_fcntl,
    SYS_dup,
    SYS_dup3,
    SYS_ftruncate,
    SYS_fallocate,
    SYS_fsync,
    SYS_fdatasync,
    SYS_flock,
    SYS_mkdirat,
    SYS_linkat,
    SYS_renameat,
    SYS_renameat2,
    SYS_unlinkat,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_getcwd,
    SYS_memfd_create,
    SYS_name_to_handle_at,
    SYS_inotify_init1,
    SYS_inotify_add_watch,
    SYS_inotify_rm_watch,
    SYS_eventfd2,
    SYS_signalfd4,
#ifdef SYS_open
    SYS_open,
    SYS_stat,
    SYS_lstat,
    SYS_readlink,
    SYS_access,
    SYS_mkdir,
    SYS_rename,
    SYS_unlink,
    SYS_rmdir,
    SYS_dup2,
#endif
    // Memory. mmap and mprotect: below.
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    SYS_brk,
    // Threads and their end. clone, prctl and tgkill: below.
    SYS_exit,
    SYS_exit_group,
    SYS_set_robust_list,
    SYS_gettid,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_sigaltstack,
    SYS_restart_syscall,
    SYS_membarrier,
#ifdef SYS_rseq
    SYS_rseq,
#endif
    // The clock, and who we are.
    SYS_clock_getres,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_getrandom,
    SYS_getpid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_getrusage,
    SYS_sysinfo,
    SYS_uname,
#ifdef SYS_time
    SYS_time,
    SYS_getrlimit,
#endif
};

// Calls that the kernel got later than the list was made are as if it did not have them, so that a C library goes back to what it did before.
constexpr std::uint32_t newest_known = 450;  // set_mempolicy_home_node, Linux 5.17

constexpr std::uint32_t refuse(int error) {
    return SECCOMP_RET_ERRNO | (static_cast<std::uint32_t>(error) & SECCOMP_RET_DATA);
}

class Filter {
  public:
    Filter() {
        load(offsetof(seccomp_data, arch));
        unless_equal(architecture, 1);
        add(BPF_JMP | BPF_JA, 1);
        add(BPF_RET | BPF_K, refuse(EPERM));
        load(offsetof(seccomp_data, nr));
    }

    void allow(std::uint32_t call) {
        unless_equal(call, 1);
        add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    void answer(std::uint32_t call, int error) {
        unless_equal(call, 1);
        add(BPF_RET | BPF_K, refuse(error));
    }
    // When its argument (the lower half: these are ints and flags) with `mask` is one of `values`.
    void allow_when(std::uint32_t call, unsigned argument, std::uint32_t mask,
                    std::initializer_list<std::uint32_t> values) {
        unless_equal(call, static_cast<std::uint8_t>(3 + 2 * values.size()));
        load(low_half(argument));
        add(BPF_ALU | BPF_AND | BPF_K, mask);
        for (const std::uint32_t value : values) allow(value);
        add(BPF_RET | BPF_K, refuse(EPERM));
    }
    // When both arguments are 0, the second one being a pointer.
    void allow_when_zero(std::uint32_t call, unsigned number, unsigned pointer) {
        unless_equal(call, 8);
        load(low_half(number));
        unless_equal(0, 5);
        load(low_half(pointer));
        unless_equal(0, 3);
        load(low_half(pointer) + 4);
        unless_equal(0, 1);
        add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        add(BPF_RET | BPF_K, refuse(EPERM));
    }
    std::vector<sock_filter> finish() {
        program_.push_back(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, newest_known, 0, 1));
        add(BPF_RET | BPF_K, refuse(ENOSYS));
        add(BPF_RET | BPF_K, refuse(EPERM));
        return std::move(program_);
    }

  private:
    // Both architectures are little-endian.
    static constexpr std::uint32_t low_half(unsigned argument) {
        return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + argument * 8);
    }
    void add(std::uint16_t code, std::uint32_t value) { program_.push_back(BPF_STMT(code, value)); }
    void load(std::uint32_t offset) { add(BPF_LD | BPF_W | BPF_ABS, offset); }
    void unless_equal(std::uint32_t value, std::uint8_t skip) {
        program_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip));
    }

    std::vector<sock_filter> program_;
};

}  // namespace

std::vector<sock_filter> system_call_filter() {
    Filter filter;
    for (const std::uint32_t call : always) filter.allow(call);
    // Nothing that was written is ever executed.
    filter.allow_when(SYS_mmap, 2, PROT_EXEC, {0});
    filter.allow_when(SYS_mprotect, 2, PROT_EXEC, {0});
    filter.allow_when(SYS_socket, 0, ~0U, {AF_UNIX, AF_INET, AF_INET6});
    // A thread, but no process and no namespace. clone3 hides what it is asked for behind a pointer; without it a C library takes clone.
    filter.allow_when(SYS_clone, 0,
                      CLONE_THREAD | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                          CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET,
                      {CLONE_THREAD});
    filter.answer(SYS_clone3, ENOSYS);
    filter.allow_when(SYS_prctl, 0, ~0U, {PR_SET_NAME, PR_GET_NAME});
    filter.allow_when(SYS_ioctl, 1, ~0U, {TCGETS, TIOCGWINSZ, FIONREAD});
    // abort() signals its own process.
    filter.allow_when(SYS_tgkill, 0, ~0U, {static_cast<std::uint32_t>(::getpid())});
    // Its own limits are read, not set.
    filter.allow_when_zero(SYS_prlimit64, 0, 2);
    return filter.finish();
}

Result<void> filter_system_calls(bool log) {
    if (auto can = can_filter_system_calls(); !can) return can;
    std::vector<sock_filter> filter = system_call_filter();
    sock_fprog program{.len = static_cast<unsigned short>(filter.size()), .filter = filter.data()};
    // SPEC_ALLOW: before Linux 5.16 a filter also switched speculation off, for code that nobody trusts, and made everything slower.
    const unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW |
                           (log ? SECCOMP_FILTER_FLAG_LOG : 0U);
    const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (result < 0) return failure(errno, "seccomp");
    if (result > 0) return failure(0, "a thread has a filter of its own");
    return {};
}

Result<void> can_filter_system_calls() {
#ifdef LOGWISP_SANITIZED
    return failure(0, "built with a sanitizer");
#endif
    if (architecture == 0) return failure(0, "no list of system calls for this architecture");
    std::uint32_t action = SECCOMP_RET_ERRNO;
    if (::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0)
        return failure(errno, "seccomp");
    return {};
}

}  // namespace logwisp
