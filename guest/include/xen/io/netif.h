/*
 * Network devices: a ring of frames to send, and one of pages to receive into.
 */
#ifndef XEN_IO_NETIF_H
#define XEN_IO_NETIF_H

#include "xen/grant_table.h"
#include "xen/io/ring.h"

#define NETTXF_csum_blank     (1U << 0)
#define NETTXF_data_validated (1U << 1)
#define NETTXF_more_data      (1U << 2) /* the frame goes on in the next request */
#define NETTXF_extra_info     (1U << 3)

struct netif_tx_request {
    grant_ref_t gref;
    uint16_t offset;
    uint16_t flags;
    uint16_t id;
    uint16_t size; /* of the whole frame, in its first request */
};

struct netif_tx_response {
    uint16_t id;
    int16_t status;
};

struct netif_rx_request {
    uint16_t id;
    uint16_t pad;
    grant_ref_t gref;
};

#define NETRXF_more_data (1U << 2)

struct netif_rx_response {
    uint16_t id;
    uint16_t offset;
    uint16_t flags;
    int16_t status; /* bytes, or an error */
};

#define NETIF_RSP_DROPPED (-2)
#define NETIF_RSP_ERROR   (-1)
#define NETIF_RSP_OKAY    0

union netif_tx_sring_entry {
    struct netif_tx_request req;
    struct netif_tx_response rsp;
};

union netif_rx_sring_entry {
    struct netif_rx_request req;
    struct netif_rx_response rsp;
};

/* Powers of two, of what has room in a page. */
#define NETIF_TX_RING_SIZE 256
#define NETIF_RX_RING_SIZE 256

struct netif_tx_sring {
    struct xen_ring_head head;
    union netif_tx_sring_entry ring[NETIF_TX_RING_SIZE];
};

struct netif_rx_sring {
    struct xen_ring_head head;
    union netif_rx_sring_entry ring[NETIF_RX_RING_SIZE];
};

#endif
