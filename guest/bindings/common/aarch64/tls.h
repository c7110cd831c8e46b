/*
 * Thread-local storage as the AArch64 ELF ABI lays it out (variant I): the thread pointer points to two words, and
 * the variables follow them at the segment's alignment.
 */

#define TLS_HEADER_SIZE 16

static inline size_t tls_block_size(size_t data_size, size_t alignment)
{
    return round_up(TLS_HEADER_SIZE, alignment) + data_size;
}

/* The lowest thread pointer with room for the variables in the block. */
static inline uintptr_t tls_first_pointer(uintptr_t block, size_t data_size, size_t alignment)
{
    (void)data_size, (void)alignment;
    return block;
}

static inline uintptr_t tls_data(uintptr_t tp, size_t data_size, size_t alignment)
{
    (void)data_size;
    return tp + round_up(TLS_HEADER_SIZE, alignment);
}

static inline void tls_mark(uintptr_t tp)
{
    (void)tp;
}
