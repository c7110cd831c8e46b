/*
 * What a guest asks of its virtual CPU.
 */
#ifndef XEN_VCPU_H
#define XEN_VCPU_H

#include "xen/xen.h"

#define VCPUOP_is_up                 3
#define VCPUOP_stop_periodic_timer   7
#define VCPUOP_set_singleshot_timer  8
#define VCPUOP_stop_singleshot_timer 9
#define VCPUOP_register_vcpu_info    10

struct vcpu_set_singleshot_timer {
    uint64_t timeout_abs_ns; /* system time */
    uint32_t flags;
};
typedef struct vcpu_set_singleshot_timer vcpu_set_singleshot_timer_t;

#define VCPU_SSHOTTMR_future 1 /* an error if the time has passed */

struct vcpu_register_vcpu_info {
    uint64_t mfn;
    uint32_t offset;
    uint32_t rsvd;
};
typedef struct vcpu_register_vcpu_info vcpu_register_vcpu_info_t;

#endif
