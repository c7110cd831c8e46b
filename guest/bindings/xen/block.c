/*
 * Block devices: one request at a time, for a page of the bindings' own. Source: Xen's public header io/blkif.h.
 */

#define BLOCK_SIZE   512U
#define BLOCK_GRANTS 2

struct block_device {
    struct front front;
    struct ring ring;
    grant_ref_t grant;
    uint8_t *page;
};

static struct block_device block_devices[MFT_MAX_ENTRIES]; /* by handle */

static struct blkif_sring *block_ring(const struct block_device *block)
{
    return (struct blkif_sring *)(uintptr_t)block->ring.head;
}

/* Connects to the disk of that number, and fills in what its manifest entry says of it. */
__attribute__((cold, noinline)) static void block_init(struct mft_entry *entry, solo5_handle_t handle, unsigned long number)
{
    struct block_device *block = &block_devices[handle];
    struct front *front = &block->front;
    front_open(front, "vbd", number);
    front_wait(front, XenbusStateInitWait);
    void *page = reserve_pages(PAGE_SIZE);
    ring_init(&block->ring, page, front->port);
    store_write_number(front->folder, "ring-ref", grant_page(front->domain, page, false));
    store_write_number(front->folder, "event-channel", front->port);
    store_write(front->folder, "protocol", "x86_64-abi");
    block->page = reserve_pages(PAGE_SIZE);
    block->grant = grant_page(front->domain, block->page, false);
    front_set_state(front, XenbusStateInitialised);
    front_wait(front, XenbusStateConnected);
    if (store_read_number(front->back, "sector-size", BLOCK_SIZE) != BLOCK_SIZE)
        FAIL("A disk has sectors of another size than 512 bytes");
    entry->u.block_basic.capacity = store_read_number(front->back, "sectors", 0) * BLOCK_SIZE;
    entry->u.block_basic.block_size = BLOCK_SIZE;
    front_set_state(front, XenbusStateConnected);
    entry->b.data = block;
    entry->attached = true;
}

static int16_t block_request(struct block_device *block, uint8_t operation, uint64_t sector)
{
    struct ring *ring = &block->ring;
    block_ring(block)->ring[ring->requests % BLKIF_RING_SIZE].req = (struct blkif_request){
        .operation = operation,
        .nr_segments = 1,
        .id = ring->requests,
        .sector_number = sector,
        .seg = { { .gref = block->grant } },
    };
    ring->requests++;
    ring_publish(ring);
    for (;;) {
        event_clear(ring->port);
        ring_want_event(ring);
        if (ring_pending(ring)) return block_ring(block)->ring[ring->responses++ % BLKIF_RING_SIZE].rsp.status;
        event_wait(&ring->port, 1, TIME_MAX);
    }
}

static struct block_device *block_get(solo5_handle_t handle, solo5_off_t offset, size_t size)
{
    const struct mft_entry *entry = manifest_get(handle, MFT_DEV_BLOCK_BASIC);
    return is_block(entry, offset, size) && offset < entry->u.block_basic.capacity ? entry->b.data : NULL;
}

solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size)
{
    struct block_device *block = block_get(handle, offset, size);
    if (block == NULL) return SOLO5_R_EINVAL;
    memcpy(block->page, buf, size);
    return block_request(block, BLKIF_OP_WRITE, offset / BLOCK_SIZE) == BLKIF_RSP_OKAY ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf, size_t size)
{
    struct block_device *block = block_get(handle, offset, size);
    if (block == NULL) return SOLO5_R_EINVAL;
    if (block_request(block, BLKIF_OP_READ, offset / BLOCK_SIZE) != BLKIF_RSP_OKAY) return SOLO5_R_EUNSPEC;
    memcpy(buf, block->page, size);
    return SOLO5_R_OK;
}
