/*
 * What a multiboot loader tells of the command line. Source: Multiboot 0.6.96, section 3.3.
 */

#define MULTIBOOT_CMDLINE 0x04

struct multiboot_info {
    uint32_t flags;
    uint32_t mem_lower, mem_upper;
    uint32_t boot_device;
    uint32_t cmdline;
    uint32_t mods_count, mods_addr;
    uint32_t syms[4];
    uint32_t mmap_length, mmap_addr;
};

_Static_assert(sizeof(struct multiboot_info) == 52, "multiboot_info");

/* A copy. The first word is the kernel's name. */
static const char *multiboot_cmdline(const struct multiboot_info *info)
{
    if ((info->flags & MULTIBOOT_CMDLINE) == 0) return "";
    const char *from = (const char *)(uintptr_t)info->cmdline;
    while (*from != '\0' && *from != ' ')
        from++;
    if (*from == ' ') from++;
    return cmdline_copy(from);
}
