/*
 * Ethernet, ARP, IPv4 and ICMP echo on one interface, as much as a server needs that answers whoever speaks to it: it looks up no
 * addresses, takes no fragments and no options. RFC 826, 791, 792, 1071.
 */
#ifndef WEB_IP_H
#define WEB_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "solo5.h"

/* An address as it stands in packets, and what is big-endian there. */
typedef uint32_t ip_address;
static inline uint16_t be16(uint16_t n)
{
    return (uint16_t)(n << 8 | n >> 8);
}
static inline uint32_t be32(uint32_t n)
{
    return __builtin_bswap32(n);
}

#define FRAME_MOST 16384

struct interface {
    solo5_handle_t handle;
    struct solo5_net_info info;
    ip_address address;
    /* One frame in so many is lost on purpose, each way; none if 0. */
    unsigned lose;
    uint32_t random;
    uint8_t in[FRAME_MOST] __attribute__((aligned(16)));
    uint8_t out[FRAME_MOST] __attribute__((aligned(16)));
};

/* Who sent a packet. */
struct sender {
    uint8_t mac[SOLO5_NET_ALEN];
    ip_address address;
};

/* Receives TCP segments, of which the checksum is not looked at yet. */
typedef void (*segment_handler)(struct interface *, const struct sender *, const uint8_t *segment, size_t size);

/* 10.0.0.2, or what follows `--ipv4=` on the command line. */
ip_address address_of(const char *cmdline);
/* What follows `--lose=`, or 0. */
unsigned loss_of(const char *cmdline);
bool interface_open(struct interface *, const char *name, ip_address address);
/* Takes one frame from the device; false if there is none. */
bool interface_poll(struct interface *, segment_handler);

/* Where the payload of the next packet is put before it is sent. */
uint8_t *ip_payload(struct interface *);
void ip_send(struct interface *, const struct sender *to, uint8_t protocol, size_t size);

/* A sum that folds to a checksum; data of odd size may only be the last. */
uint32_t sum_of(const void *data, size_t size, uint32_t sum);
uint16_t checksum(uint32_t sum);

#endif
