/*
 * net_length: what is too short or too long for a frame is refused, and the device goes on.
 */
#include "test.h"

static uint8_t frame[0x20000] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 0x88, 0xb5 };

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_net_length");
    solo5_handle_t handle;
    struct solo5_net_info net;
    if (solo5_net_acquire("service0", &handle, &net) != SOLO5_R_OK) return failure("no service0");
    const size_t longest = net.mtu + SOLO5_NET_HLEN + 4;
    const size_t refused[] = {
        0, 1, SOLO5_NET_HLEN - 1, longest + 1, longest + 2, 0xffff, 0x10000, sizeof frame, 1UL << 32, SIZE_MAX,
    };
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
            if (solo5_net_write(handle, frame, refused[i]) != SOLO5_R_EINVAL) return failure("a length was taken");
        if (solo5_net_write(handle, frame, SOLO5_NET_HLEN) != SOLO5_R_OK) return failure("the shortest frame");
        if (solo5_net_write(handle, frame, longest - 4) != SOLO5_R_OK) return failure("the longest frame");
    }
    return success();
}
