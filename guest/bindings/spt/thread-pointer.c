/*
 * The thread pointer, which the kernel sets on this ISA.
 */

solo5_result_t solo5_set_tls_base(uintptr_t base)
{
    return set_thread_pointer(base) == 0 ? SOLO5_R_OK : SOLO5_R_EINVAL;
}
