/*
 * spt_abi.h: what the spt tender gives a unikernel, which runs as a Linux process that may make a handful of system
 * calls. Needs C99 headers only.
 */
#ifndef SPT_ABI_H
#define SPT_ABI_H

#include "elf_abi.h"
#include <stddef.h>
#include <stdint.h>

#define SPT_ABI_VERSION 2

/* Lowest address of a unikernel's segments. */
#define SPT_GUEST_MIN_BASE 0x100000

/* The sole argument of the entry point. */
struct spt_boot_info {
    uint64_t mem_size;   /* end of memory; it starts at SPT_HOST_MEM_BASE */
    uint64_t kernel_end; /* end of the last segment that has bytes in the file, so without .bss */
    const char *cmdline;
    const void *mft; /* struct mft; each device's b.hostfd is its descriptor */
    int epollfd;     /* has every network device with data.u64 = its handle, and timerfd */
    int timerfd;     /* CLOCK_MONOTONIC */
};

/* data.u64 of timerfd in the epoll set. */
#define SPT_INTERNAL_TIMERFD (~1U)

/* Linux maps nothing below (vm.mmap_min_addr). */
#define SPT_HOST_MEM_BASE  0x10000
#define SPT_BOOT_INFO_BASE (SPT_HOST_MEM_BASE + 0x1000)

/* Largest command line with its terminating NUL. */
#define SPT_CMDLINE_SIZE 8192

#endif
