/*
 * Network devices: by the ring where there is one, else by hypercalls.
 */

solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size)
{
    if (!is_frame(manifest_get(handle, MFT_DEV_NET_BASIC), size)) return SOLO5_R_EINVAL;
    if (ring != NULL && size <= HVT_RING_BUF_SIZE) return ring_write(handle, buf, size);
    struct hvt_hc_net_write call = { .handle = handle, .data = buf, .len = size };
    hvt_do_hypercall(HVT_HYPERCALL_NET_WRITE, &call);
    return (solo5_result_t)call.ret;
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size)
{
    if (manifest_get(handle, MFT_DEV_NET_BASIC) == NULL) return SOLO5_R_EINVAL;
    if (ring != NULL) return ring_read(handle, buf, size, read_size);
    struct hvt_hc_net_read call = { .handle = handle, .data = buf, .len = size };
    hvt_do_hypercall(HVT_HYPERCALL_NET_READ, &call);
    if (call.ret == SOLO5_R_OK) *read_size = call.len;
    return (solo5_result_t)call.ret;
}
