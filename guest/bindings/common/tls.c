/*
 * Thread-local storage in the local-exec model. Where the linker puts the variables, relative to the thread pointer,
 * is in x86-64/tls.h and aarch64/tls.h; it depends on the segment's alignment, which may be as little as 1.
 */

/* Of the thread pointer, which points to a word. */
static uintptr_t tls_pointer_alignment(uintptr_t alignment)
{
    return alignment > sizeof(void *) ? alignment : sizeof(void *);
}

/* Bytes of all thread-local variables. */
static size_t tls_data_size(void)
{
    return linker_value(_ltdata) + linker_value(_ltbss);
}

/* Includes room for a block of any alignment. */
size_t solo5_tls_size(void)
{
    uintptr_t alignment = linker_value(_ltalign);
    return tls_block_size(tls_data_size(), alignment) + tls_pointer_alignment(alignment) - 1;
}

uintptr_t solo5_tls_tp_offset(uintptr_t tls)
{
    uintptr_t alignment = linker_value(_ltalign);
    return round_up(tls_first_pointer(tls, tls_data_size(), alignment), tls_pointer_alignment(alignment));
}

solo5_result_t solo5_tls_init(uintptr_t tls)
{
    if (tls == 0) return SOLO5_R_EINVAL;
    uintptr_t tp = solo5_tls_tp_offset(tls);
    memcpy((void *)tls_data(tp, tls_data_size(), linker_value(_ltalign)), _stdata, linker_value(_ltdata));
    tls_mark(tp);
    return SOLO5_R_OK;
}
