/*
 * The head of a ring of requests, which the front end writes, and responses, which take their places. Whoever wants to
 * be told of the next one writes its number to the event that the other looks at.
 */
#ifndef XEN_IO_RING_H
#define XEN_IO_RING_H

#include <stdint.h>

typedef unsigned int RING_IDX;

struct xen_ring_head {
    RING_IDX req_prod, req_event;
    RING_IDX rsp_prod, rsp_event;
    uint8_t pad[48];
};

#endif
