/*
 * Network devices are non-blocking descriptors that carry one frame per call.
 */

solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size)
{
    const struct mft_entry *device = manifest_get(handle, MFT_DEV_NET_BASIC);
    if (!is_frame(device, size)) return SOLO5_R_EINVAL;
    long written = syscall6(SYS_WRITE, device->b.hostfd, (long)buf, (long)size, 0, 0, 0);
    if (written == -EAGAIN) return SOLO5_R_AGAIN;
    return written == (long)size ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size)
{
    const struct mft_entry *device = manifest_get(handle, MFT_DEV_NET_BASIC);
    if (device == NULL) return SOLO5_R_EINVAL;
    long got = syscall6(SYS_READ, device->b.hostfd, (long)buf, (long)size, 0, 0, 0);
    if (got == -EAGAIN) return SOLO5_R_AGAIN;
    if (got < 0) return SOLO5_R_EUNSPEC;
    *read_size = (size_t)got;
    return SOLO5_R_OK;
}
