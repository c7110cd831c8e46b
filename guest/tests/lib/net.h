/*
 * An interface that answers ARP requests and pings (RFC 826, RFC 791, RFC 792), for the network self-tests.
 */
#ifndef NET_H
#define NET_H

#include "test.h"

#define FRAME_MAX (65535 + SOLO5_NET_HLEN)

struct interface {
    solo5_handle_t handle;
    uint8_t mac[SOLO5_NET_ALEN];
    uint8_t ip[4];
    size_t mtu;
};

/* Acquires the device (name), gives it the address, says so, and announces it by ARP. */
bool interface_open(struct interface *interface, const char *name, const uint8_t ip[4]);

/*
 * If (frame) of (size) bytes asks something of (interface), turns it into the answer and returns true. The answer has
 * the same size.
 */
bool interface_answer(const struct interface *interface, uint8_t *frame, size_t size);

/* Serves (count) interfaces until (limit) frames have come in, or for ever if it is 0. Returns false on an error. */
bool interfaces_serve(const struct interface *interfaces, int count, uint64_t limit, bool verbose);

/* The arguments of the self-tests: `limit` ends them after so many frames, `verbose` reports each. */
#define LIMIT_FRAMES 100000
bool has_argument(const char *cmdline, const char *word);

#endif
