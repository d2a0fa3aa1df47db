/* floor: the least a program can do to bring a file's new lines to many sockets, as the limit that logwisp is measured against.
 * inotify says that the file grew; what is new is read and the same bytes go to every socket in one batch of io_uring sends. No
 * parsing, no slow readers (one holds up all), no rotation, no limits: not a server.
 *
 * Usage: floor PORT FILE [--sse] [--send]
 *   --sse    every line in the frame that logwisp would give it, so that equal bytes are compared
 *   --send   plain send() calls instead of io_uring, the limit for the epoll backend */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { read_bytes = 256 * 1024, frame_bytes = 160, readers_max = 60000, entries = 4096 };

static const char head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: connected\ndata: {}\n\n";
static const char before[] =
    "id: 660dce40d76c8-1000000\n"
    "data: {\"time\":\"2024-01-01T12:00:00.123456Z\",\"source\":\"load.log\",\"message\":\"";
static const char after[] = "\"}\n\n";

/* A frame is the shortest line, two bytes of which one is the LF, and what is around it. */
_Static_assert(sizeof before + sizeof after + 1 <= frame_bytes,
               "frames of the shortest lines must fit into `out`");

static int sockets[readers_max];
static int count;
static char in[read_bytes];
static char out[read_bytes / 2 * frame_bytes];
static size_t held; /* of a line that is not complete yet, at the beginning of `in` */
static int sse;
static int plain_send;
static struct io_uring ring;

static void check(int good, const char* what) {
    if (good) return;
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int listen_on(int port) {
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    check(bind(listener, (struct sockaddr*)&address, sizeof address) == 0, "bind");
    check(listen(listener, 4096) == 0, "listen");
    return listener;
}

static void accept_all(int listener) {
    const int on = 1;
    for (int made;
         count < readers_max && (made = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
        setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (sse) check(send(made, head, sizeof head - 1, MSG_NOSIGNAL) > 0, "send");
        sockets[count++] = made;
    }
}

/* Its place stays until the batch is over: completions find theirs by number. */
static void drop(int index) {
    close(sockets[index]);
    sockets[index] = -1;
}

static void forget_dropped(void) {
    int kept = 0;
    for (int i = 0; i < count; ++i)
        if (sockets[i] >= 0) sockets[kept++] = sockets[i];
    count = kept;
}

static void reap(int wanted) {
    struct io_uring_cqe* cqe;
    for (int i = 0; i < wanted; ++i) {
        check(io_uring_wait_cqe(&ring, &cqe) == 0, "io_uring_wait_cqe");
        if (cqe->res <= 0) drop((int)cqe->user_data);
        io_uring_cqe_seen(&ring, cqe);
    }
}

static void send_by_ring(const char* bytes, size_t size) {
    for (int begin = 0; begin < count; begin += entries) {
        const int end = begin + entries < count ? begin + entries : count;
        for (int i = begin; i < end; ++i) {
            struct io_uring_sqe* sqe = io_uring_get_sqe(&ring);
            io_uring_prep_send(sqe, sockets[i], bytes, size, MSG_WAITALL | MSG_NOSIGNAL);
            sqe->user_data = (unsigned)i;
        }
        io_uring_submit_and_wait(&ring, (unsigned)(end - begin));
        reap(end - begin);
    }
}

static void send_to_all(const char* bytes, size_t size) {
    if (!plain_send) send_by_ring(bytes, size);
    for (int i = 0; plain_send && i < count; ++i)
        if (send(sockets[i], bytes, size, MSG_NOSIGNAL) <= 0) drop(i);
    forget_dropped();
}

/* The lines of in[0..size), each in its frame. Empty ones are left out, as logwisp does: so a line is two bytes at least. */
static size_t frame(size_t size) {
    char* to = out;
    for (const char *at = in, *end = in + size; at < end;) {
        const char* line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end > at) {
            to = mempcpy(to, before, sizeof before - 1);
            to = mempcpy(to, at, (size_t)(line_end - at));
            to = mempcpy(to, after, sizeof after - 1);
        }
        at = line_end + 1;
    }
    return (size_t)(to - out);
}

static void read_all(int file) {
    for (ssize_t got; (got = read(file, in + held, sizeof in - held)) > 0;) {
        const size_t size = held + (size_t)got;
        const char* last = memrchr(in, '\n', size);
        const size_t whole = last == NULL ? 0 : (size_t)(last + 1 - in);
        check(whole > 0 || size < sizeof in, "a line is too long");
        const size_t framed = sse ? frame(whole) : 0;
        if (framed > 0) send_to_all(out, framed);
        if (whole > 0 && !sse) send_to_all(in, whole);
        held = size - whole;
        memmove(in, in + whole, held);
    }
}

int main(int argc, char** argv) {
    check(argc >= 3, "usage: floor PORT FILE [--sse] [--send]");
    for (int i = 3; i < argc; ++i) {
        sse = sse || strcmp(argv[i], "--sse") == 0;
        plain_send = plain_send || strcmp(argv[i], "--send") == 0;
    }
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);

    struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER |
                                              IORING_SETUP_DEFER_TASKRUN |
                                              IORING_SETUP_COOP_TASKRUN};
    check(plain_send || io_uring_queue_init_params(entries, &ring, &params) == 0, "io_uring");
    const int listener = listen_on(atoi(argv[1]));
    const int file = open(argv[2], O_RDONLY | O_CREAT | O_CLOEXEC, 0644);
    check(file >= 0 && lseek(file, 0, SEEK_END) >= 0, argv[2]);
    const int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    check(inotify_add_watch(watch, argv[2], IN_MODIFY) >= 0, "inotify");

    for (;;) {
        struct pollfd ready[] = {{.fd = watch, .events = POLLIN},
                                 {.fd = listener, .events = POLLIN}};
        if (poll(ready, 2, -1) < 0) continue;
        if (ready[1].revents != 0) accept_all(listener);
        char events[4096];
        while (read(watch, events, sizeof events) > 0) {
        }
        read_all(file);
    }
}
