// Runs a program for which the kernel refuses some system calls, as containers and old kernels do:
//   refuse io_uring_setup=EPERM [inotify_init1=EMFILE ...] -- PROGRAM [ARGUMENT...]
#include <errno.h>
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
};
static const struct named errors[] = {
    {"EPERM", EPERM},   {"ENOSYS", ENOSYS}, {"ENOMEM", ENOMEM},
    {"EMFILE", EMFILE}, {"ENOSPC", ENOSPC},
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
    for (; word < count && strcmp(words[word], "--") != 0 && word <= refusals_max; ++word) {
        char* equals = strchr(words[word], '=');
        if (equals == NULL) return fprintf(stderr, "refuse: CALL=ERROR expected\n"), 2;
        *equals = '\0';
        const unsigned call = LOOK_UP(calls, words[word]);
        const unsigned error = LOOK_UP(errors, equals + 1);
        filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1);
        filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error);
    }
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    if (word + 1 >= count) return fprintf(stderr, "refuse: no program\n"), 2;

    struct sock_fprog program = {.len = length, .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("refuse: seccomp");
        return 1;
    }
    execvp(words[word + 1], words + word + 1);
    perror(words[word + 1]);
    return 1;
}
