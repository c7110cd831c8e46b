/*
 * Event channels, each a bit that the other side sets, and waiting for them. All stay masked: who waits, polls.
 */

/* MirageOS looks at the page as well. */
extern char solo5__xen_HYPERVISOR_SHARED_INFO[];
char solo5__xen_HYPERVISOR_SHARED_INFO[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE))) = { 0 };

static struct shared_info *shared_info(void)
{
    return (struct shared_info *)linker_value(solo5__xen_HYPERVISOR_SHARED_INFO);
}

#define WORD_BITS (8 * sizeof(xen_ulong_t))

static void event_init(void)
{
    if (!add_to_physmap(XENMAPSPACE_shared_info, 0, shared_info())) FAIL("Xen gave no shared info");
    for (unsigned word = 0; word < WORD_BITS; word++)
        __atomic_store_n(&shared_info()->evtchn_mask[word], ~0UL, __ATOMIC_SEQ_CST);
}

static void event_clear(evtchn_port_t port)
{
    __atomic_fetch_and(&shared_info()->evtchn_pending[port / WORD_BITS], ~(1UL << port % WORD_BITS), __ATOMIC_SEQ_CST);
}

static void event_send(evtchn_port_t port)
{
    evtchn_send_t send = { .port = port };
    event_channel_op(EVTCHNOP_send, &send);
}

/* A port that (domain) may bind to. */
static bool event_offer(domid_t domain, evtchn_port_t *port)
{
    evtchn_alloc_unbound_t offer = { .dom = DOMID_SELF, .remote_dom = domain };
    if (event_channel_op(EVTCHNOP_alloc_unbound, &offer) != 0) return false;
    *port = offer.port;
    return true;
}

/* Xen's times are signed. */
#define TIME_MAX (1UL << 62)

/* Until an event of one of the ports, which were cleared before the last look at what they announce, or (deadline),
 * which is not 0. It may come back early. */
__attribute__((noinline)) static void event_wait(evtchn_port_t *ports, unsigned count, solo5_time_t deadline)
{
    sched_poll_t poll = { .nr_ports = count, .timeout = deadline < TIME_MAX ? deadline : TIME_MAX };
    set_xen_guest_handle(poll.ports, ports);
    sched_op(SCHEDOP_poll, &poll);
}
