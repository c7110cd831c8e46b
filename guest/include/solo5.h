/*
 * solo5.h: what a unikernel may call, and the one function it must define.
 *
 * Source-compatible with the public API of Solo5 0.6 and later. Functions that return a solo5_result_t return
 * SOLO5_R_OK on success and the stated results otherwise; the others succeed or end the unikernel. A bad pointer is
 * never reported: it faults. Nothing here may be called from more than one thread of execution at a time.
 */
#ifndef SOLO5_H_INCLUDED
#define SOLO5_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    SOLO5_R_OK = 0, /* Done. */
    SOLO5_R_AGAIN,  /* Not now; the same call may succeed later. */
    SOLO5_R_EINVAL, /* An argument is wrong. */
    SOLO5_R_EUNSPEC /* The host failed. */
} solo5_result_t;

/* ---- Start and end ---- */

/* What the unikernel is given at its start. Read-only, valid until the end. */
struct solo5_start_info {
    const char *cmdline;  /* Arguments joined by single spaces, without the leading `--solo5:` options; never NULL. */
    uintptr_t heap_start; /* Read-write memory for heap and stacks, zeroed and non-executable (neither on virtio): ... */
    size_t heap_size;     /* ... page-aligned start, and size in bytes. The initial stack grows down from its end. */
};

/* The unikernel. Defined by the application; returning from it is solo5_exit() with the returned status. */
int solo5_app_main(const struct solo5_start_info *info);

#define SOLO5_EXIT_SUCCESS 0
#define SOLO5_EXIT_FAILURE 1
#define SOLO5_EXIT_ABORT   255 /* What solo5_abort() reports; 255 and above are not for applications. */

/* Ends the unikernel; the host sees (status) & 0xff where the target can report one. */
void solo5_exit(int status) __attribute__((noreturn));

/* Ends the unikernel with SOLO5_EXIT_ABORT; a tender may write a core dump. */
void solo5_abort(void) __attribute__((noreturn));

/* ---- Thread-local storage (local-exec model) ----
 *
 * For each thread: get solo5_tls_size() bytes of zeroed memory at (tls), call solo5_tls_init(tls), and switch to the
 * thread with solo5_set_tls_base(solo5_tls_tp_offset(tls)). The block may have any alignment. Before the first switch
 * a unikernel must not touch thread-local variables; nor in the very function that switches, where a compiler may have
 * kept the old thread pointer.
 */

/* Bytes needed for one thread's block; the same for every thread. */
size_t solo5_tls_size(void);

/* The thread pointer that belongs to the block at (tls). */
uintptr_t solo5_tls_tp_offset(uintptr_t tls);

/* Puts the initial values of the thread-local variables into the zeroed block at (tls). EINVAL if it is NULL. */
solo5_result_t solo5_tls_init(uintptr_t tls);

/* Makes (base) the thread pointer of the CPU. EINVAL if the host refuses the address. Does not block. */
solo5_result_t solo5_set_tls_base(uintptr_t base);

/* ---- Time ---- */

/* Nanoseconds. */
typedef uint64_t solo5_time_t;

/* Time since an arbitrary point; never goes back. Does not block. */
solo5_time_t solo5_clock_monotonic(void);

/* Time since 1970-01-01 00:00 UTC as the host has it; may jump. Does not block. */
solo5_time_t solo5_clock_wall(void);

/* ---- Waiting ---- */

/* A device, from its acquire function; a number in [0, 63]. */
typedef uint64_t solo5_handle_t;

/* A set of handles: bit (1 << handle). */
typedef uint64_t solo5_handle_set_t;

/*
 * Blocks until solo5_clock_monotonic() reaches (deadline) or a network device has a frame to read, without using the
 * CPU. Returns at once if either is so already. May return early with nothing ready. (*ready_set), unless NULL,
 * becomes the set of devices with a frame to read. The only function that waits for an event.
 */
void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set);

/* ---- Console ---- */

/* Writes (size) bytes at (buf). Best effort: what the host cannot take is lost. */
void solo5_console_write(const char *buf, size_t size);

/* ---- Network ---- */

#define SOLO5_NET_ALEN 6  /* Bytes of an Ethernet address. */
#define SOLO5_NET_HLEN 14 /* Bytes of an Ethernet header: target, source, type. */

struct solo5_net_info {
    uint8_t mac_address[SOLO5_NET_ALEN];
    size_t mtu; /* Bytes of payload in a frame, without the Ethernet header. */
};

/*
 * Finds the network device declared as (name) in the manifest: its handle in (*handle), its properties in (*info).
 * EINVAL if the manifest has no network device of that name.
 */
solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle, struct solo5_net_info *info);

/*
 * Sends the frame of (size) bytes at (buf), Ethernet header included; at most mtu + SOLO5_NET_HLEN. Does not block.
 * AGAIN or EUNSPEC: the host did not take it. EINVAL: no such device. OK does not promise that it arrives.
 */
solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size);

/*
 * Receives one frame into (buf) of (size) bytes, which should be at least mtu + SOLO5_NET_HLEN; a longer frame is
 * cut. (*read_size) becomes its size, header included. Does not block: AGAIN if there is none. EINVAL: no such device.
 */
solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size);

/* ---- Block devices ---- */

/* A position in bytes. */
typedef uint64_t solo5_off_t;

struct solo5_block_info {
    solo5_off_t capacity;   /* Bytes in all; a multiple of block_size. */
    solo5_off_t block_size; /* Bytes per block. */
};

/*
 * Finds the block device declared as (name) in the manifest: its handle in (*handle), its properties in (*info).
 * EINVAL if the manifest has no block device of that name.
 */
solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle, struct solo5_block_info *info);

/*
 * Writes one block of (size) bytes from (buf) at (offset). When it returns OK the host has all of it; otherwise none
 * of it should be relied upon. Waits for the host's disk. EINVAL: no such device, (size) is not block_size, or
 * (offset) is not a multiple of it. EINVAL or EUNSPEC: beyond the capacity. EUNSPEC: the host failed.
 */
solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size);

/* Reads one block of (size) bytes at (offset) into (buf). Waits and fails as solo5_block_write() does. */
solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf, size_t size);

#ifdef __cplusplus
}
#endif

#endif
