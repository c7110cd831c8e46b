/*
 * Entry: the kernel sets up the CPU, memory and stack as a call would have them. It is the first code of the image, where
 * Muen's own loader enters.
 */

void _start(const struct boot_info *boot) __attribute__((noreturn, section(".text.start")));

/* The note itself. A compiler is told no type, or it would reason about the length of the manifest. */
extern const char manifest_note[] __asm__("__solo5_mft1_note");

/* Muen's tools have given the command line's address in the page alone. */
static const char *boot_cmdline(const struct boot_info *boot)
{
    return (const char *)(boot->cmdline < PAGE_SIZE ? (uintptr_t)boot + boot->cmdline : boot->cmdline);
}

void _start(const struct boot_info *boot)
{
    static struct solo5_start_info info;

    stack_protector_init();
    set_thread_pointer(0);
    console_init();
    trap_init();
    manifest = &((const struct mft1_note *)manifest_note)->m;
    info.cmdline = options_take(boot_cmdline(boot));
    banner_print();
    memory_init(&info, boot->mem_size, 0);
    clock_init();
    solo5_exit(solo5_app_main(&info));
}
