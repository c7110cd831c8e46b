/*
 * Thread-local storage in the local-exec model. Where the linker puts the variables, relative to the thread pointer,
 * is in x86-64/tls.h and aarch64/tls.h; it depends on the segment's alignment.
 */

static uintptr_t tls_alignment(void)
{
    uintptr_t alignment = (uintptr_t)_ltalign;
    return alignment > sizeof(void *) ? alignment : sizeof(void *);
}

/* Bytes of all thread-local variables. */
static size_t tls_data_size(void)
{
    return (size_t)_ltdata + (size_t)_ltbss;
}

/* Includes room for a block of any alignment. */
size_t solo5_tls_size(void)
{
    return tls_block_size(tls_data_size(), tls_alignment()) + tls_alignment() - 1;
}

uintptr_t solo5_tls_tp_offset(uintptr_t tls)
{
    return tls_thread_pointer(tls, tls_data_size(), tls_alignment());
}

solo5_result_t solo5_tls_init(uintptr_t tls)
{
    if (tls == 0) return SOLO5_R_EINVAL;
    uintptr_t tp = solo5_tls_tp_offset(tls);
    memcpy((void *)tls_data(tp, tls_data_size(), tls_alignment()), _stdata, (size_t)_ltdata);
    tls_mark(tp);
    return SOLO5_R_OK;
}
