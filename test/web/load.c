/*
 * A client for Linux that asks a web server as often as it can: ADDRESS[:PORT] CONNECTIONS SECONDS METHOD PATH [BODY_BYTES]. Prints one line
 * of JSON: answers, bytes of them and of what was sent, and the latency in microseconds that half and 99 of 100 answers kept.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
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
#define LATENCIES 4000000

struct connection {
    char head[4096];
    size_t head_size;
    /* Bytes of the answer's body that are still to come; -1 before its head is there. */
    int64_t missing;
    size_t request_left, body_left;
    uint64_t asked;
};

static struct connection connections[MOST];
static struct pollfd sockets[MOST];
static char request[512], body[65536], scratch[262144];
static size_t request_size, body_size;
static uint32_t latencies[LATENCIES];
static uint64_t answers, received, sent;

static uint64_t micros(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void push(struct connection *c, struct pollfd *socket)
{
    while (c->request_left + c->body_left > 0) {
        const char *from = c->request_left > 0 ? request + request_size - c->request_left : body;
        size_t size = c->request_left > 0 ? c->request_left : c->body_left < sizeof body ? c->body_left : sizeof body;
        ssize_t n = send(socket->fd, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0)
            break;
        sent += (uint64_t)n;
        *(c->request_left > 0 ? &c->request_left : &c->body_left) -= (size_t)n;
    }
    socket->events = POLLIN | (c->request_left + c->body_left > 0 ? POLLOUT : 0);
}

static void ask(struct connection *c, struct pollfd *socket)
{
    c->missing = -1;
    c->head_size = 0;
    c->request_left = request_size;
    c->body_left = body_size;
    c->asked = micros();
    push(c, socket);
}

static void answered(struct connection *c, struct pollfd *socket)
{
    if (answers < LATENCIES)
        latencies[answers] = (uint32_t)(micros() - c->asked);
    answers++;
    ask(c, socket);
}

static void pull(struct connection *c, struct pollfd *socket)
{
    for (;;) {
        int in_head = c->missing < 0;
        char *to = in_head ? c->head + c->head_size : scratch;
        size_t room = in_head ? sizeof c->head - 1 - c->head_size : sizeof scratch;
        ssize_t n = recv(socket->fd, to, room, MSG_DONTWAIT);
        if (n < 0)
            return;
        if (n == 0)
            fail("closed");
        received += (uint64_t)n;
        if (!in_head) {
            c->missing -= n;
        } else {
            c->head_size += (size_t)n;
            c->head[c->head_size] = '\0';
            char *end = strstr(c->head, "\r\n\r\n"), *length = strcasestr(c->head, "content-length:");
            if (end == NULL)
                continue;
            if (memcmp(c->head, "HTTP/1.1 200", 12) != 0 || length == NULL)
                fail(c->head);
            c->missing = atoll(length + 15) - (c->head + c->head_size - end - 4);
        }
        if (c->missing == 0) {
            answered(c, socket);
            return;
        }
    }
}

static int compare(const void *a, const void *b)
{
    return *(const uint32_t *)a < *(const uint32_t *)b ? -1 : *(const uint32_t *)a > *(const uint32_t *)b;
}

int main(int argc, char **argv)
{
    if (argc < 6)
        return 2;
    int count = atoi(argv[2]);
    char *port = strchr(argv[1], ':');
    if (port != NULL)
        *port++ = '\0';
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)(port == NULL ? 80 : atoi(port))),
                              .sin_addr.s_addr = inet_addr(argv[1]) };
    body_size = argc > 6 ? (size_t)atoll(argv[6]) : 0;
    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: unikernel\r\nContent-Length: %zu\r\n\r\n", argv[4], argv[5],
             body_size);
    request_size = strlen(request);
    for (int n = 0; n < count && n < MOST; n++) {
        int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
            fail("connect");
        sockets[n].fd = fd;
        ask(&connections[n], &sockets[n]);
    }
    uint64_t start = micros(), end = start + (uint64_t)(atof(argv[3]) * 1e6);
    while (micros() < end) {
        poll(sockets, (nfds_t)count, 100);
        for (int n = 0; n < count; n++) {
            if (sockets[n].revents & POLLOUT)
                push(&connections[n], &sockets[n]);
            if (sockets[n].revents & (POLLIN | POLLHUP | POLLERR))
                pull(&connections[n], &sockets[n]);
        }
    }
    double seconds = (double)(micros() - start) / 1e6;
    size_t kept = answers < LATENCIES ? answers : LATENCIES;
    qsort(latencies, kept, sizeof *latencies, compare);
    printf("{\"answers\":%.0f,\"received\":%.0f,\"sent\":%.0f,\"p50\":%u,\"p99\":%u}\n", (double)answers / seconds,
           (double)received / seconds, (double)sent / seconds, latencies[kept / 2], latencies[kept * 99 / 100]);
    return 0;
}
