/*
 * net_mtu: what the host's interface carries is what the unikernel is told.
 */
#include "test.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_net_mtu");
    solo5_handle_t handle;
    struct solo5_net_info net;
    if (solo5_net_acquire("service0", &handle, &net) != SOLO5_R_OK) return failure("no service0");
    puts("MTU is ");
    put_decimal(net.mtu);
    puts("\n");
    return success();
}
