/*
 * Xenstore: a tree of names with values, which a server in another domain keeps. Messages go through a page.
 */
#ifndef XEN_IO_XS_WIRE_H
#define XEN_IO_XS_WIRE_H

#include <stdint.h>

enum xsd_sockmsg_type {
    XS_DIRECTORY = 1,
    XS_READ,
    XS_GET_PERMS,
    XS_WATCH,
    XS_UNWATCH,
    XS_TRANSACTION_START,
    XS_TRANSACTION_END,
    XS_WRITE = 11,
    XS_MKDIR,
    XS_RM,
    XS_SET_PERMS,
    XS_WATCH_EVENT,
    XS_ERROR,
};

/* Then (len) bytes; paths end in NUL. */
struct xsd_sockmsg {
    uint32_t type;
    uint32_t req_id; /* the answer's is the request's */
    uint32_t tx_id;
    uint32_t len;
};

#define XENSTORE_RING_SIZE   1024
#define XENSTORE_PAYLOAD_MAX 4096

typedef uint32_t XENSTORE_RING_IDX;

struct xenstore_domain_interface {
    char req[XENSTORE_RING_SIZE];
    char rsp[XENSTORE_RING_SIZE];
    XENSTORE_RING_IDX req_cons, req_prod;
    XENSTORE_RING_IDX rsp_cons, rsp_prod;
    uint32_t server_features;
    uint32_t connection;
};

#endif
