/*
 * The manifest as the tender hands it over, every device attached and described in it.
 */

/* The device with that handle if it has that type, or NULL. */
static const struct mft_entry *manifest_get(solo5_handle_t handle, mft_type_t type)
{
    if (handle >= manifest->entries) return NULL;
    const struct mft_entry *entry = &manifest->e[handle];
    return entry->type == type && entry->attached ? entry : NULL;
}

solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle, struct solo5_net_info *info)
{
    const struct mft_entry *entry = manifest_find(name, MFT_DEV_NET_BASIC, handle);
    if (entry == NULL) return SOLO5_R_EINVAL;
    ASSERT(entry->attached);
    memcpy(info->mac_address, entry->u.net_basic.mac, sizeof info->mac_address);
    info->mtu = entry->u.net_basic.mtu;
    tell_acquired(name, "network");
    return SOLO5_R_OK;
}

solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle, struct solo5_block_info *info)
{
    const struct mft_entry *entry = manifest_find(name, MFT_DEV_BLOCK_BASIC, handle);
    if (entry == NULL) return SOLO5_R_EINVAL;
    ASSERT(entry->attached);
    info->capacity = entry->u.block_basic.capacity;
    info->block_size = entry->u.block_basic.block_size;
    tell_acquired(name, "block");
    return SOLO5_R_OK;
}

/* Whether (entry) is a block device that moves (size) bytes at (offset), wherever it ends. */
static bool is_block(const struct mft_entry *entry, solo5_off_t offset, size_t size)
{
    return entry != NULL && size == entry->u.block_basic.block_size && offset % size == 0;
}

/* A tag that IEEE 802.1Q puts into a frame. */
#define VLAN_TAG_SIZE 4

/* Whether (entry) is a network device that a frame of (size) bytes can be sent by: it has a header, and no more behind
 * it than the MTU and a tag. Devices of some hosts break for good on others. */
static bool is_frame(const struct mft_entry *entry, size_t size)
{
    return entry != NULL && size >= SOLO5_NET_HLEN &&
           size <= (size_t)entry->u.net_basic.mtu + SOLO5_NET_HLEN + VLAN_TAG_SIZE;
}
