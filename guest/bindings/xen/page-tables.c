/*
 * The page tables that protect: text is read and executed, read-only data read, the rest of memory read and written, and
 * what lies below the image is not there. Behind the memory there are pages of Xen's own, near the end of the first 4 GiB,
 * and one GiB for pages that other domains grant. Source: Intel SDM volume 3, section 4.5.
 */

#define PTE_PRESENT    1UL
#define PTE_WRITE      2UL
#define PTE_LARGE      0x80UL
#define PTE_NO_EXECUTE (1UL << 63)
#define LARGE_PAGE     (1UL << 21)
#define HIGH_AREA      0xfe000000UL /* interrupt controllers, and pages that Xen shares */
#define HIGH_END       (1UL << 32)
#define GRANT_AREA     HIGH_END
#define GRANT_SIZE     (1UL << 30)

/* Of the first 4 GiB, one after another. Those of the boot are in use meanwhile. */
static uint64_t large_tables[4 * 512] __attribute__((aligned(PAGE_SIZE)));
/* Large pages with a border in them: at most below the image, behind text, and behind read-only data. */
static uint64_t split_tables[3][512] __attribute__((aligned(PAGE_SIZE)));
static uint64_t grant_entries[512] __attribute__((aligned(PAGE_SIZE)));

/* The table of the small pages in the large one at (address). */
static uint64_t *split(uintptr_t address)
{
    static unsigned count;
    uint64_t *entry = &large_tables[address / LARGE_PAGE];
    if (*entry == 0) *entry = (uintptr_t)split_tables[count++] | PTE_PRESENT | PTE_WRITE;
    return (uint64_t *)(*entry & ~(PAGE_SIZE - 1));
}

/* Maps whole pages to themselves. */
__attribute__((cold, noinline)) static void map_region(uintptr_t at, uintptr_t end, uint64_t flags)
{
    while (at < end) {
        if (at % LARGE_PAGE == 0 && end - at >= LARGE_PAGE) {
            large_tables[at / LARGE_PAGE] = at | flags | PTE_LARGE;
            at += LARGE_PAGE;
            continue;
        }
        uint64_t *table = split(at);
        uintptr_t stop = round_up(at + 1, LARGE_PAGE) < end ? round_up(at + 1, LARGE_PAGE) : end;
        for (; at < stop; at += PAGE_SIZE)
            table[at / PAGE_SIZE % 512] = at | flags;
    }
}

/* For memory up to (end). */
static void page_tables_init(uintptr_t end)
{
    const uint64_t rest = PTE_PRESENT | PTE_WRITE | PTE_NO_EXECUTE;
    map_region((uintptr_t)_stext, (uintptr_t)_etext, PTE_PRESENT);
    map_region((uintptr_t)_etext, (uintptr_t)_erodata, PTE_PRESENT | PTE_NO_EXECUTE);
    end = round_up(end, LARGE_PAGE);
    map_region((uintptr_t)_erodata, end, rest);
    map_region(end > HIGH_AREA ? end : HIGH_AREA, HIGH_END, rest);
    for (unsigned i = 0; i < 4; i++)
        boot_pdpt[i] = (uintptr_t)&large_tables[512 * i] | PTE_PRESENT | PTE_WRITE;
    __asm__ __volatile__("movq %0, %%cr3" : : "r"(boot_pml4) : "memory");
}

/* A page that Xen shares, by its number, wherever it is. */
static void *map_page(uint64_t number)
{
    uintptr_t address = number * PAGE_SIZE;
    if (address < HIGH_END && large_tables[address / LARGE_PAGE] == 0)
        map_region(address & ~(LARGE_PAGE - 1), round_up(address + 1, LARGE_PAGE),
                   PTE_PRESENT | PTE_WRITE | PTE_NO_EXECUTE);
    return (void *)address;
}

/* MirageOS maps what other domains grant there. */
void solo5__xen_get_gntmap_area(uint64_t *address, size_t *size);
void solo5__xen_get_gntmap_area(uint64_t *address, size_t *size)
{
    for (unsigned i = 0; i < 512; i++)
        grant_entries[i] = (GRANT_AREA + i * LARGE_PAGE) | PTE_PRESENT | PTE_WRITE | PTE_LARGE | PTE_NO_EXECUTE;
    boot_pdpt[4] = (uintptr_t)grant_entries | PTE_PRESENT | PTE_WRITE;
    *address = GRANT_AREA;
    *size = GRANT_SIZE;
}
