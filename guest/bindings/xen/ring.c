/*
 * The front end's side of a ring. Source: Xen's public header io/ring.h.
 */

struct ring {
    volatile struct xen_ring_head *head;
    RING_IDX requests;  /* what of them is published is in the head */
    RING_IDX responses; /* taken */
    evtchn_port_t port;
};

/* Of a page that is zero. */
static void ring_init(struct ring *ring, void *page, evtchn_port_t port)
{
    *ring = (struct ring){ .head = page, .port = port };
    ring->head->req_event = ring->head->rsp_event = 1;
}

/* Makes the requests the back end's, and tells it if it wants to know. */
__attribute__((noinline)) static void ring_publish(struct ring *ring)
{
    RING_IDX before = ring->head->req_prod;
    store_barrier();
    ring->head->req_prod = ring->requests;
    full_barrier();
    if (ring->requests - ring->head->req_event < ring->requests - before) event_send(ring->port);
}

static bool ring_pending(const struct ring *ring)
{
    bool pending = ring->head->rsp_prod != ring->responses;
    load_barrier();
    return pending;
}

/* Asks for an event when a response comes. Who then waits must look once more before. */
static void ring_want_event(const struct ring *ring)
{
    ring->head->rsp_event = ring->responses + 1;
    full_barrier();
}
