/*
 * The guest's physical memory: what there is, and pages of the hypervisor's in it.
 */
#ifndef XEN_MEMORY_H
#define XEN_MEMORY_H

#include "xen/xen.h"

#define XENMEM_add_to_physmap 7
#define XENMEM_memory_map     9

#define XENMAPSPACE_shared_info 0
#define XENMAPSPACE_grant_table 1

struct xen_add_to_physmap {
    domid_t domid;
    uint16_t size;
    unsigned int space; /* XENMAPSPACE_ */
    xen_ulong_t idx;    /* in the space */
    xen_pfn_t gpfn;     /* where it shall be */
};
typedef struct xen_add_to_physmap xen_add_to_physmap_t;

/* Entries are those of an E820 map: u64 address, u64 size, u32 type, 20 bytes. */
struct xen_memory_map {
    unsigned int nr_entries; /* in: room, out: how many */
    XEN_GUEST_HANDLE(void) buffer;
};
typedef struct xen_memory_map xen_memory_map_t;

#endif
