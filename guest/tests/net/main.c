/*
 * net: answers ARP and pings at 10.0.0.2. `limit` ends it after 100,000 pings, `verbose` reports each frame.
 */
#include "net.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    static const uint8_t ip[4] = { 10, 0, 0, 2 };
    struct interface interface;
    title("test_net");
    if (!interface_open(&interface, "service0", ip)) return failure("no service0");
    if (!interfaces_serve(&interface, 1, pings_to_serve(info->cmdline), has_argument(info->cmdline, "verbose")))
        return failure("the network device failed");
    return success();
}
