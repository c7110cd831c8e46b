#include "early.h"
#include "memory.h"
#include "tcp-wire.h"

struct interface *tcp_interface;
uint16_t tcp_port;
struct tcp connections[CONNECTIONS];
static const struct application *application;
static uint32_t first_sequence = 0x5010;

unsigned tcp_number(const struct tcp *tcp)
{
    return (unsigned)(tcp - connections);
}

void tcp_listen(struct interface *interface, uint16_t port, const struct application *user)
{
    tcp_interface = interface;
    tcp_port = port;
    application = user;
}

/* Answers a segment that belongs to no connection. */
static void refuse(const struct sender *from, const struct tcp_header *header, size_t size)
{
    struct tcp_header answer = { .from = header->to, .to = header->from, .flags = RST };
    if (header->flags & RST)
        return;
    if (header->flags & ACK) {
        answer.sequence = header->acknowledged;
    } else {
        uint32_t length = (uint32_t)size + ((header->flags & SYN) != 0) + ((header->flags & FIN) != 0);
        answer.flags |= ACK;
        answer.acknowledged = be32(be32(header->sequence) + length);
    }
    send_segment(from, answer, 0, 0);
}

static bool is_with(const struct tcp *tcp, const struct sender *from, uint16_t port)
{
    return tcp != NULL && tcp->state != CLOSED && tcp->peer_port == port && tcp->peer.address == from->address;
}

static struct tcp *find(const struct sender *from, uint16_t port)
{
    /* The last connection with a port, since connections lie far apart. */
    static struct tcp *recent[1024];
    struct tcp **guess = &recent[port % 1024];
    if (is_with(*guess, from, port))
        return *guess;
    for (struct tcp *tcp = connections; tcp < connections + CONNECTIONS; tcp++)
        if (is_with(tcp, from, port))
            return *guess = tcp;
    return NULL;
}

/* A free connection, or else one that only waits for stray segments. */
static struct tcp *unused(void)
{
    struct tcp *waiting = NULL;
    for (struct tcp *tcp = connections; tcp < connections + CONNECTIONS; tcp++) {
        if (tcp->state == CLOSED)
            return tcp;
        if (tcp->state == TIME_WAIT)
            waiting = tcp;
    }
    return waiting;
}

static uint32_t mss_of(const uint8_t *options, size_t size)
{
    for (size_t at = 0; at < size && options[at] != 0;) {
        if (options[at] == 1) {
            at++;
            continue;
        }
        if (at + 1 >= size || options[at + 1] < 2)
            break;
        if (options[at] == 2 && at + 3 < size)
            return (uint32_t)options[at + 2] << 8 | options[at + 3];
        at += options[at + 1];
    }
    return 536;
}

static void accept(const struct sender *from, const struct tcp_header *header, uint32_t mss)
{
    struct tcp *tcp = unused();
    if (tcp == NULL)
        return;
    void *user = tcp->user;
    memset(tcp, 0, offsetof(struct tcp, buffer));
    tcp->user = user;
    tcp->state = SYN_RECEIVED;
    tcp->peer = *from;
    tcp->peer_port = be16(header->from);
    tcp->una = tcp->next = tcp->end = first_sequence += 0x10000;
    tcp->expected = be32(header->sequence) + 1;
    tcp->window = be16(header->window);
    tcp->mss = mss < tcp_interface->info.mtu - 40 ? mss : (uint32_t)tcp_interface->info.mtu - 40;
    tcp->patience = FIRST_PATIENCE;
    send_from(tcp, SYN, tcp->next, 0);
    tcp->next = tcp->end = tcp->una + 1;
    expect_answer(tcp);
}

