/*
 * What memory there is, and how much of it is the application's.
 */

/* With less than this for heap and stack a unikernel does not start. */
#define MIN_HEAP_SIZE (512 * 1024UL)

static void print_region(const char *name, const char *start, const char *end)
{
    log_at(LOG_INFO, "Solo5: %s @ (0x%lx - 0x%lx)\n", name, (unsigned long)start, (unsigned long)end - 1);
}

/* Fills in the heap, which starts (reserved) bytes behind the image and ends at (mem_size), and prints the map. */
static void memory_init(struct solo5_start_info *info, uintptr_t mem_size, size_t reserved)
{
    uintptr_t start = round_up((uintptr_t)_end, PAGE_SIZE) + reserved;
    if (mem_size < start || mem_size - start < MIN_HEAP_SIZE) FAIL("Not enough memory");
    info->heap_start = start;
    info->heap_size = mem_size - start;
    log_at(LOG_INFO, "Solo5: Memory map: %lu MB addressable:\n", (unsigned long)mem_size >> 20);
    print_region("  reserved", NULL, _stext);
    print_region("      text", _stext, _etext);
    print_region("    rodata", _etext, _erodata);
    print_region("      data", _erodata, _end);
    log_at(LOG_INFO, "Solo5:       heap >= 0x%lx < stack < 0x%lx\n", (unsigned long)start, (unsigned long)mem_size);
}
