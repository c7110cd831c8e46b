/*
 * The page tables of the boot, which map 4 GiB to themselves, made to protect: text is read and executed, read-only data
 * read, all else read and written, and what lies below the image is not there. One more GiB is for pages that other
 * domains grant. Source: Intel SDM volume 3, section 4.5.
 */

#define PTE_PRESENT    1UL
#define PTE_WRITE      2UL
#define PTE_LARGE      0x80UL
#define PTE_NO_EXECUTE (1UL << 63)
#define LARGE_PAGE     (1UL << 21)
#define GRANT_AREA     (1UL << 32)
#define GRANT_SIZE     (1UL << 30)

/* Large pages with a border in them: at most below the image, behind text, and behind read-only data. */
static uint64_t split_tables[3][512] __attribute__((aligned(PAGE_SIZE)));
static uint64_t grant_pd[512] __attribute__((aligned(PAGE_SIZE)));

/* What may be done at (address); its region ends at (*end). */
static uint64_t page_flags(uintptr_t address, uintptr_t *end)
{
    if (address < (uintptr_t)_stext) return *end = (uintptr_t)_stext, 0;
    if (address < (uintptr_t)_etext) return *end = (uintptr_t)_etext, PTE_PRESENT;
    if (address < (uintptr_t)_erodata) return *end = (uintptr_t)_erodata, PTE_PRESENT | PTE_NO_EXECUTE;
    return *end = GRANT_AREA, PTE_PRESENT | PTE_WRITE | PTE_NO_EXECUTE;
}

static void page_tables_protect(void)
{
    uint64_t *pd = &boot_pd[0][0]; /* all four, one after another */
    unsigned splits = 0;
    for (uintptr_t at = 0; at < GRANT_AREA; at += LARGE_PAGE) {
        uintptr_t end;
        uint64_t flags = page_flags(at, &end);
        if (end >= at + LARGE_PAGE) {
            pd[at / LARGE_PAGE] = at | flags | PTE_LARGE;
            continue;
        }
        uint64_t *table = split_tables[splits++];
        for (uintptr_t page = at; page < at + LARGE_PAGE; page += PAGE_SIZE)
            table[page / PAGE_SIZE % 512] = page | page_flags(page, &end);
        pd[at / LARGE_PAGE] = (uintptr_t)table | PTE_PRESENT | PTE_WRITE;
    }
    for (unsigned i = 0; i < 512; i++)
        grant_pd[i] = (GRANT_AREA + i * LARGE_PAGE) | PTE_PRESENT | PTE_WRITE | PTE_LARGE | PTE_NO_EXECUTE;
    boot_pdpt[4] = (uintptr_t)grant_pd | PTE_PRESENT | PTE_WRITE;
    __asm__ __volatile__("movq %0, %%cr3" : : "r"(boot_pml4) : "memory");
}

/* MirageOS maps what other domains grant there. */
void solo5__xen_get_gntmap_area(uint64_t *address, size_t *size);
void solo5__xen_get_gntmap_area(uint64_t *address, size_t *size)
{
    *address = GRANT_AREA;
    *size = GRANT_SIZE;
}
