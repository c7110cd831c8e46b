/*
 * A client for Linux that asks a web server on a new connection each time, as often as it can, on some at a time: ADDRESS:PORT AT_A_TIME
 * SECONDS. Prints one line of JSON: connections a second that were answered.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 256

static struct sockaddr_in to = { .sin_family = AF_INET };
static struct pollfd sockets[MOST];
static const char request[] = "GET / HTTP/1.1\r\nHost: unikernel\r\n\r\n";

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void open_one(struct pollfd *socket_)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) {
        perror("connect");
        exit(1);
    }
    *socket_ = (struct pollfd){ .fd = fd, .events = POLLOUT };
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    char *port = strchr(argv[1], ':');
    if (port == NULL)
        return 2;
    *port++ = '\0';
    to.sin_addr.s_addr = inet_addr(argv[1]);
    to.sin_port = htons((uint16_t)atoi(port));
    int count = atoi(argv[2]);
    uint64_t answered = 0;
    char answer[4096];
    for (int n = 0; n < count && n < MOST; n++)
        open_one(&sockets[n]);
    double start = now(), end = start + atof(argv[3]);
    while (now() < end) {
        poll(sockets, (nfds_t)count, 100);
        for (int n = 0; n < count; n++) {
            struct pollfd *one = &sockets[n];
            if (one->revents & POLLOUT) {
                if (send(one->fd, request, sizeof request - 1, MSG_NOSIGNAL) < 0) {
                    perror("send");
                    return 1;
                }
                one->events = POLLIN;
            } else if (one->revents != 0) {
                ssize_t size = recv(one->fd, answer, sizeof answer, 0);
                if (size <= 0 || strstr(answer, "200 OK") == NULL) {
                    perror("recv");
                    return 1;
                }
                answered++;
                close(one->fd);
                open_one(one);
            }
        }
    }
    printf("{\"connections\":%.0f}\n", (double)answered / (now() - start));
    return 0;
}
