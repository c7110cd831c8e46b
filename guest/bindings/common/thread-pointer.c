/*
 * The thread pointer, where the bindings may set it themselves.
 */

solo5_result_t solo5_set_tls_base(uintptr_t base)
{
    if (!is_thread_pointer(base)) return SOLO5_R_EINVAL;
    set_thread_pointer(base);
    return SOLO5_R_OK;
}
