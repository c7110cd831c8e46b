/*
 * A virtqueue: descriptors of buffers, a ring of those that are the device's, and a ring of those it has used. Source:
 * Virtio PCI Card 0.9.5, section 2.3 and appendix A.
 */

#define VRING_MAX_SIZE       32768
#define VRING_DESC_NEXT      1 /* goes on in the next descriptor */
#define VRING_DESC_WRITE     2 /* the device writes it */
#define VRING_NO_INTERRUPT   1 /* in vring_avail.flags */
#define VRING_NO_NOTIFY      1 /* in vring_used.flags */

struct vring_desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};

struct vring_avail {
    uint16_t flags;
    uint16_t idx;
    uint16_t ring[]; /* behind it used_event, with VIRTIO_F_EVENT_IDX */
};

struct vring_used_elem {
    uint32_t id;
    uint32_t len;
};

struct vring_used {
    uint16_t flags;
    uint16_t idx;
    struct vring_used_elem ring[]; /* behind it avail_event, with VIRTIO_F_EVENT_IDX */
};

struct queue {
    uint16_t port; /* the device's */
    uint16_t index;
    uint16_t size;
    bool event_idx;
    uint16_t published; /* avail->idx */
    uint16_t notified;  /* what it was when the device was last told */
    uint16_t taken;     /* what it has used up to here is the driver's again */
    struct vring_desc *desc;
    volatile struct vring_avail *avail;
    volatile struct vring_used *used;
};

/* Sets queue (index) of the device up; afterwards the device knows it. */
static void queue_init(struct queue *queue, const struct virtio_device *device, uint16_t index)
{
    out16(device->port + VIRTIO_QUEUE_SELECT, index);
    size_t size = in16(device->port + VIRTIO_QUEUE_SIZE);
    if (size == 0 || size > VRING_MAX_SIZE || (size & (size - 1)) != 0) FAIL("Bad size of a virtqueue");
    size_t used_offset = round_up(size * sizeof(struct vring_desc) + (size + 3) * sizeof(uint16_t), PAGE_SIZE);
    char *memory = reserve_pages(used_offset + sizeof(struct vring_used) + (size + 1) * sizeof(struct vring_used_elem));
    *queue = (struct queue){
        .port = device->port,
        .index = index,
        .size = (uint16_t)size,
        .event_idx = (device->features & VIRTIO_F_EVENT_IDX) != 0,
        .desc = (struct vring_desc *)memory,
        .avail = (struct vring_avail *)(memory + size * sizeof(struct vring_desc)),
        .used = (struct vring_used *)(memory + used_offset),
    };
    out32(device->port + VIRTIO_QUEUE_PFN, (uint32_t)((uintptr_t)memory / PAGE_SIZE));
}

/* Whether the device shall interrupt when it uses the next buffer. Who then waits must look once more before. */
static void queue_want_interrupt(struct queue *queue, bool wanted)
{
    if (queue->event_idx)
        queue->avail->ring[queue->size] = wanted ? queue->taken : (uint16_t)(queue->taken - 1);
    else
        queue->avail->flags = wanted ? 0 : VRING_NO_INTERRUPT;
    full_barrier();
}

/* Makes the buffer whose first descriptor is (head) the device's. */
static void queue_publish(struct queue *queue, uint16_t head)
{
    queue->avail->ring[queue->published & (queue->size - 1)] = head;
    store_barrier();
    queue->avail->idx = ++queue->published;
}

/* Tells the device of what was published, if it wants to know. */
static void queue_notify(struct queue *queue)
{
    full_barrier();
    bool wanted = (queue->used->flags & VRING_NO_NOTIFY) == 0;
    if (queue->event_idx) {
        uint16_t event = (uint16_t)queue->used->ring[queue->size].id; /* avail_event */
        wanted = (uint16_t)(queue->published - event - 1) < (uint16_t)(queue->published - queue->notified);
    }
    queue->notified = queue->published;
    if (wanted) out16(queue->port + VIRTIO_QUEUE_NOTIFY, queue->index);
}

/*
 * Tells the device once more of what it has not used. A notice may have been lost: QEMU before 8.1 leaves out the barriers of a
 * guest with one CPU, so that it and the device can miss each other's stores.
 */
static void queue_remind(struct queue *queue)
{
    if (queue->used->idx != queue->published) out16(queue->port + VIRTIO_QUEUE_NOTIFY, queue->index);
}

static bool queue_has_used(const struct queue *queue)
{
    return queue->used->idx != queue->taken;
}

/* The next buffer that the device has used, if there is one. */
static bool queue_take(struct queue *queue, struct vring_used_elem *used)
{
    if (!queue_has_used(queue)) return false;
    load_barrier();
    const volatile struct vring_used_elem *from = &queue->used->ring[queue->taken & (queue->size - 1)];
    used->id = from->id;
    used->len = from->len;
    queue->taken++;
    return true;
}
