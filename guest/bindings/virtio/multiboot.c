/*
 * How much memory there is, by what the multiboot loader tells. Source: Multiboot 0.6.96, section 3.3.
 */

#define MULTIBOOT_MMAP 0x40

/* The next one follows (size) bytes behind the size itself. */
struct multiboot_mmap {
    uint32_t size;
    uint64_t base, length;
    uint32_t type;
} __attribute__((packed));

#define MMAP_RAM 1

_Static_assert(sizeof(struct multiboot_mmap) == 24, "multiboot_mmap");

/* More than this is not used. */
#define MAX_MEM_SIZE (1UL << 30)

/* The end of the memory that the unikernel was loaded into. */
static uintptr_t multiboot_memory(const struct multiboot_info *info)
{
    if ((info->flags & MULTIBOOT_MMAP) == 0) FAIL("The loader gave no memory map");
    uintptr_t end = (uintptr_t)info->mmap_addr + info->mmap_length;
    for (uintptr_t at = info->mmap_addr; at < end;) {
        const struct multiboot_mmap *range = (const struct multiboot_mmap *)at;
        uint64_t range_end = range->base + range->length;
        if (range->type == MMAP_RAM && range->base <= (uintptr_t)_stext && range_end > (uintptr_t)_stext)
            return (range_end < MAX_MEM_SIZE ? range_end : MAX_MEM_SIZE) & ~(PAGE_SIZE - 1);
        at += range->size + sizeof range->size;
    }
    FAIL("The loader's memory map lacks the memory of the unikernel");
}
