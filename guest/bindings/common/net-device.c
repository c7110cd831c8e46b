/*
 * Network devices that the bindings drive themselves: their state hangs on the manifest's entry.
 */

struct net_device;

/* The device with that handle, or NULL. */
static struct net_device *net_device(solo5_handle_t handle)
{
    const struct mft_entry *entry = manifest_get(handle, MFT_DEV_NET_BASIC);
    return entry == NULL ? NULL : entry->b.data;
}
