#include "tcp-wire.h"
#include "memory.h"

#define PROTOCOL_TCP 6
#define OUR_WINDOW 0xffff
#define MOST_PATIENCE 3200000000ull

static solo5_time_t now, soonest = UINT64_MAX;

uint32_t pseudo_header(ip_address a, ip_address b, size_t size)
{
    uint32_t words[3] = { a, b, be32(PROTOCOL_TCP << 16 | (uint32_t)size) };
    return sum_of(words, sizeof words, 0);
}

void send_segment(const struct sender *to, struct tcp_header header, size_t options, size_t size)
{
    uint8_t *segment = ip_payload(tcp_interface);
    size_t total = HEADER + options + size;
    header.offset = (uint8_t)((HEADER + options) / 4 << 4);
    memcpy(segment, &header, HEADER);
    header.checksum = checksum(sum_of(segment, total, pseudo_header(tcp_interface->address, to->address, total)));
    memcpy(segment, &header, HEADER);
    ip_send(tcp_interface, to, PROTOCOL_TCP, total);
}

void send_from(struct tcp *tcp, uint8_t flags, uint32_t sequence, size_t size)
{
    struct tcp_header header = { .from = be16(tcp_port),
                             .to = be16(tcp->peer_port),
                             .sequence = be32(sequence),
                             .acknowledged = be32(tcp->expected),
                             .flags = flags | ACK,
                             .window = be16(OUR_WINDOW) };
    uint8_t *payload = ip_payload(tcp_interface) + HEADER;
    size_t options = 0;
    if (flags & SYN) {
        uint16_t mss = be16((uint16_t)(tcp_interface->info.mtu - 40));
        payload[0] = 2;
        payload[1] = 4;
        memcpy(payload + 2, &mss, 2);
        options = 4;
    }
    if (size > 0) {
        uint32_t at = sequence % TCP_BUFFER;
        uint32_t first = TCP_BUFFER - at < size ? TCP_BUFFER - at : (uint32_t)size;
        memcpy(payload, tcp->buffer + at, first);
        memcpy(payload + first, tcp->buffer, size - first);
    }
    send_segment(&tcp->peer, header, options, size);
    tcp->must_acknowledge = false;
}

bool fin_is_sent(const struct tcp *tcp)
{
    return tcp->state == FIN_WAIT_1 || tcp->state == CLOSING || tcp->state == LAST_ACK;
}

void expect_answer(struct tcp *tcp)
{
    if (tcp->deadline == 0)
        tcp->deadline = now + tcp->patience;
    if (tcp->deadline < soonest)
        soonest = tcp->deadline;
}

static void flush(struct tcp *tcp)
{
    if (tcp->state < ESTABLISHED)
        return;
    if (tcp->state == TIME_WAIT || tcp->state == FIN_WAIT_2) {
        if (tcp->must_acknowledge)
            send_from(tcp, 0, tcp->next, 0);
        return;
    }
    /* The end counts a FIN that was sent, whose place in the buffer nobody looks at. */
    uint32_t end = fin_is_sent(tcp) ? tcp->end - 1 : tcp->end;
    for (;;) {
        uint32_t usable = tcp->una + tcp->window - tcp->next;
        uint32_t size = end - tcp->next;
        if ((int32_t)size <= 0)
            break;
        if ((int32_t)usable <= 0) {
            expect_answer(tcp);
            break;
        }
        if (size > usable)
            size = usable;
        if (size > tcp->mss)
            size = tcp->mss;
        send_from(tcp, PSH, tcp->next, size);
        tcp->next += size;
        expect_answer(tcp);
    }
    if (tcp->closing && tcp->next == tcp->end && (tcp->state == ESTABLISHED || tcp->state == CLOSE_WAIT)) {
        tcp->state = tcp->state == ESTABLISHED ? FIN_WAIT_1 : LAST_ACK;
        tcp->end++;
    }
    if (fin_is_sent(tcp) && tcp->next + 1 == tcp->end) {
        send_from(tcp, FIN, tcp->next, 0);
        tcp->next++;
        expect_answer(tcp);
    }
    if (tcp->must_acknowledge)
        send_from(tcp, 0, tcp->next, 0);
}

/* Connections about which something may have to be said. */
static struct tcp *touched[CONNECTIONS];
static unsigned touched_count;

void touch(struct tcp *tcp)
{
    for (unsigned n = 0; n < touched_count; n++)
        if (touched[n] == tcp)
            return;
    touched[touched_count++] = tcp;
}

void tcp_flush(void)
{
    for (unsigned n = 0; n < touched_count; n++)
        flush(touched[n]);
    touched_count = 0;
}

size_t tcp_room(const struct tcp *tcp)
{
    return tcp->state == ESTABLISHED || tcp->state == CLOSE_WAIT ? TCP_BUFFER - (tcp->end - tcp->una) : 0;
}

void tcp_write(struct tcp *tcp, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint32_t at = tcp->end % TCP_BUFFER;
    uint32_t first = TCP_BUFFER - at < size ? TCP_BUFFER - at : (uint32_t)size;
    memcpy(tcp->buffer + at, bytes, first);
    memcpy(tcp->buffer, bytes + first, size - first);
    tcp->end += (uint32_t)size;
    touch(tcp);
}

void tcp_close(struct tcp *tcp)
{
    tcp->closing = true;
    touch(tcp);
}

void tcp_reset(struct tcp *tcp)
{
    send_from(tcp, RST, tcp->next, 0);
    tcp->state = CLOSED;
}

static void late(struct tcp *tcp)
{
    if (tcp->patience >= MOST_PATIENCE) {
        tcp->state = CLOSED;
        return;
    }
    tcp->patience *= 2;
    tcp->deadline = 0;
    if (tcp->state == SYN_RECEIVED) {
        send_from(tcp, SYN, tcp->una, 0);
        expect_answer(tcp);
        return;
    }
    /* A byte asks whether a closed window is open again. */
    if (tcp->window == 0)
        tcp->window = 1;
    tcp->next = tcp->una;
    flush(tcp);
}

solo5_time_t tcp_timers(solo5_time_t time)
{
    now = time;
    if (soonest > now)
        return soonest;
    soonest = UINT64_MAX;
    for (struct tcp *tcp = connections; tcp < connections + CONNECTIONS; tcp++) {
        if (tcp->state == CLOSED || tcp->deadline == 0)
            continue;
        if (tcp->deadline <= now)
            late(tcp);
        else if (tcp->deadline < soonest)
            soonest = tcp->deadline;
    }
    return soonest;
}
