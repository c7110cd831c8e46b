/*
 * mft_maxdevices: as many devices as a manifest can declare, each found under its name with a handle of its own.
 */
#include "test.h"

#define DEVICES 63

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_mft_maxdevices");
    solo5_handle_set_t seen = 0;
    for (int i = 0; i < DEVICES; i++) {
        char name[] = "service\0\0";
        if (i >= 10) name[7] = (char)('0' + i / 10);
        name[i >= 10 ? 8 : 7] = (char)('0' + i % 10);
        solo5_handle_t handle;
        struct solo5_net_info net;
        if (solo5_net_acquire(name, &handle, &net) != SOLO5_R_OK) return failure(name);
        if (handle > 63 || (seen >> handle & 1) != 0) return failure("two devices have one handle");
        seen |= 1UL << handle;
    }
    return success();
}
