/*
 * Grants: pages that another domain may read or write, version 1.
 */
#ifndef XEN_GRANT_TABLE_H
#define XEN_GRANT_TABLE_H

#include "xen/xen.h"

typedef uint32_t grant_ref_t;
typedef uint32_t grant_handle_t;

/* (flags) are written last, and made GTF_invalid to take the grant back, which fails while it is in use. */
struct grant_entry_v1 {
    uint16_t flags;
    domid_t domid;
    uint32_t frame;
};
typedef struct grant_entry_v1 grant_entry_v1_t;

/* The first references are for the machine's builder: console and xenstore. */
#define GNTTAB_NR_RESERVED_ENTRIES 8
#define GNTTAB_RESERVED_CONSOLE    0
#define GNTTAB_RESERVED_XENSTORE   1

#define GTF_invalid       0U
#define GTF_permit_access 1U
#define GTF_type_mask     3U
#define GTF_readonly      (1U << 2)
#define GTF_reading       (1U << 3) /* set by the hypervisor while it is in use, as the next */
#define GTF_writing       (1U << 4)

#define GNTTABOP_map_grant_ref   0
#define GNTTABOP_unmap_grant_ref 1
#define GNTTABOP_query_size      6
#define GNTTABOP_set_version     8

struct gnttab_map_grant_ref {
    uint64_t host_addr;
    uint32_t flags;
    grant_ref_t ref;
    domid_t dom;
    int16_t status;        /* out */
    grant_handle_t handle; /* out */
    uint64_t dev_bus_addr; /* out */
};
typedef struct gnttab_map_grant_ref gnttab_map_grant_ref_t;

struct gnttab_unmap_grant_ref {
    uint64_t host_addr;
    uint64_t dev_bus_addr;
    grant_handle_t handle;
    int16_t status; /* out */
};
typedef struct gnttab_unmap_grant_ref gnttab_unmap_grant_ref_t;

struct gnttab_query_size {
    domid_t dom;
    uint32_t nr_frames;     /* out */
    uint32_t max_nr_frames; /* out */
    int16_t status;         /* out */
};
typedef struct gnttab_query_size gnttab_query_size_t;

#define GNTMAP_host_map (1 << 1)
#define GNTMAP_readonly (1 << 2)

#define GNTST_okay          0
#define GNTST_general_error (-1)
#define GNTST_bad_domain    (-2)
#define GNTST_bad_gntref    (-3)

#endif
