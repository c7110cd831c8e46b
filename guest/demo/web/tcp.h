/*
 * TCP for a server on a network inside one machine: it sends again from the last byte that was acknowledged when time is up or
 * three acknowledgements are equal, and has no congestion control and no options but the MSS. RFC 9293.
 */
#ifndef WEB_TCP_H
#define WEB_TCP_H

#include "ip.h"

#define TCP_BUFFER 65536u
#define CONNECTIONS 256
/* How many pieces may wait for what comes before them. */
#define PIECES 8

/* Bytes by their sequence numbers. */
struct piece {
    uint32_t from, to;
};

enum tcp_state { CLOSED, SYN_RECEIVED, ESTABLISHED, CLOSE_WAIT, FIN_WAIT_1, FIN_WAIT_2, CLOSING, LAST_ACK, TIME_WAIT };

struct tcp {
    enum tcp_state state;
    struct sender peer;
    uint16_t peer_port;
    /* Sequence numbers: the oldest not acknowledged, the next to send, the end of what was written, the next expected. */
    uint32_t una, next, end, expected;
    uint32_t window, mss;
    unsigned repeated;
    bool closing, must_acknowledge;
    solo5_time_t deadline, patience;
    struct piece early[PIECES];
    unsigned early_count;
    /* Written and not acknowledged, by the low bits of the sequence number. */
    uint8_t buffer[TCP_BUFFER];
    /* Received before its turn, likewise. */
    uint8_t early_data[TCP_BUFFER];
    /* Whoever uses the connection. */
    void *user;
};

struct application {
    void (*opened)(struct tcp *);
    void (*received)(struct tcp *, const uint8_t *data, size_t size);
    /* There is room to write again. */
    void (*room)(struct tcp *);
    /* The peer will send no more. */
    void (*ended)(struct tcp *);
};

void tcp_listen(struct interface *, uint16_t port, const struct application *);
void tcp_input(struct interface *, const struct sender *, const uint8_t *segment, size_t size);
/* Sends what may be sent. */
void tcp_flush(void);
/* Tells the time; sends again what was not acknowledged until then, and gives when that may next be. */
solo5_time_t tcp_timers(solo5_time_t now);

size_t tcp_room(const struct tcp *);
/* At most tcp_room bytes. */
void tcp_write(struct tcp *, const void *data, size_t size);
/* After everything that was written. */
void tcp_close(struct tcp *);
/* At once. */
void tcp_reset(struct tcp *);
/* The number of a connection, below CONNECTIONS. */
unsigned tcp_number(const struct tcp *);

#endif
