/*
 * Network frames by the ring of hvt_ring.h, where the tender has one. A write is left to the tender in a buffer of
 * its own and gets no answer; a read waits for its answer, since the caller's buffer must hold the frame.
 */

static struct hvt_ring *ring; /* NULL without */
static char *ring_buffers;    /* HVT_RING_SIZE of HVT_RING_BUF_SIZE bytes */

/* Takes the tender's ring if there is one, with its buffers at (memory). Returns how many bytes of it are taken. */
static size_t ring_init(const struct hvt_boot_info *boot, uintptr_t memory)
{
    if ((boot->host_features & HVT_FEATURE_RING_IO) == 0 || boot->net_ring == 0) return 0;
    ring = (struct hvt_ring *)(uintptr_t)boot->net_ring;
    ring_buffers = (char *)memory;
    return HVT_RING_SIZE * HVT_RING_BUF_SIZE;
}

/* The slot for the next entry; waits until the tender has freed it. */
static uint32_t ring_slot(void)
{
    while (ring->ent_tail - ring->ent_head >= HVT_RING_SIZE)
        cpu_pause();
    hvt_rmb(); /* The slot is written only after the tender is seen to be done with it. */
    return ring->ent_tail & HVT_RING_MASK;
}

/* Publishes the entry in the next slot. Whether the tender sleeps is asked only after the entry can be seen, or it
 * might fall asleep in between. */
static void ring_submit(uint32_t operation, solo5_handle_t handle, const void *data, size_t size)
{
    uint32_t tail = ring->ent_tail;
    ring->entries[tail & HVT_RING_MASK] = (struct hvt_ring_entry){
        .operation = operation,
        .handle = (uint32_t)handle,
        .data = data,
        .len = (uint32_t)size,
        .id = tail,
    };
    hvt_wmb();
    ring->ent_tail = tail + 1;
    hvt_mb();
    if (ring->needs_kick) hvt_ring_kick(0);
}

static solo5_result_t ring_write(solo5_handle_t handle, const void *frame, size_t size)
{
    char *buffer = ring_buffers + ring_slot() * (size_t)HVT_RING_BUF_SIZE;
    memcpy(buffer, frame, size);
    ring_submit(HVT_RING_NET_WRITE, handle, buffer, size);
    return SOLO5_R_OK;
}

static solo5_result_t ring_read(solo5_handle_t handle, void *buf, size_t size, size_t *read_size)
{
    ring_slot();
    ring_submit(HVT_RING_NET_READ, handle, buf, size);
    while (ring->com_tail == ring->com_head)
        cpu_pause();
    hvt_rmb();
    struct hvt_ring_commit commit = ring->commits[ring->com_head & HVT_RING_MASK];
    hvt_rmb(); /* The commit is the tender's again only after it is read. */
    ring->com_head = ring->com_head + 1;
    if (commit.ret == SOLO5_R_OK) *read_size = commit.len;
    return (solo5_result_t)commit.ret;
}
