#include "early.h"
#include "memory.h"

/* Whether sequence number (a) comes before (b). */
static bool before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static void forget(struct tcp *tcp, unsigned n)
{
    tcp->early[n] = tcp->early[--tcp->early_count];
}

void early_keep(struct tcp *tcp, uint32_t sequence, const uint8_t *data, size_t size)
{
    struct piece piece = { sequence, sequence + (uint32_t)size };
    if (before(tcp->expected + TCP_BUFFER, piece.to))
        return;
    /* Pieces that touch become one. */
    for (unsigned n = 0; n < tcp->early_count;) {
        struct piece other = tcp->early[n];
        if (before(piece.to, other.from) || before(other.to, piece.from)) {
            n++;
            continue;
        }
        if (before(other.from, piece.from))
            piece.from = other.from;
        if (before(piece.to, other.to))
            piece.to = other.to;
        forget(tcp, n);
    }
    if (tcp->early_count == PIECES)
        return;
    tcp->early[tcp->early_count++] = piece;
    uint32_t at = sequence % TCP_BUFFER;
    size_t first = TCP_BUFFER - at < size ? TCP_BUFFER - at : size;
    memcpy(tcp->early_data + at, data, first);
    memcpy(tcp->early_data, data + first, size - first);
}

size_t early_next(struct tcp *tcp, const uint8_t **data)
{
    for (unsigned n = 0; n < tcp->early_count; n++) {
        struct piece piece = tcp->early[n];
        if (!before(tcp->expected, piece.to)) {
            forget(tcp, n--);
            continue;
        }
        if (before(tcp->expected, piece.from))
            continue;
        uint32_t at = tcp->expected % TCP_BUFFER, size = piece.to - tcp->expected;
        *data = tcp->early_data + at;
        return TCP_BUFFER - at < size ? TCP_BUFFER - at : size;
    }
    return 0;
}
