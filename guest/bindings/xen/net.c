/*
 * Network devices: a page for each frame, granted once and used again and again. Source: Xen's public header io/netif.h.
 */

#define TRANSMIT_SLOTS  64
#define RECEIVE_SLOTS   128 /* frames that come while nobody reads */
#define NET_DEFAULT_MTU 1500
/* A frame lies in one page. */
#define NET_MTU_MAX (PAGE_SIZE - SOLO5_NET_HLEN - VLAN_TAG_SIZE)
#define NET_GRANTS  (2 + TRANSMIT_SLOTS + RECEIVE_SLOTS)

struct net_device {
    struct front front;
    struct ring transmit, receive;
    char *transmit_pages, *receive_pages;
    grant_ref_t transmit_grants[TRANSMIT_SLOTS], receive_grants[RECEIVE_SLOTS];
    uint16_t idle[TRANSMIT_SLOTS]; /* transmit slots that are not the back end's */
    size_t idle_count;
    bool is_skipping; /* the rest of a frame of several pages, which nobody asked for */
};

static struct net_device net_devices[MFT_MAX_ENTRIES]; /* by handle */
static evtchn_port_t net_ports[MFT_MAX_ENTRIES];
static unsigned net_count;

static struct netif_tx_sring *transmit_ring(const struct net_device *net)
{
    return (struct netif_tx_sring *)(uintptr_t)net->transmit.head;
}

static struct netif_rx_sring *receive_ring(const struct net_device *net)
{
    return (struct netif_rx_sring *)(uintptr_t)net->receive.head;
}

/* The back end may fill the slot's page. */
static void net_offer(struct net_device *net, uint16_t slot)
{
    receive_ring(net)->ring[net->receive.requests++ % NETIF_RX_RING_SIZE].req =
        (struct netif_rx_request){ .id = slot, .gref = net->receive_grants[slot] };
}

__attribute__((cold, noinline)) static void net_init_slots(struct net_device *net)
{
    net->transmit_pages = reserve_pages(TRANSMIT_SLOTS * PAGE_SIZE);
    net->receive_pages = reserve_pages(RECEIVE_SLOTS * PAGE_SIZE);
    for (uint16_t slot = 0; slot < TRANSMIT_SLOTS; slot++) {
        net->transmit_grants[slot] = grant_page(net->front.domain, net->transmit_pages + slot * PAGE_SIZE, true);
        net->idle[net->idle_count++] = slot;
    }
    for (uint16_t slot = 0; slot < RECEIVE_SLOTS; slot++) {
        net->receive_grants[slot] = grant_page(net->front.domain, net->receive_pages + slot * PAGE_SIZE, false);
        net_offer(net, slot);
    }
}

/* A page for a ring, which the back end is told of by (key). */
__attribute__((cold, noinline)) static void net_init_ring(struct net_device *net, struct ring *ring, const char *key)
{
    void *page = reserve_pages(PAGE_SIZE);
    ring_init(ring, page, net->front.port);
    store_write_number(net->front.folder, key, grant_page(net->front.domain, page, false));
}

static void net_read_mac(const struct front *front, uint8_t mac[SOLO5_NET_ALEN])
{
    const char *text = store_read(front->folder, "mac");
    for (unsigned i = 0; i < 2 * SOLO5_NET_ALEN && text != NULL; i++) {
        char c = *text++;
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
        if (digit > 15) FAIL("A network device's address is none");
        mac[i / 2] = (uint8_t)(mac[i / 2] << 4 | digit);
        if (i % 2 == 1 && *text == ':') text++;
    }
    if (text == NULL) FAIL("A network device has no address");
}

