/*
 * Grants: which pages other domains may see. Source: Xen's public header grant_table.h.
 */

#define GRANTS_PER_PAGE (PAGE_SIZE / sizeof(grant_entry_v1_t))

static volatile grant_entry_v1_t *grant_table;
static grant_ref_t grant_next = GNTTAB_NR_RESERVED_ENTRIES, grant_end;

/* Makes room for so many. */
static void grant_init(size_t count)
{
    size_t pages = round_up(GNTTAB_NR_RESERVED_ENTRIES + count, GRANTS_PER_PAGE) / GRANTS_PER_PAGE;
    char *memory = reserve_pages(pages * PAGE_SIZE);
    for (size_t i = 0; i < pages; i++)
        if (!add_to_physmap(XENMAPSPACE_grant_table, i, memory + i * PAGE_SIZE)) FAIL("Xen gave no grant table");
    grant_table = (volatile grant_entry_v1_t *)memory;
    grant_end = (grant_ref_t)(pages * GRANTS_PER_PAGE);
}

/* For good. */
__attribute__((noinline)) static grant_ref_t grant_page(domid_t domain, const void *page, bool is_readonly)
{
    ASSERT(grant_next < grant_end);
    volatile grant_entry_v1_t *entry = &grant_table[grant_next];
    entry->domid = domain;
    entry->frame = (uint32_t)((uintptr_t)page / PAGE_SIZE);
    store_barrier();
    entry->flags = (uint16_t)(GTF_permit_access | (is_readonly ? GTF_readonly : 0));
    return grant_next++;
}
