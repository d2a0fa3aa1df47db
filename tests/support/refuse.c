// Runs a program for which the kernel refuses some system calls, as containers and old kernels do:
//   refuse io_uring_setup=EPERM [inotify_init1=EMFILE ...] -- PROGRAM [ARGUMENT...]
// or, for one call, does not answer, as a file system does whose server is gone:
//   refuse readlinkat=HANG -- PROGRAM [ARGUMENT...]
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct named {
    const char* name;
    unsigned value;
};

static const struct named calls[] = {
    {"io_uring_setup", SYS_io_uring_setup},
    {"inotify_init1", SYS_inotify_init1},
    {"inotify_add_watch", SYS_inotify_add_watch},
    {"name_to_handle_at", SYS_name_to_handle_at},
    {"readlinkat", SYS_readlinkat},
    {"landlock_create_ruleset", 444},  // SYS_landlock_create_ruleset, which not every C library has
    {"clone", SYS_clone},
    {"clone3", SYS_clone3},
};
static const struct named actions[] = {
    {"EPERM", SECCOMP_RET_ERRNO | EPERM},   {"ENOSYS", SECCOMP_RET_ERRNO | ENOSYS},
    {"ENOMEM", SECCOMP_RET_ERRNO | ENOMEM}, {"EMFILE", SECCOMP_RET_ERRNO | EMFILE},
    {"ENOSPC", SECCOMP_RET_ERRNO | ENOSPC}, {"EAGAIN", SECCOMP_RET_ERRNO | EAGAIN},
    {"HANG", SECCOMP_RET_USER_NOTIF},
};

static unsigned look_up(const struct named* table, size_t count, const char* name) {
    for (size_t i = 0; i < count; ++i)
        if (strcmp(table[i].name, name) == 0) return table[i].value;
    fprintf(stderr, "refuse: unknown name: %s\n", name);
    exit(2);
}

#define LOOK_UP(table, name) look_up(table, sizeof(table) / sizeof(table[0]), name)
enum { refusals_max = 16 };

int main(int count, char** words) {
    struct sock_filter filter[2 * refusals_max + 2] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    unsigned short length = 1;
    int word = 1;
    int hangs = 0;
    for (; word < count && strcmp(words[word], "--") != 0 && word <= refusals_max; ++word) {
        char* equals = strchr(words[word], '=');
        if (equals == NULL) return fprintf(stderr, "refuse: CALL=ERROR expected\n"), 2;
        *equals = '\0';
        const unsigned call = LOOK_UP(calls, words[word]);
        const unsigned action = LOOK_UP(actions, equals + 1);
        hangs = hangs || action == SECCOMP_RET_USER_NOTIF;
        filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1);
        filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
    }
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    if (word + 1 >= count) return fprintf(stderr, "refuse: no program\n"), 2;

    struct sock_fprog program = {.len = length, .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return perror("refuse: prctl"), 1;
    const unsigned flags = hangs ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
    const long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (listener < 0) return perror("refuse: seccomp"), 1;
    // The program itself holds the descriptor that answers, and does not know: nobody ever does.
    if (hangs && fcntl((int)listener, F_SETFD, 0) != 0) return perror("refuse: fcntl"), 1;
    execvp(words[word + 1], words + word + 1);
    perror(words[word + 1]);
    return 1;
}
