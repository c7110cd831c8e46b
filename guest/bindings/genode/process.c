/*
 * What stands for Genode's library where a unikernel for Genode is made a Linux process: the same functions by spt's nine system
 * calls. It lies below the unikernel, in a file of its own; whoever puts the two together fills in the words of `process`.
 */
#include "../common/bindings.h"
#include "spt_abi.h"

#include "../common/x86-64/cpu.h"
#include "../spt/x86-64/syscall.h"

#include "../common/string.c"
#include "../common/format.c"
#include "../common/log.c"
#include "../common/stack-protector.c"
#include "../common/options.c"
#include "../common/manifest.c"
#include "../common/devices.c"
#include "../spt/platform.c"
#include "../spt/clock.c"
#include "../spt/yield.c"
#include "../spt/net.c"

#define STACK_SIZE 0x80000

struct process {
    int (*main)(const struct solo5_start_info *info);
    uintptr_t image_end; /* of the unikernel, page-aligned */
};

/* Named for whoever fills it in; no compiler may reason about it. */
__attribute__((used, section(".data"))) volatile struct process process;

void solo5_exit(int status)
{
    platform_exit(status, NULL);
}

void solo5_abort(void)
{
    platform_exit(SOLO5_EXIT_ABORT, NULL);
}

/* Genode has the register for itself. */
solo5_result_t solo5_set_tls_base(uintptr_t base)
{
    (void)base;
    return SOLO5_R_EUNSPEC;
}

/* Any number of blocks, of which the filter lets through one at a time. */
static solo5_result_t block_transfer(long nr, solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size)
{
    const struct mft_entry *device = manifest_get(handle, MFT_DEV_BLOCK_BASIC);
    if (device == NULL) return SOLO5_R_EINVAL;
    size_t unit = device->u.block_basic.block_size;
    solo5_off_t capacity = device->u.block_basic.capacity;
    if (size == 0 || size % unit != 0 || !is_block(device, offset, unit) || size > capacity || offset > capacity - size)
        return SOLO5_R_EINVAL;
    for (size_t done = 0; done < size; done += unit) {
        long moved = syscall6(nr, device->b.hostfd, (long)(buf + done), (long)unit, (long)(offset + done), 0, 0);
        if (moved != (long)unit) return SOLO5_R_EUNSPEC;
    }
    return SOLO5_R_OK;
}

solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size)
{
    return block_transfer(SYS_PWRITE64, handle, offset, buf, size);
}

solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf, size_t size)
{
    return block_transfer(SYS_PREAD64, handle, offset, buf, size);
}

void _start(const struct spt_boot_info *boot) __attribute__((noreturn));

void _start(const struct spt_boot_info *boot)
{
    static struct solo5_start_info info;

    stack_protector_init();
    set_thread_pointer(0);
    manifest = boot->mft;
    info.cmdline = options_take(boot->cmdline);
    info.heap_start = process.image_end;
    uintptr_t heap_end = (boot->mem_size - STACK_SIZE) & ~(PAGE_SIZE - 1);
    info.heap_size = heap_end > info.heap_start ? heap_end - info.heap_start : 0;
    yield_init(boot);
    solo5_exit(process.main(&info));
}
