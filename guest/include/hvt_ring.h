/*
 * hvt_ring.h: the ring by which an hvt unikernel moves network frames without leaving the virtual machine for each.
 * Present since Solo5 0.11, at hvt_boot_info.net_ring. One producer and one consumer each way; indices run freely and
 * are masked when used. Needs C99 headers only.
 */
#ifndef HVT_RING_H
#define HVT_RING_H

#include "hvt_abi.h"

#define HVT_RING_SIZE     1024
#define HVT_RING_MASK     (HVT_RING_SIZE - 1)
#define HVT_RING_BUF_SIZE 2048 /* bytes of a slot's buffer for an outgoing frame */

#define HVT_RING_NET_WRITE 1 /* takes the frame, answers nothing */
#define HVT_RING_NET_READ  2 /* answers with a commit */

/* Guest to host. */
struct hvt_ring_entry {
    uint32_t operation;
    uint32_t handle;
    HVT_GUEST_PTR(const void *) data; /* the frame */
    uint32_t len;
    uint32_t id; /* comes back in the commit */
    uint64_t _reserved;
};

/* Host to guest. */
struct hvt_ring_commit {
    uint32_t id;
    int32_t ret; /* solo5_result_t */
    uint32_t len;
    uint32_t _reserved;
};

/* Each side writes to its own cache line only. */
struct hvt_ring {
    volatile uint32_t ent_tail; /* the guest's line */
    volatile uint32_t com_head;
    uint8_t _pad0[56];
    volatile uint32_t ent_head; /* the host's line */
    volatile uint32_t com_tail;
    volatile uint32_t needs_kick; /* the host sleeps: a kick wakes it */
    uint8_t _pad1[52];
    struct hvt_ring_entry entries[HVT_RING_SIZE];
    struct hvt_ring_commit commits[HVT_RING_SIZE];
};

/*
 * Barriers between memory accesses that the other side sees: hvt_wmb() keeps stores in order and hvt_rmb() loads, as
 * x86-64 has them anyway; hvt_mb() keeps stores before later loads too, which a look at needs_kick is.
 */
#if defined(__x86_64__)
#define HVT_BARRIER_STORES ""
#define HVT_BARRIER_LOADS  ""
#define HVT_BARRIER_ALL    "mfence"
#else
#define HVT_BARRIER_STORES "dmb ishst"
#define HVT_BARRIER_LOADS  "dmb ishld"
#define HVT_BARRIER_ALL    "dmb ish"
#endif

static inline void hvt_wmb(void)
{
    __asm__ __volatile__(HVT_BARRIER_STORES ::: "memory");
}

static inline void hvt_rmb(void)
{
    __asm__ __volatile__(HVT_BARRIER_LOADS ::: "memory");
}

static inline void hvt_mb(void)
{
    __asm__ __volatile__(HVT_BARRIER_ALL ::: "memory");
}

#endif
