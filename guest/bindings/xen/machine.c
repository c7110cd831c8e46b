/*
 * What the machine tells of itself: memory and command line.
 */

/* Only memory below is used: Xen's own pages lie near the end of the first 4 GiB, and behind those grants are mapped. */
#define MAX_MEM_SIZE (1UL << 32)
#define MAP_ENTRIES  32
#define MAP_RAM      1

struct memory_range {
    uint64_t start, size;
    uint32_t type;
} __attribute__((packed));

_Static_assert(sizeof(struct memory_range) == 20, "memory_range");

/* The end of the memory that the unikernel was loaded into. */
__attribute__((cold, noinline)) static uintptr_t machine_memory(void)
{
    static struct memory_range ranges[MAP_ENTRIES];
    xen_memory_map_t map = { .nr_entries = MAP_ENTRIES };
    set_xen_guest_handle(map.buffer, ranges);
    if (memory_op(XENMEM_memory_map, &map) != 0) FAIL("Xen gave no memory map");
    for (unsigned i = 0; i < map.nr_entries && i < MAP_ENTRIES; i++) {
        uint64_t end = ranges[i].start + ranges[i].size;
        if (ranges[i].type == MAP_RAM && ranges[i].start <= (uintptr_t)_stext && end > (uintptr_t)_stext)
            return (end < MAX_MEM_SIZE ? end : MAX_MEM_SIZE) & ~(PAGE_SIZE - 1);
    }
    FAIL("Xen's memory map lacks the memory of the unikernel");
}

/* By what the loader left at (info), which may be no longer there with the page tables that protect. */
static const char *machine_cmdline(const void *info)
{
    const struct hvm_start_info *start = info;
    if (start->magic != XEN_HVM_START_MAGIC_VALUE) return multiboot_cmdline(info);
    return start->cmdline_paddr == 0 ? "" : cmdline_copy((const char *)start->cmdline_paddr);
}
