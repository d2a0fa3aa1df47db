/* first_byte: how long a server takes from its start to the first byte of a stream. Starts it, asks for /stream again and again
 * until that is answered with 200, prints the time, ends it. An answer of another kind is none.
 *
 * Usage: first_byte PORT PROGRAM [ARGUMENT]... */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int answered(int port) {
    static const char request[] = "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
    static const char wanted[] = "HTTP/1.1 200";
    const struct timeval patience = {.tv_sec = 10};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    char answer[sizeof wanted - 1];
    const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int good =
        connect(connection, (struct sockaddr*)&address, sizeof address) == 0 &&
        send(connection, request, sizeof request - 1, MSG_NOSIGNAL) > 0 &&
        recv(connection, answer, sizeof answer, MSG_WAITALL) == (ssize_t)sizeof answer &&
        memcmp(answer, wanted, sizeof answer) == 0;
    close(connection);
    return good;
}

int main(int argc, char** argv) {
    if (argc < 3) {
        fputs("usage: first_byte PORT PROGRAM [ARGUMENT]...\n", stderr);
        return 2;
    }
    const double begin = now_ms();
    const pid_t server = fork();
    if (server == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO); /* standard output is for the figure */
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    const struct timespec pause = {.tv_nsec = 100000};
    int good = 0;
    pid_t ended = 0;
    while (!(good = answered(atoi(argv[1]))) && now_ms() - begin < 10000) {
        if ((ended = waitpid(server, NULL, WNOHANG)) != 0) break;
        nanosleep(&pause, NULL);
    }
    const double end = now_ms();
    /* One that has ended was not it: then somebody else has the port. */
    if (ended == 0) ended = waitpid(server, NULL, WNOHANG);
    good = good && ended == 0;
    if (good)
        printf("{\"first_byte_ms\":%.2f}\n", end - begin);
    else
        fprintf(stderr, "first_byte: %s\n",
                ended != 0 ? "the server has ended" : "no stream within 10 seconds");
    if (ended == 0) {
        kill(server, SIGTERM);
        waitpid(server, NULL, 0);
    }
    return good ? 0 : 1;
}
