/*
 * Network devices. Source: Virtio PCI Card 0.9.5, appendix C.
 */

#define NET_F_MTU       (1U << 3)
#define NET_F_MAC       (1U << 5)
#define NET_CONFIG_MAC  (VIRTIO_CONFIG + 0)
#define NET_CONFIG_MTU  (VIRTIO_CONFIG + 10)
#define NET_DEFAULT_MTU 1500

/* Slots of either direction, if the queue is as long. */
#define NET_SLOTS 128

/* In front of every frame. All zero: no checksums or segmentation are left to anybody. */
struct net_header {
    uint8_t flags, gso_type;
    uint16_t hdr_len, gso_size, csum_start, csum_offset;
};
_Static_assert(sizeof(struct net_header) == 10, "net_header");

struct net_device {
    struct virtio_device device;
    struct queue receive, transmit;
    char *receive_slots, *transmit_slots;
    size_t slot_size; /* of a header and the largest frame */
    uint16_t idle[NET_SLOTS]; /* first descriptors of those transmit slots that are not the device's */
    size_t idle_count;
};

static const struct net_header empty_header;
static struct net_device net_devices[MFT_MAX_ENTRIES]; /* by handle */

static size_t at_most(size_t value, size_t limit)
{
    return value < limit ? value : limit;
}

/* A slot is one descriptor. */
static void net_init_receive(struct net_device *net)
{
    struct queue *queue = &net->receive;
    size_t slots = at_most(queue->size, NET_SLOTS);
    net->receive_slots = reserve_pages(slots * net->slot_size);
    for (uint16_t i = 0; i < slots; i++) {
        queue->desc[i] = (struct vring_desc){
            .addr = (uintptr_t)net->receive_slots + i * net->slot_size,
            .len = (uint32_t)net->slot_size,
            .flags = VRING_DESC_WRITE,
        };
        queue_publish(queue, i);
    }
    queue_want_interrupt(queue, false);
}

/* A slot is two descriptors, as a legacy device wants the header in one of its own. */
static void net_init_transmit(struct net_device *net)
{
    struct queue *queue = &net->transmit;
    size_t slots = at_most(queue->size / 2U, NET_SLOTS);
    net->transmit_slots = reserve_pages(slots * net->slot_size);
    for (uint16_t i = 0; i < slots; i++) {
        queue->desc[2 * i] = (struct vring_desc){
            .addr = (uintptr_t)&empty_header,
            .len = sizeof empty_header,
            .flags = VRING_DESC_NEXT,
            .next = (uint16_t)(2 * i + 1),
        };
        queue->desc[2 * i + 1].addr = (uintptr_t)net->transmit_slots + i * net->slot_size;
        net->idle[net->idle_count++] = (uint16_t)(2 * i);
    }
    queue_want_interrupt(queue, false);
}

/* Sets up the device at (port), and fills in what its manifest entry says of it. */
static void net_init(struct mft_entry *entry, solo5_handle_t handle, uint16_t port, uint8_t irq)
{
    struct net_device *net = &net_devices[handle];
    struct virtio_device *device = &net->device;
    struct mft_net_basic *basic = &entry->u.net_basic;
    *device = (struct virtio_device){ .port = port, .irq = irq };
    device_reset(device, NET_F_MAC | NET_F_MTU | VIRTIO_F_EVENT_IDX);
    if ((device->features & NET_F_MAC) == 0) FAIL("A network device has no MAC address");
    for (unsigned i = 0; i < sizeof basic->mac; i++)
        basic->mac[i] = in8((uint16_t)(port + NET_CONFIG_MAC + i));
    basic->mtu = (device->features & NET_F_MTU) != 0 ? in16(port + NET_CONFIG_MTU) : NET_DEFAULT_MTU;

    net->slot_size = sizeof(struct net_header) + SOLO5_NET_HLEN + VLAN_TAG_SIZE + basic->mtu;
    queue_init(&net->receive, device, 0);
    queue_init(&net->transmit, device, 1);
    net_init_receive(net);
    net_init_transmit(net);
    interrupt_add(device);
    device_ready(device);
    queue_notify(&net->receive);
    entry->b.data = net;
    entry->attached = true;
}

/* AGAIN while the device has all slots. */
solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size)
{
    struct net_device *net = net_device(handle);
    if (net == NULL || !is_frame(&manifest->e[handle], size)) return SOLO5_R_EINVAL;
    struct queue *queue = &net->transmit;
    struct vring_used_elem used;
    while (net->idle_count < NET_SLOTS && queue_take(queue, &used))
        net->idle[net->idle_count++] = (uint16_t)used.id;
    if (net->idle_count == 0) {
        queue_remind(queue);
        return SOLO5_R_AGAIN;
    }
    uint16_t head = net->idle[--net->idle_count];
    memcpy((void *)queue->desc[head + 1].addr, buf, size);
    queue->desc[head + 1].len = (uint32_t)size;
    queue_want_interrupt(queue, false);
    queue_publish(queue, head);
    queue_notify(queue);
    return SOLO5_R_OK;
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size)
{
    struct net_device *net = net_device(handle);
    if (net == NULL) return SOLO5_R_EINVAL;
    struct queue *queue = &net->receive;
    struct vring_used_elem used;
    if (!queue_take(queue, &used)) return SOLO5_R_AGAIN;
    ASSERT(used.id < queue->size && used.len >= sizeof empty_header && used.len <= net->slot_size);
    *read_size = at_most(used.len - sizeof empty_header, size);
    memcpy(buf, net->receive_slots + used.id * net->slot_size + sizeof empty_header, *read_size);
    queue_publish(queue, (uint16_t)used.id);
    queue_notify(queue);
    return SOLO5_R_OK;
}

/* The set of devices with a frame to read. */
static solo5_handle_set_t net_ready(void)
{
    solo5_handle_set_t ready = 0;
    for (solo5_handle_t handle = 1; handle < manifest->entries; handle++) {
        struct net_device *net = net_device(handle);
        if (net != NULL && queue_has_used(&net->receive)) ready |= 1UL << handle;
    }
    return ready;
}

/* For whoever has waited and seen no frame. */
static void net_remind(void)
{
    for (solo5_handle_t handle = 1; handle < manifest->entries; handle++) {
        struct net_device *net = net_device(handle);
        if (net == NULL) continue;
        queue_remind(&net->receive);
        queue_remind(&net->transmit);
    }
}

/* Whether frames that come in shall interrupt. */
static void net_want_interrupts(bool wanted)
{
    for (solo5_handle_t handle = 1; handle < manifest->entries; handle++) {
        struct net_device *net = net_device(handle);
        if (net != NULL) queue_want_interrupt(&net->receive, wanted);
    }
}
