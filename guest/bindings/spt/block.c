/*
 * Block devices are descriptors of files; the tender's filter kills the process for an offset beyond the capacity, so
 * that none may get that far.
 */

static solo5_result_t block_transfer(long nr, solo5_handle_t handle, solo5_off_t offset, const void *buf, size_t size)
{
    const struct mft_entry *device = manifest_get(handle, MFT_DEV_BLOCK_BASIC);
    if (!is_block(device, offset, size)) return SOLO5_R_EINVAL;
    if (offset >= device->u.block_basic.capacity) return SOLO5_R_EUNSPEC;
    long moved = syscall6(nr, device->b.hostfd, (long)buf, (long)size, (long)offset, 0, 0);
    return moved == (long)size ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size)
{
    return block_transfer(SYS_PWRITE64, handle, offset, buf, size);
}

solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf, size_t size)
{
    return block_transfer(SYS_PREAD64, handle, offset, buf, size);
}
