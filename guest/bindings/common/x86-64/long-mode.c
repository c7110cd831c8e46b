/*
 * The first instructions: what a multiboot loader looks for, and the way from its 32-bit protected mode to 64-bit C.
 * Sources: Multiboot 0.6.96, section 3; Intel SDM volume 3, sections 4.5, 9.8.5 and 13.1.
 *
 * The header has load addresses of its own (the "a.out kludge"), since loaders take no 64-bit ELF file by itself. The
 * page tables map the first 4 GiB to themselves, all but page 0: there a NULL pointer ends. `start` is called with
 * what the loader has to tell, whose address was in EBX.
 *
 * A target that makes tables of its own later needs no more than 1 GiB (BOOT_IS_SHORT). It says which other loaders it
 * knows (BOOT_OTHER_LOADER: jumps to 0f if EBX leads to what one tells), and which bits of EFER and CR0 it wants beside
 * those of long mode.
 */
#ifdef BOOT_IS_SHORT
#define BOOT_GIB    "1"
#define BOOT_TABLES 1
#define BOOT_UPPER  ""
#define BOOT_SPLIT  ""
#else
#define BOOT_OTHER_LOADER ""
#define BOOT_EFER         "0"
#define BOOT_CR0          "0"
#define BOOT_GIB          "4"
#define BOOT_TABLES       4
#define BOOT_UPPER                                                                                                     \
    "  movl $boot_pd + 0x1003, boot_pdpt + 8\n"                                                                        \
    "  movl $boot_pd + 0x2003, boot_pdpt + 16\n"                                                                       \
    "  movl $boot_pd + 0x3003, boot_pdpt + 24\n"
/* The first 2 MiB once more, in pages of 4 KiB from the second on. */
#define BOOT_SPLIT                                                                                                     \
    "  movl $boot_pt + 8, %edi\n"                                                                                      \
    "  movl $0x1003, %eax\n"                                                                                           \
    "2:\n"                                                                                                             \
    "  movl %eax, (%edi)\n"                                                                                            \
    "  addl $8, %edi\n"                                                                                                \
    "  addl $0x1000, %eax\n"                                                                                           \
    "  cmpl $0x200000, %eax\n"                                                                                         \
    "  jb 2b\n"                                                                                                        \
    "  movl $boot_pt + 3, boot_pd\n"

__attribute__((used, aligned(PAGE_SIZE))) static uint64_t boot_pt[512];
#endif

#define BOOT_STACK_SIZE 4096

__attribute__((used, aligned(PAGE_SIZE))) static uint64_t boot_pml4[512], boot_pdpt[512], boot_pd[BOOT_TABLES][512];
__attribute__((used, aligned(16))) static char boot_stack[BOOT_STACK_SIZE];

__asm__(".pushsection .text.multiboot, \"ax\", @progbits\n"
        ".balign 32\n"
        "multiboot_header:\n"
        "  .long 0x1badb002\n"
        "  .long 0x00010003\n" /* modules on pages, tell the memory, addresses follow */
        "  .long -(0x1badb002 + 0x00010003)\n"
        "  .long multiboot_header, _stext, _edata, _end, _start32\n"

        ".code32\n"
        ".globl _start32\n"
        "_start32:\n"
        "  cld\n"
        "  cmpl $0x2badb002, %eax\n"
        "  je 0f\n"
        BOOT_OTHER_LOADER
        "  jmp 3f\n"
        "0:\n"

        /* 2 MiB pages from 0 on: present, writable, large. The upper halves of entries are 0 in .bss. */
        "  movl $boot_pd, %edi\n"
        "  movl $0x83, %eax\n"
        "1:\n"
        "  movl %eax, (%edi)\n"
        "  addl $8, %edi\n"
        "  addl $0x200000, %eax\n"
        "  cmpl $(" BOOT_GIB " << 30 & 0xffffffff) + 0x83, %eax\n"
        "  jne 1b\n"
        BOOT_SPLIT
        "  movl $boot_pd + 0x0003, boot_pdpt\n"
        BOOT_UPPER
        "  movl $boot_pdpt + 3, boot_pml4\n"
        "  movl $boot_pml4, %eax\n"
        "  movl %eax, %cr3\n"

        /* PAE, OSFXSR, OSXMMEXCPT; long mode; paging, and an FPU that is there, without emulation. */
        "  movl %cr4, %eax\n"
        "  orl $0x620, %eax\n"
        "  movl %eax, %cr4\n"
        "  movl $0xc0000080, %ecx\n" /* EFER */
        "  rdmsr\n"
        "  orl $0x100 | " BOOT_EFER ", %eax\n"
        "  wrmsr\n"
        "  movl %cr0, %eax\n"
        "  andl $~0xc, %eax\n"
        "  orl $0x80000022 | " BOOT_CR0 ", %eax\n"
        "  movl %eax, %cr0\n"
        "  lgdt boot_gdt_pointer\n"
        "  ljmp $0x08, $start64\n"
        "3:\n"
        "  cli\n"
        "  hlt\n"
        "  jmp 3b\n"

        ".code64\n"
        "start64:\n"
        "  movl $0x10, %eax\n"
        "  movl %eax, %ds\n"
        "  movl %eax, %es\n"
        "  movl %eax, %ss\n"
        "  fninit\n"
        "  ldmxcsr boot_mxcsr(%rip)\n"
        "  leaq boot_stack + 4096(%rip), %rsp\n"
        "  xorl %ebp, %ebp\n"
        "  movl %ebx, %edi\n"
        "  call start\n"

        ".balign 8\n"
        "boot_gdt:\n"
        "  .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff\n" /* code of 64 bits, data */
        "boot_gdt_pointer:\n"
        "  .word 23\n"
        "  .long boot_gdt\n"
        "boot_mxcsr:\n"
        "  .long 0x1f80\n" /* all exceptions masked */
        ".popsection\n");
