/*
 * Memory that devices read and write: it lies between the image and the heap and is never given back.
 */

static uintptr_t mem_size;
static size_t reserved_size;

/* Whole pages, zeroed. */
static void *reserve_pages(size_t size)
{
    uintptr_t start = round_up((uintptr_t)_end, PAGE_SIZE) + reserved_size;
    size = round_up(size, PAGE_SIZE);
    if (start >= mem_size || size > mem_size - start) FAIL("Not enough memory");
    reserved_size += size;
    return memset((void *)start, 0, size);
}
