/* first_byte: how long a server takes from its start to the first byte of a stream. Starts it, asks for /stream again and again
 * until something is answered, prints the time, ends it.
 *
 * Usage: first_byte PORT PROGRAM [ARGUMENT]... */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
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
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    char byte;
    const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int good = connect(connection, (struct sockaddr*)&address, sizeof address) == 0 &&
                     send(connection, request, sizeof request - 1, MSG_NOSIGNAL) > 0 &&
                     recv(connection, &byte, 1, 0) == 1;
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
    while (!(good = answered(atoi(argv[1]))) && now_ms() - begin < 10000) nanosleep(&pause, NULL);
    if (good) printf("{\"first_byte_ms\":%.2f}\n", now_ms() - begin);
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
    return good ? 0 : 1;
}
