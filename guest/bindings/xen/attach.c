/*
 * Which device is which: networks and disks, each in the order of their numbers in xenstore, are those of the manifest in
 * its order.
 */

/* The note itself, which the linker script puts into memory that can be written. A compiler is told no type, or it
 * would reason about the length of the manifest. */
extern char manifest_note[] __asm__("__solo5_mft1_note");

#define NO_DEVICE (~0UL)

/* The lowest number of a folder from (least) on, or NO_DEVICE. */
static unsigned long next_device(const char *folder, unsigned long least)
{
    unsigned long next = NO_DEVICE;
    long size = store_ask(XS_DIRECTORY, folder, "", NULL);
    for (const char *at = store_answer; size > 0 && at < store_answer + size; at++) {
        unsigned long number = take_number(&at);
        while (*at != '\0')
            at++;
        if (number >= least && number < next) next = number;
    }
    return next;
}

__attribute__((cold, noinline)) static void attach_devices(void)
{
    struct mft *writable = &((struct mft1_note *)manifest_note)->m;
    manifest = writable;
    size_t grants = 0;
    for (uint32_t i = 1; i < manifest->entries; i++)
        grants += manifest->e[i].type == MFT_DEV_NET_BASIC ? NET_GRANTS : BLOCK_GRANTS;
    if (grants == 0) return;
    store_init();
    grant_init(grants);
    unsigned long net_least = 0, block_least = 0;
    for (solo5_handle_t handle = 1; handle < manifest->entries; handle++) {
        struct mft_entry *entry = &writable->e[handle];
        bool is_net = entry->type == MFT_DEV_NET_BASIC;
        unsigned long *least = is_net ? &net_least : &block_least;
        unsigned long number = next_device(is_net ? "device/vif" : "device/vbd", *least);
        if (number == NO_DEVICE) {
            log_at(LOG_ERROR, "Solo5: error: there is no %s for '%s'\n", is_net ? "network" : "disk", entry->name);
            FAIL("All declared devices must be attached");
        }
        *least = number + 1;
        (is_net ? net_init : block_init)(entry, handle, number);
    }
}
