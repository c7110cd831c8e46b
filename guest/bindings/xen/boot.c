/*
 * What a PVH loader looks for: a note with the address of the entry, which a multiboot loader enters too. Source: Xen's
 * docs/misc/pvh.pandoc and public header elfnote.h.
 */
#include "xen/elfnote.h"

#define TEXT_OF(number)  TEXT_OF_(number)
#define TEXT_OF_(number) #number

__asm__(".pushsection .note.solo5.xen, \"a\", @note\n"
        ".balign 4\n"
        "  .long 4, 4, " TEXT_OF(XEN_ELFNOTE_PHYS32_ENTRY) "\n"
        "  .asciz \"Xen\"\n"
        "  .long _start32\n"
        ".popsection\n");

#define BOOT_OTHER_LOADER                                                                                              \
    "  cmpl $" TEXT_OF(XEN_HVM_START_MAGIC_VALUE) ", (%ebx)\n"                                                         \
    "  je 0f\n"
#define BOOT_EFER     "0x800"   /* NXE */
#define BOOT_CR0      "0x10000" /* WP */
#define BOOT_IS_SHORT 1

#include "../common/x86-64/long-mode.c"
