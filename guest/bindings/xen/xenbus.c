/*
 * How a front end and its back end meet: each has a folder in xenstore, with a state and what the other is to know.
 * Source: Xen's public header io/xenbus.h.
 */

#define BACK_PATIENCE (30 * NSEC_PER_SEC)
#define BACK_INTERVAL (NSEC_PER_SEC / 100)

struct front {
    char folder[64], back[128];
    domid_t domain; /* the back end's */
    evtchn_port_t port;
};

__attribute__((cold, noinline)) static void front_open(struct front *front, const char *type, unsigned long number)
{
    format_string(front->folder, sizeof front->folder, "device/%s/%lu", type, number);
    const char *back = store_read(front->folder, "backend");
    if (back == NULL) FAIL("A device has no back end");
    format_string(front->back, sizeof front->back, "%s", back);
    front->domain = (domid_t)store_read_number(front->folder, "backend-id", 0);
    if (!event_offer(front->domain, &front->port)) FAIL("Xen has no event channel left");
}

static void front_set_state(const struct front *front, enum xenbus_state state)
{
    store_write_number(front->folder, "state", state);
}

/* Until the back end is in (state). */
__attribute__((cold, noinline)) static void front_wait(const struct front *front, enum xenbus_state state)
{
    solo5_time_t end = solo5_clock_monotonic() + BACK_PATIENCE;
    for (;;) {
        unsigned long now = store_read_number(front->back, "state", XenbusStateUnknown);
        if (now == state) return;
        if (now == XenbusStateClosing || now == XenbusStateClosed || solo5_clock_monotonic() >= end) {
            log_at(LOG_ERROR, "Solo5: error: %s is in state %lu\n", front->back, now);
            FAIL("A back end does not connect");
        }
        event_wait(NULL, 0, solo5_clock_monotonic() + BACK_INTERVAL);
    }
}
