/*
 * Block devices: one request at a time, waited for without interrupts. Source: Virtio PCI Card 0.9.5, appendix D.
 */

#define BLOCK_SECTOR_SIZE     512U
#define BLOCK_CONFIG_CAPACITY (VIRTIO_CONFIG + 0) /* in sectors */
#define BLOCK_STATUS_OK       0

enum block_type { BLOCK_IN = 0, BLOCK_OUT = 1 };

struct block_request {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

struct block_device {
    struct virtio_device device;
    struct queue queue;
    struct block_request request;
    volatile uint8_t status;
};

static struct block_device block_devices[MFT_MAX_ENTRIES]; /* by handle */

/* Sets up the device at (port), and fills in what its manifest entry says of it. */
static void block_init(struct mft_entry *entry, solo5_handle_t handle, uint16_t port, uint8_t irq)
{
    struct block_device *block = &block_devices[handle];
    block->device = (struct virtio_device){ .port = port, .irq = irq };
    device_reset(&block->device, VIRTIO_F_EVENT_IDX);
    uint64_t sectors = in32(port + BLOCK_CONFIG_CAPACITY) | (uint64_t)in32(port + BLOCK_CONFIG_CAPACITY + 4) << 32;
    entry->u.block_basic.capacity = sectors * BLOCK_SECTOR_SIZE;
    entry->u.block_basic.block_size = BLOCK_SECTOR_SIZE;
    queue_init(&block->queue, &block->device, 0);
    if (block->queue.size < 3) FAIL("Bad size of a virtqueue");
    interrupt_add(&block->device);
    device_ready(&block->device);
    entry->b.data = block;
    entry->attached = true;
}

/* Moves one sector between the device and (data). */
static solo5_result_t block_transfer(solo5_handle_t handle, enum block_type type, solo5_off_t offset, const uint8_t *data,
                                     size_t size)
{
    const struct mft_entry *entry = manifest_get(handle, MFT_DEV_BLOCK_BASIC);
    if (!is_block(entry, offset, size) || offset >= entry->u.block_basic.capacity) return SOLO5_R_EINVAL;
    struct block_device *block = entry->b.data;
    struct queue *queue = &block->queue;
    block->request = (struct block_request){ .type = type, .sector = offset / BLOCK_SECTOR_SIZE };
    block->status = 0xff;
    uint16_t data_flags = VRING_DESC_NEXT | (type == BLOCK_IN ? VRING_DESC_WRITE : 0);
    queue->desc[0] = (struct vring_desc){ (uintptr_t)&block->request, sizeof block->request, VRING_DESC_NEXT, 1 };
    queue->desc[1] = (struct vring_desc){ (uintptr_t)data, BLOCK_SECTOR_SIZE, data_flags, 2 };
    queue->desc[2] = (struct vring_desc){ (uintptr_t)&block->status, 1, VRING_DESC_WRITE, 0 };
    queue_want_interrupt(queue, false);
    queue_publish(queue, 0);
    queue_notify(queue);
    struct vring_used_elem used;
    while (!queue_take(queue, &used))
        cpu_pause();
    return block->status == BLOCK_STATUS_OK ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size)
{
    return block_transfer(handle, BLOCK_OUT, offset, buf, size);
}

solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf, size_t size)
{
    return block_transfer(handle, BLOCK_IN, offset, buf, size);
}
