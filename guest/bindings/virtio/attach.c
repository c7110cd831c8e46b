/*
 * Which device is which: the virtio devices, in the order of their PCI addresses, are those of the manifest in its order.
 */

#define VIRTIO_VENDOR   0x1af4
#define SUBSYSTEM_NET   1
#define SUBSYSTEM_BLOCK 2

/* The note itself, which the linker script puts into memory that can be written. A compiler is told no type, or it
 * would reason about the length of the manifest. */
extern char manifest_note[] __asm__("__solo5_mft1_note");

static uint32_t next_entry = 1;

/* The manifest entry of a device of that type. */
static struct mft_entry *claim_entry(mft_type_t type)
{
    struct mft_entry *entry = &((struct mft1_note *)manifest_note)->m.e[next_entry];
    if (next_entry == manifest->entries) {
        log_at(LOG_ERROR, "Solo5: error: there are more devices than the manifest declares\n");
    } else if (entry->type != type) {
        log_at(LOG_ERROR, "Solo5: error: the manifest declares '%s' as another type of device\n", entry->name);
    } else {
        return entry;
    }
    FAIL("PCI enumeration failed. Aborting");
}

static void attach_device(struct pci_address at)
{
    if ((pci_read(at, PCI_ID) & 0xffff) != VIRTIO_VENDOR) return;
    unsigned subsystem = pci_read(at, PCI_SUBSYSTEM) >> 16;
    bool is_net = subsystem == SUBSYSTEM_NET;
    if (!is_net && subsystem != SUBSYSTEM_BLOCK) {
        log_at(LOG_WARN, "Solo5: PCI:%x:%x.%x: unknown virtio device (%u), ignored\n", at.bus, at.device, at.function,
               subsystem);
        return;
    }
    uint32_t bar = pci_read(at, PCI_BAR0);
    if ((bar & PCI_BAR_IO) == 0) FAIL("A virtio device has no legacy interface. Aborting");
    uint16_t port = bar & 0xfffc;
    uint8_t irq = pci_read(at, PCI_INTERRUPT) & 0xff;
    log_at(LOG_INFO, "Solo5: PCI:%x:%x.%x: virtio-%s device, base=0x%x, irq=%u\n", at.bus, at.device, at.function,
           is_net ? "net" : "block", (unsigned)port, (unsigned)irq);
    struct mft_entry *entry = claim_entry(is_net ? MFT_DEV_NET_BASIC : MFT_DEV_BLOCK_BASIC);
    pci_write(at, PCI_COMMAND, (pci_read(at, PCI_COMMAND) & 0xffff) | PCI_COMMAND_IO | PCI_COMMAND_MASTER);
    (is_net ? net_init : block_init)(entry, next_entry++, port, irq);
}

static void attach_devices(void)
{
    manifest = &((struct mft1_note *)manifest_note)->m;
    /* Most machines have one bus, and looking at 255 more takes 100 ms where each look leaves the CPU. */
    bool has_bridge = pci_enumerate(0, attach_device);
    if (has_bridge || next_entry != manifest->entries)
        for (unsigned bus = 1; bus < 256; bus++)
            pci_enumerate(bus, attach_device);
    if (next_entry != manifest->entries) FAIL("All declared devices must be attached. Aborting.");
}
