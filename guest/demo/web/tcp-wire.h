/*
 * What the receiving and the sending half of TCP share.
 */
#ifndef WEB_TCP_WIRE_H
#define WEB_TCP_WIRE_H

#include "tcp.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

struct tcp_header {
    uint16_t from, to;
    uint32_t sequence, acknowledged;
    uint8_t offset, flags;
    uint16_t window, checksum, urgent;
} __attribute__((packed));

#define HEADER sizeof(struct tcp_header)
#define FIRST_PATIENCE 200000000ull

extern struct tcp connections[CONNECTIONS];
extern struct interface *tcp_interface;
extern uint16_t tcp_port;

uint32_t pseudo_header(ip_address, ip_address, size_t size);
/* Sends a header, and the options and bytes that were put behind it. */
void send_segment(const struct sender *to, struct tcp_header, size_t options, size_t size);
/* Sends bytes that were written, from a sequence number on. */
void send_from(struct tcp *, uint8_t flags, uint32_t sequence, size_t size);
bool fin_is_sent(const struct tcp *);
/* Time runs until the peer has acknowledged something. */
void expect_answer(struct tcp *);
/* tcp_flush is to look at it. */
void touch(struct tcp *);

#endif
