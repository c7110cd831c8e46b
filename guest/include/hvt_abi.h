/*
 * hvt_abi.h: what the hvt tender gives a unikernel, which runs in a virtual machine, and the hypercalls it makes.
 * Serves both sides: a tender defines HVT_HOST, and guest pointers become numbers. Needs C99 headers only.
 */
#ifndef HVT_ABI_H
#define HVT_ABI_H

#include "elf_abi.h"
#include <stddef.h>
#include <stdint.h>

#define HVT_ABI_VERSION 2

/* Lowest address of a unikernel's segments. */
#define HVT_GUEST_MIN_BASE 0x100000

#ifdef HVT_HOST
/* A guest-physical address, which the tender must not dereference. */
typedef uint64_t hvt_gpa_t;
#define HVT_GUEST_PTR(T) hvt_gpa_t
#else
#define HVT_GUEST_PTR(T) T
#endif

/* A hypercall hands over the 32-bit address of its argument, by a port on x86-64 and by a register above 4 GiB on
 * aarch64. Memory is at most 4 GiB, so 32 bits suffice. */
#if defined(__x86_64__)
#define HVT_HYPERCALL_PIO_BASE 0x500
#define HVT_RING_KICK_PIO_BASE 0x600
#elif defined(__aarch64__)
#define HVT_HYPERCALL_MMIO_BASE  (0x100000000UL)
#define HVT_RING_KICK_MMIO_BASE  (HVT_HYPERCALL_MMIO_BASE + 0x100)
#define HVT_HYPERCALL_ADDRESS(x) (HVT_HYPERCALL_MMIO_BASE + ((x) << 3))
#define HVT_HYPERCALL_NR(x)      (((x) - HVT_HYPERCALL_MMIO_BASE) >> 3)
#else
#error Unsupported architecture
#endif

#ifndef HVT_HOST
static inline void hvt_do_hypercall(int n, volatile void *arg)
{
    uint32_t gpa = (uint32_t)(uintptr_t)arg;
#if defined(__x86_64__)
    __asm__ __volatile__("outl %0, %1" : : "a"(gpa), "d"((uint16_t)(HVT_HYPERCALL_PIO_BASE + n)) : "memory");
#else
    __asm__ __volatile__("str %w0, [%1]" : : "rZ"(gpa), "r"(HVT_HYPERCALL_ADDRESS((uint64_t)n)) : "memory");
#endif
}

/* Wakes the tender's side of a ring (hvt_ring.h), of which there is one: (ring_id) is 0. */
static inline void hvt_ring_kick(int ring_id)
{
#if defined(__x86_64__)
    __asm__ __volatile__("outl %0, %1" : : "a"(ring_id), "d"((uint16_t)HVT_RING_KICK_PIO_BASE) : "memory");
#else
    __asm__ __volatile__("str %w0, [%1]" : : "rZ"(ring_id), "r"(HVT_RING_KICK_MMIO_BASE) : "memory");
#endif
}
#endif

/* host_features: net_ring holds the address of a struct hvt_ring. */
#define HVT_FEATURE_RING_IO (1U << 0)

/*
 * The sole argument of the entry point. Tenders up to Solo5 0.10 end it after mft, and the manifest follows: a guest
 * that looks at the rest must find both the feature bit and a ring address.
 */
struct hvt_boot_info {
    uint64_t mem_size;       /* end of memory, which starts at 0 */
    uint64_t kernel_end;     /* end of the last segment that has bytes in the file, so without .bss */
    uint64_t cpu_cycle_freq; /* of the cycle counter, Hz; never 0 */
    HVT_GUEST_PTR(const char *) cmdline;
    HVT_GUEST_PTR(const void *) mft; /* struct mft */
    uint32_t host_features;          /* HVT_FEATURE_* of the tender */
    uint32_t guest_features;         /* not used */
    uint64_t net_ring;               /* struct hvt_ring, or 0 */
};

/* Largest command line with its terminating NUL. */
#define HVT_CMDLINE_SIZE 8192

enum hvt_hypercall {
    HVT_HYPERCALL_WALLTIME = 1,
    HVT_HYPERCALL_PUTS,
    HVT_HYPERCALL_POLL,
    HVT_HYPERCALL_BLOCK_WRITE,
    HVT_HYPERCALL_BLOCK_READ,
    HVT_HYPERCALL_NET_WRITE,
    HVT_HYPERCALL_NET_READ,
    HVT_HYPERCALL_HALT,
    HVT_HYPERCALL_MAX
};

/* Each hypercall's argument. `ret` is a solo5_result_t; what is marked `out` is the tender's to write. */

struct hvt_hc_walltime {
    uint64_t nsecs; /* out */
};

struct hvt_hc_puts {
    HVT_GUEST_PTR(const char *) data;
    size_t len;
};

struct hvt_hc_poll {
    uint64_t timeout_nsecs; /* from now */
    uint64_t ready_set;     /* out: bit (1 << handle) */
    int ret;                /* out: how many are ready */
};

struct hvt_hc_block_write {
    uint64_t handle;
    uint64_t offset;
    HVT_GUEST_PTR(const void *) data;
    size_t len;
    int ret; /* out */
};

struct hvt_hc_block_read {
    uint64_t handle;
    uint64_t offset;
    HVT_GUEST_PTR(void *) data;
    size_t len; /* in and out */
    int ret;    /* out */
};

struct hvt_hc_net_write {
    uint64_t handle;
    HVT_GUEST_PTR(const void *) data;
    size_t len;
    int ret; /* out */
};

struct hvt_hc_net_read {
    uint64_t handle;
    HVT_GUEST_PTR(void *) data;
    size_t len; /* in and out */
    int ret;    /* out */
};

/* A cookie, unless NULL, points to HVT_HALT_COOKIE_MAX bytes that describe the end, such as a trap frame. */
#define HVT_HALT_COOKIE_MAX 512

struct hvt_hc_halt {
    HVT_GUEST_PTR(void *) cookie;
    int exit_status;
};

#endif
