/*
 * What a domain does with its time, and its end.
 */
#ifndef XEN_SCHED_H
#define XEN_SCHED_H

#include "xen/event_channel.h"

#define SCHEDOP_yield    0
#define SCHEDOP_block    1 /* until an event; events are let through */
#define SCHEDOP_shutdown 2
#define SCHEDOP_poll     3 /* until an event of one of some ports, masked or not, or a time */

struct sched_shutdown {
    unsigned int reason;
};
typedef struct sched_shutdown sched_shutdown_t;

struct sched_poll {
    XEN_GUEST_HANDLE(evtchn_port_t) ports;
    unsigned int nr_ports;
    uint64_t timeout; /* system time; 0 is none */
};
typedef struct sched_poll sched_poll_t;

#define SHUTDOWN_poweroff 0
#define SHUTDOWN_reboot   1
#define SHUTDOWN_suspend  2
#define SHUTDOWN_crash    3
#define SHUTDOWN_watchdog 4

#endif