static void acknowledged(struct tcp *tcp, uint32_t upto, uint32_t window, bool is_bare)
{
    uint32_t old_window = tcp->window;
    tcp->window = window;
    if (upto == tcp->una) {
        /* Someone missed what came after this. */
        if (is_bare && window == old_window && tcp->next != tcp->una && ++tcp->repeated == 3) {
            tcp->next = tcp->una;
            tcp->repeated = 0;
        }
        return;
    }
    if ((int32_t)(upto - tcp->una) < 0 || (int32_t)(tcp->end - upto) < 0)
        return;
    tcp->una = upto;
    /* It may have been sent before what is sent again. */
    if ((int32_t)(tcp->next - upto) < 0)
        tcp->next = upto;
    tcp->repeated = 0;
    tcp->patience = FIRST_PATIENCE;
    tcp->deadline = 0;
    if (tcp->una != tcp->next)
        expect_answer(tcp);
    if (tcp->state == SYN_RECEIVED) {
        tcp->state = ESTABLISHED;
        application->opened(tcp);
    } else if (tcp->una == tcp->end && fin_is_sent(tcp)) {
        tcp->state = tcp->state == FIN_WAIT_1 ? FIN_WAIT_2 : tcp->state == CLOSING ? TIME_WAIT : CLOSED;
    } else {
        application->room(tcp);
    }
}

static void finished(struct tcp *tcp)
{
    tcp->expected++;
    tcp->must_acknowledge = true;
    if (tcp->state == ESTABLISHED) {
        tcp->state = CLOSE_WAIT;
        application->ended(tcp);
    } else if (tcp->state == FIN_WAIT_1) {
        tcp->state = CLOSING;
    } else if (tcp->state == FIN_WAIT_2) {
        send_from(tcp, 0, tcp->next, 0);
        tcp->state = TIME_WAIT;
    }
}

/* Of what begins before the expected byte, the beginning was taken already. */
static void take(struct tcp *tcp, uint32_t known, const uint8_t *data, size_t size)
{
    if (known >= size)
        return;
    data += known;
    size -= known;
    do {
        tcp->expected += (uint32_t)size;
        application->received(tcp, data, size);
    } while (tcp->state != CLOSED && (size = early_next(tcp, &data)) > 0);
}

void tcp_input(struct interface *interface, const struct sender *from, const uint8_t *segment, size_t size)
{
    struct tcp_header header;
    if (size < HEADER || checksum(sum_of(segment, size, pseudo_header(from->address, interface->address, size))) != 0)
        return;
    memcpy(&header, segment, HEADER);
    size_t offset = (size_t)(header.offset >> 4) * 4;
    if (offset < HEADER || offset > size)
        return;
    const uint8_t *data = segment + offset;
    size -= offset;
    uint32_t sequence = be32(header.sequence);
    struct tcp *tcp = find(from, be16(header.from));
    if (be16(header.to) != tcp_port || (tcp == NULL && (header.flags & (SYN | ACK | RST)) != SYN)) {
        refuse(from, &header, size);
        return;
    }
    if (header.flags & SYN && (tcp == NULL || tcp->state == TIME_WAIT || tcp->state == CLOSED)) {
        if (tcp != NULL)
            tcp->state = CLOSED;
        accept(from, &header, mss_of(segment + HEADER, offset - HEADER));
        return;
    }
    if (header.flags & RST) {
        if (sequence == tcp->expected)
            tcp->state = CLOSED;
        return;
    }
    touch(tcp);
    if (header.flags & ACK)
        acknowledged(tcp, be32(header.acknowledged), be16(header.window), size == 0 && !(header.flags & (FIN | SYN)));
    if (tcp->state < ESTABLISHED)
        return;
    bool has_fin = (header.flags & FIN) != 0;
    if (size > 0 || has_fin || header.flags & SYN)
        tcp->must_acknowledge = true;
    if ((int32_t)(sequence - tcp->expected) > 0) {
        if (size > 0)
            early_keep(tcp, sequence, data, size);
        /* At once and each time: the peer counts them. */
        send_from(tcp, 0, tcp->next, 0);
        return;
    }
    take(tcp, tcp->expected - sequence, data, size);
    if (has_fin && tcp->expected == sequence + size && tcp->state != CLOSED)
        finished(tcp);
}
