/* Says so whenever a frame has come. */
#include "solo5.h"

#define SAY(text) solo5_console_write(text, sizeof(text) - 1)

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    solo5_handle_t handle;
    struct solo5_net_info net;
    if (solo5_net_acquire("service0", &handle, &net) != SOLO5_R_OK)
        return SOLO5_EXIT_FAILURE;
    for (;;) {
        static uint8_t frame[2048];
        size_t size;
        solo5_handle_set_t ready;
        solo5_yield(~(solo5_time_t)0, &ready);
        while (solo5_net_read(handle, frame, sizeof frame, &size) == SOLO5_R_OK)
            SAY("A frame has come.\n");
    }
}
