/*
 * net_ring: more frames in a row than a ring has slots, numbered, with reads in between; then pings as in net. With a
 * tender that has a ring (hvt) its indices wrap; with any other it is a burst.
 */
#include "net.h"

#define BURST      3000
#define FRAME_SIZE 60

/* Local experimental EtherType (IEEE 802): nobody answers. */
static const uint8_t header[SOLO5_NET_HLEN] = { 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0x88, 0xb5 };

static const char *send_burst(const struct interface *interface)
{
    static uint8_t frame[FRAME_SIZE], incoming[FRAME_MAX];
    memcpy(frame, header, sizeof header);
    memcpy(frame + 6, interface->mac, SOLO5_NET_ALEN);
    for (uint32_t i = 0; i < BURST; i++) {
        memcpy(frame + SOLO5_NET_HLEN, &i, sizeof i);
        solo5_result_t result = solo5_net_write(interface->handle, frame, sizeof frame);
        if (result != SOLO5_R_OK && result != SOLO5_R_AGAIN) return "a write failed";
        if (i % 4 != 0) continue;
        size_t size;
        result = solo5_net_read(interface->handle, incoming, sizeof incoming, &size);
        if (result != SOLO5_R_OK && result != SOLO5_R_AGAIN) return "a read failed";
    }
    return NULL;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    static const uint8_t ip[4] = { 10, 0, 0, 2 };
    struct interface interface;
    title("test_net_ring");
    if (!interface_open(&interface, "service0", ip)) return failure("no service0");
    const char *why = send_burst(&interface);
    if (why != NULL) return failure(why);
    puts("burst sent\n");
    if (has_argument(info->cmdline, "limit") && !interfaces_serve(&interface, 1, pings_to_serve(info->cmdline), false))
        return failure("the network device failed");
    return success();
}
