/*
 * Xen as a guest without emulated hardware sees it (PVH, x86-64): numbers of hypercalls and virtual interrupts, and the
 * page that it shares with the hypervisor. Names and layouts are those of Xen's public headers.
 */
#ifndef XEN_XEN_H
#define XEN_XEN_H

#include <stdint.h>

typedef unsigned long xen_ulong_t;
typedef unsigned long xen_pfn_t;
typedef uint16_t domid_t;

/* Pointers in what a hypercall is given. */
#define DEFINE_XEN_GUEST_HANDLE(name)                                                                                  \
    typedef struct {                                                                                                   \
        name *p;                                                                                                       \
    } __guest_handle_##name
#define XEN_GUEST_HANDLE(name) __guest_handle_##name
#define set_xen_guest_handle(handle, value)                                                                            \
    do {                                                                                                               \
        (handle).p = (value);                                                                                          \
    } while (0)

DEFINE_XEN_GUEST_HANDLE(char);
DEFINE_XEN_GUEST_HANDLE(void);
DEFINE_XEN_GUEST_HANDLE(uint64_t);
DEFINE_XEN_GUEST_HANDLE(xen_pfn_t);
DEFINE_XEN_GUEST_HANDLE(xen_ulong_t);

/* Hypercalls: a stub of each lies at 32 times its number in the hypercall page. */
#define __HYPERVISOR_memory_op        12
#define __HYPERVISOR_set_timer_op     15
#define __HYPERVISOR_xen_version      17
#define __HYPERVISOR_console_io       18
#define __HYPERVISOR_grant_table_op   20
#define __HYPERVISOR_vcpu_op          24
#define __HYPERVISOR_sched_op         29
#define __HYPERVISOR_event_channel_op 32
#define __HYPERVISOR_hvm_op           34

#define CONSOLEIO_write 0

/* Virtual interrupts, which event channels are bound to. */
#define VIRQ_TIMER   0
#define VIRQ_DEBUG   1
#define VIRQ_DOM_EXC 3

#define DOMID_FIRST_RESERVED 0x7ff0U
#define DOMID_SELF           0x7ff0U

/* system time = system_time + ((counter - tsc_timestamp) << tsc_shift) * tsc_to_system_mul >> 32 */
struct vcpu_time_info {
    uint32_t version; /* odd while it is written */
    uint32_t pad0;
    uint64_t tsc_timestamp;
    uint64_t system_time; /* ns since the start */
    uint32_t tsc_to_system_mul;
    int8_t tsc_shift; /* to the right where it is negative */
    uint8_t flags;
    uint8_t pad1[2];
};
typedef struct vcpu_time_info vcpu_time_info_t;

struct arch_vcpu_info {
    unsigned long cr2;
    unsigned long pad;
};
typedef struct arch_vcpu_info arch_vcpu_info_t;

struct vcpu_info {
    uint8_t evtchn_upcall_pending;
    uint8_t evtchn_upcall_mask;
    xen_ulong_t evtchn_pending_sel; /* which words of evtchn_pending to look at */
    struct arch_vcpu_info arch;
    struct vcpu_time_info time;
};
typedef struct vcpu_info vcpu_info_t;

#define XEN_LEGACY_MAX_VCPUS 32

struct arch_shared_info {
    unsigned long max_pfn;
    xen_pfn_t pfn_to_mfn_frame_list_list;
    unsigned long nmi_reason;
    unsigned long p2m_cr3;
    unsigned long p2m_vaddr;
    unsigned long p2m_generation;
};
typedef struct arch_shared_info arch_shared_info_t;

struct shared_info {
    struct vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];
    xen_ulong_t evtchn_pending[64];
    xen_ulong_t evtchn_mask[64];
    uint32_t wc_version; /* odd while it is written */
    uint32_t wc_sec;     /* since 1970, when system time was 0 */
    uint32_t wc_nsec;
    uint32_t wc_sec_hi;
    struct arch_shared_info arch;
};
typedef struct shared_info shared_info_t;

#endif
