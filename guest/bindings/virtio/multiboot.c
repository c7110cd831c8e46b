/*
 * What the multiboot loader tells: how much memory there is, and the command line. Source: Multiboot 0.6.96, section 3.3.
 */

#define MULTIBOOT_CMDLINE 0x04
#define MULTIBOOT_MMAP    0x40

struct multiboot_info {
    uint32_t flags;
    uint32_t mem_lower, mem_upper;
    uint32_t boot_device;
    uint32_t cmdline;
    uint32_t mods_count, mods_addr;
    uint32_t syms[4];
    uint32_t mmap_length, mmap_addr;
};

/* The next one follows (size) bytes behind the size itself. */
struct multiboot_mmap {
    uint32_t size;
    uint64_t base, length;
    uint32_t type;
} __attribute__((packed));

#define MMAP_RAM 1

_Static_assert(sizeof(struct multiboot_info) == 52, "multiboot_info");
_Static_assert(sizeof(struct multiboot_mmap) == 24, "multiboot_mmap");

/* More than this is not used. */
#define MAX_MEM_SIZE (1UL << 30)

#define CMDLINE_SIZE 8192

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

/* A copy of the command line, since the original may lie in what becomes the heap. The first word is the kernel's name. */
static const char *multiboot_cmdline(const struct multiboot_info *info)
{
    static char cmdline[CMDLINE_SIZE];
    if ((info->flags & MULTIBOOT_CMDLINE) == 0) return cmdline;
    const char *from = (const char *)(uintptr_t)info->cmdline;
    while (*from != '\0' && *from != ' ')
        from++;
    if (*from == ' ') from++;
    size_t size = 0;
    for (; from[size] != '\0'; size++) {
        if (size == CMDLINE_SIZE - 1) {
            log_at(LOG_WARN, "Solo5: warning: command line too long, cut to %d characters\n", CMDLINE_SIZE - 1);
            break;
        }
        cmdline[size] = from[size];
    }
    return cmdline;
}
