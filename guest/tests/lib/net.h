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

enum answer { ANSWER_NONE, ANSWER_ARP, ANSWER_PING };

/* If (frame) of (size) bytes asks something of (interface), turns it into the answer, which has the same size. */
enum answer interface_answer(const struct interface *interface, uint8_t *frame, size_t size);

/* Serves (count) interfaces until so many pings are answered. Returns false if a device fails. */
bool interfaces_serve(const struct interface *interfaces, int count, uint64_t pings, bool verbose);

/* Whether (word) is among the arguments. */
bool has_argument(const char *cmdline, const char *word);

/* With the argument `limit` 100,000, otherwise without end. */
uint64_t pings_to_serve(const char *cmdline);

#endif
