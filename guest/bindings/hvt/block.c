/*
 * Block devices, by hypercalls. The tender checks the capacity.
 */

solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size)
{
    if (!is_block(manifest_get(handle, MFT_DEV_BLOCK_BASIC), offset, size)) return SOLO5_R_EINVAL;
    struct hvt_hc_block_write call = { .handle = handle, .offset = offset, .data = buf, .len = size };
    hvt_do_hypercall(HVT_HYPERCALL_BLOCK_WRITE, &call);
    return (solo5_result_t)call.ret;
}

solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf, size_t size)
{
    if (!is_block(manifest_get(handle, MFT_DEV_BLOCK_BASIC), offset, size)) return SOLO5_R_EINVAL;
    struct hvt_hc_block_read call = { .handle = handle, .offset = offset, .data = buf, .len = size };
    hvt_do_hypercall(HVT_HYPERCALL_BLOCK_READ, &call);
    return (solo5_result_t)call.ret;
}
