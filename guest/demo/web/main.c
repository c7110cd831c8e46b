/*
 * A web server on `service0`, port 80, at --ipv4=ADDRESS (10.0.0.2), over a network that loses one frame in --lose=N.
 */
#include "http.h"
#include "memory.h"

static void print(const char *text)
{
    solo5_console_write(text, strlen(text));
}

int solo5_app_main(const struct solo5_start_info *info)
{
    static struct interface interface;
    if (!interface_open(&interface, "service0", address_of(info->cmdline))) {
        print("no service0, or its frames are too long\n");
        return SOLO5_EXIT_FAILURE;
    }
    interface.lose = loss_of(info->cmdline);
    tcp_listen(&interface, 80, &http);
    print("Serving\n");
    for (solo5_time_t now = solo5_clock_monotonic();;) {
        solo5_handle_set_t ready;
        solo5_yield(tcp_timers(now), &ready);
        now = solo5_clock_monotonic();
        tcp_timers(now);
        /* Answers go out together, but not so late that the peer has to wait for its window. */
        for (unsigned n = 0; n < 16 && interface_poll(&interface, tcp_input); n++)
            ;
        tcp_flush();
    }
}