/* Connects to the (number)th network, and fills in what its manifest entry says of it. */
__attribute__((cold, noinline)) static void net_init(struct mft_entry *entry, solo5_handle_t handle, unsigned long number)
{
    struct net_device *net = &net_devices[handle];
    struct front *front = &net->front;
    front_open(front, "vif", number);
    front_wait(front, XenbusStateInitWait);
    net_read_mac(front, entry->u.net_basic.mac);
    unsigned long mtu = store_read_number(front->folder, "mtu", NET_DEFAULT_MTU);
    entry->u.net_basic.mtu = (uint16_t)(mtu < NET_MTU_MAX ? mtu : NET_MTU_MAX);
    net_init_ring(net, &net->transmit, "tx-ring-ref");
    net_init_ring(net, &net->receive, "rx-ring-ref");
    net_init_slots(net);
    store_write_number(front->folder, "event-channel", front->port);
    store_write_number(front->folder, "request-rx-copy", 1);
    store_write_number(front->folder, "feature-rx-notify", 1);
    store_write_number(front->folder, "feature-no-csum-offload", 1);
    ring_publish(&net->receive);
    front_set_state(front, XenbusStateConnected);
    front_wait(front, XenbusStateConnected);
    net_ports[net_count++] = front->port;
    entry->b.data = net;
    entry->attached = true;
}

/* AGAIN while the back end has all slots. */
solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size)
{
    struct net_device *net = net_device(handle);
    if (net == NULL || !is_frame(&manifest->e[handle], size)) return SOLO5_R_EINVAL;
    struct ring *ring = &net->transmit;
    while (net->idle_count < TRANSMIT_SLOTS && ring_pending(ring)) {
        uint16_t slot = transmit_ring(net)->ring[ring->responses++ % NETIF_TX_RING_SIZE].rsp.id;
        ASSERT(slot < TRANSMIT_SLOTS);
        net->idle[net->idle_count++] = slot;
    }
    if (net->idle_count == 0) return SOLO5_R_AGAIN;
    uint16_t slot = net->idle[--net->idle_count];
    memcpy(net->transmit_pages + slot * PAGE_SIZE, buf, size);
    transmit_ring(net)->ring[ring->requests++ % NETIF_TX_RING_SIZE].req =
        (struct netif_tx_request){ .gref = net->transmit_grants[slot], .id = slot, .size = (uint16_t)size };
    ring_publish(ring);
    return SOLO5_R_OK;
}

/* The next response with a whole frame, in (*frame); false where there is none. */
__attribute__((noinline)) static bool net_take(struct net_device *net, struct netif_rx_response *frame)
{
    while (ring_pending(&net->receive)) {
        *frame = receive_ring(net)->ring[net->receive.responses++ % NETIF_RX_RING_SIZE].rsp;
        ASSERT(frame->id < RECEIVE_SLOTS);
        bool is_part = net->is_skipping || (frame->flags & NETRXF_more_data) != 0;
        net->is_skipping = (frame->flags & NETRXF_more_data) != 0;
        if (!is_part && frame->status > 0 && frame->offset + (size_t)frame->status <= PAGE_SIZE) return true;
        net_offer(net, frame->id);
    }
    return false;
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size)
{
    struct net_device *net = net_device(handle);
    if (net == NULL) return SOLO5_R_EINVAL;
    struct netif_rx_response frame;
    bool has_come = net_take(net, &frame);
    if (has_come) {
        *read_size = (size_t)frame.status < size ? (size_t)frame.status : size;
        memcpy(buf, net->receive_pages + frame.id * PAGE_SIZE + frame.offset, *read_size);
        net_offer(net, frame.id);
    }
    if (net->receive.requests != net->receive.head->req_prod) ring_publish(&net->receive);
    return has_come ? SOLO5_R_OK : SOLO5_R_AGAIN;
}

/* The set of devices with something to read, which are asked for events otherwise. */
__attribute__((noinline)) static solo5_handle_set_t net_ready(void)
{
    solo5_handle_set_t ready = 0;
    for (solo5_handle_t handle = 1; handle < manifest->entries; handle++) {
        struct net_device *net = net_device(handle);
        if (net == NULL) continue;
        if (!ring_pending(&net->receive)) ring_want_event(&net->receive);
        if (ring_pending(&net->receive)) ready |= 1UL << handle;
    }
    return ready;
}

static void net_clear_events(void)
{
    for (unsigned i = 0; i < net_count; i++)
        event_clear(net_ports[i]);
}
