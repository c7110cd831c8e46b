/*
 * A legacy virtio device on PCI: its registers, at the ports of the first base address, and the steps to set it up.
 * Source: Virtio PCI Card 0.9.5, section 2.2.
 */

/* Registers, by their offset. */
enum {
    VIRTIO_HOST_FEATURES = 0,
    VIRTIO_GUEST_FEATURES = 4,
    VIRTIO_QUEUE_PFN = 8,
    VIRTIO_QUEUE_SIZE = 12,
    VIRTIO_QUEUE_SELECT = 14,
    VIRTIO_QUEUE_NOTIFY = 16,
    VIRTIO_STATUS = 18,
    VIRTIO_ISR = 19,
    VIRTIO_CONFIG = 20, /* what is the device's own begins here */
};

enum { VIRTIO_ACKNOWLEDGE = 1, VIRTIO_DRIVER = 2, VIRTIO_DRIVER_OK = 4 };

#define VIRTIO_F_EVENT_IDX (1U << 29)

struct virtio_device {
    uint16_t port;
    uint8_t irq;
    uint32_t host_features;
    uint32_t features; /* agreed on */
};

/* Resets the device and agrees on those of its features that are (wanted). */
static void device_reset(struct virtio_device *device, uint32_t wanted)
{
    uint16_t port = device->port;
    out8(port + VIRTIO_STATUS, 0);
    out8(port + VIRTIO_STATUS, VIRTIO_ACKNOWLEDGE);
    out8(port + VIRTIO_STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER);
    device->host_features = in32(port + VIRTIO_HOST_FEATURES);
    device->features = device->host_features & wanted;
    out32(port + VIRTIO_GUEST_FEATURES, device->features);
}

static void device_ready(const struct virtio_device *device)
{
    out8(device->port + VIRTIO_STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_DRIVER_OK);
}
