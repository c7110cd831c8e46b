/*
 * Thread-local storage as the x86-64 psABI lays it out (variant II): the variables end where the thread pointer
 * points, and the word there holds its own address.
 */

static inline size_t tls_block_size(size_t data_size, size_t alignment)
{
    return round_up(data_size, alignment) + sizeof(uintptr_t);
}

/* The lowest thread pointer with room for the variables in the block. */
static inline uintptr_t tls_first_pointer(uintptr_t block, size_t data_size, size_t alignment)
{
    return block + round_up(data_size, alignment);
}

static inline uintptr_t tls_data(uintptr_t tp, size_t data_size, size_t alignment)
{
    return tp - round_up(data_size, alignment);
}

static inline void tls_mark(uintptr_t tp)
{
    *(uintptr_t *)tp = tp;
}
