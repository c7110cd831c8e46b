/*
 * net_2if: answers ARP and pings at 10.0.0.2 on one interface and at 10.1.0.2 on another, by what yield says is ready.
 */
#include "net.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    static const uint8_t ips[2][4] = { { 10, 0, 0, 2 }, { 10, 1, 0, 2 } };
    struct interface interfaces[2];
    title("test_net_2if");
    if (!interface_open(&interfaces[0], "service0", ips[0])) return failure("no service0");
    if (!interface_open(&interfaces[1], "service1", ips[1])) return failure("no service1");
    if (!interfaces_serve(interfaces, 2, pings_to_serve(info->cmdline), has_argument(info->cmdline, "verbose")))
        return failure("a network device failed");
    return success();
}
