/*
 * Segments that come before their turn: kept, and handed over when what was missing has come.
 */
#ifndef WEB_EARLY_H
#define WEB_EARLY_H

#include "tcp.h"

/* Keeps what fits. */
void early_keep(struct tcp *, uint32_t sequence, const uint8_t *data, size_t size);
/* The bytes that come next: gives their number, at most as many as lie together, and where they are. */
size_t early_next(struct tcp *, const uint8_t **data);

#endif
