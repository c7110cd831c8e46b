/*
 * Boots a disk image of solo5-virtio-mkimage: the master boot record and, in the sectors behind it, a loader that reads
 * the unikernel as src/launchers/disk-image.ts laid it out and enters it as a multiboot loader does. Sources: IBM PC BIOS
 * interrupts 10h, 13h (extensions: EDD 1.1), 15h (E820h: ACPI 6.5, section 15.1; 87h); Multiboot 0.6.96.
 *
 *   0x07c00  the master boot record, its code and, from 0x7dbe on, the partition table
 *   0x07e00  parameters and loader, 8 sectors
 *   0x08e00  command line, 16 sectors
 *   0x0ae00  multiboot information, then the memory map
 *   0x10000  what was read last, on its way to where it belongs
 */
        .set CODE_SECTORS, 8
        .set CMDLINE_SECTORS, 16
        .set CMDLINE, 0x7e00 + CODE_SECTORS * 512
        .set MULTIBOOT, CMDLINE + CMDLINE_SECTORS * 512
        .set MEMORY_MAP, MULTIBOOT + 64
        .set MEMORY_MAP_MAX, 64                 /* entries of 24 bytes */
        .set BUFFER, 0x10000
        .set BUFFER_SECTORS, 64                 /* some firmware reads no more than 127 at once */
        .set COM1, 0x3f8

        .text
        .code16
        .globl _start
_start:
        ljmp    $0, $1f
1:      xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    $0x7c00, %sp
        sti
        cld
        movb    %dl, drive

        movb    $0x41, %ah                      /* are there extensions? */
        movw    $0x55aa, %bx
        int     $0x13
        movw    $no_extensions, %si
        jc      fail
        cmpw    $0xaa55, %bx
        jne     fail
        call    read
        jmp     loader

/* Reads what the packet says. */
read:
        movw    $3, %bp
1:      movw    $packet, %si
        movb    drive, %dl
        movb    $0x42, %ah
        int     $0x13
        jnc     2f
        decw    %bp
        jnz     1b
        movw    $read_error, %si
        jmp     fail
2:      ret

/* Says (%si) on the screen and on the serial line, and stops. */
fail:
        lodsb
        testb   %al, %al
        jz      2f
        movw    $COM1, %dx
        outb    %al, %dx
        movb    $0x0e, %ah
        movw    $7, %bx
        int     $0x10
        jmp     fail
2:      hlt
        jmp     2b

drive:  .byte   0
        .balign 4
packet: .byte   16, 0
packet_count:
        .word   CODE_SECTORS + CMDLINE_SECTORS
packet_offset:
        .word   0x7e00
packet_segment:
        .word   0
packet_lba:
        .quad   1

no_extensions:
        .asciz  "Boot: the firmware cannot read this disk by sector number\r\n"
read_error:
        .asciz  "Boot: the disk cannot be read\r\n"

        .org    510
        .word   0xaa55

/* ---- Sector 1: src/launchers/disk-image.ts fills the parameters in ---- */

kernel_lba:
        .quad   0
kernel_sectors:
        .long   0
load_addr:
        .long   0
load_end:
        .long   0
bss_end:
        .long   0
entry:
        .long   0

loader:
        movw    $0x2401, %ax                    /* address line 20: by the firmware, and by port 92h */
        int     $0x15
        inb     $0x92, %al
        orb     $2, %al
        andb    $0xfe, %al
        outb    %al, $0x92

        /* The memory map: entries with their size in front, as multiboot has them. */
        xorl    %ebx, %ebx
        movw    $MEMORY_MAP, %di
1:      movl    $20, (%di)
        addw    $4, %di
        movl    $0xe820, %eax
        movl    $0x534d4150, %edx               /* "SMAP" */
        movl    $20, %ecx
        int     $0x15
        movw    $no_memory_map, %si
        jc      2f
        cmpl    $0x534d4150, %eax
        jne     fail
        addw    $20, %di
        cmpw    $MEMORY_MAP + MEMORY_MAP_MAX * 24, %di
        jae     3f
        testl   %ebx, %ebx
        jnz     1b
        jmp     3f
2:      subw    $4, %di                         /* Some firmware ends the list with an error. */
        cmpw    $MEMORY_MAP, %di
        je      fail
3:      subw    $MEMORY_MAP, %di
        movl    $0x44, MULTIBOOT                /* there are a command line and a memory map */
        movl    $CMDLINE, MULTIBOOT + 16
        movw    %di, MULTIBOOT + 44
        movl    $MEMORY_MAP, MULTIBOOT + 48

        movw    $0, packet_offset
        movw    $BUFFER >> 4, packet_segment
        movl    kernel_lba, %eax
        movl    %eax, packet_lba
        movl    kernel_lba + 4, %eax
        movl    %eax, packet_lba + 4
        movl    load_addr, %eax
        movl    %eax, target

copy:   movl    kernel_sectors, %eax
        testl   %eax, %eax
        jz      enter
        cmpl    $BUFFER_SECTORS, %eax
        jbe     1f
        movl    $BUFFER_SECTORS, %eax
1:      movw    %ax, packet_count
        subl    %eax, kernel_sectors
        call    read
        movzwl  packet_count, %eax
        addl    %eax, packet_lba
        adcl    $0, packet_lba + 4

        movl    target, %edx                    /* to its place above 1 MiB, by the firmware */
        movw    %dx, move_to + 2
        shrl    $16, %edx
        movb    %dl, move_to + 4
        movb    %dh, move_to + 7
        movw    packet_count, %cx
        shlw    $8, %cx                         /* in words */
        movw    $move_table, %si
        movb    $0x87, %ah
        int     $0x15
        movw    $move_error, %si
        jc      fail
        movzwl  packet_count, %eax
        shll    $9, %eax
        addl    %eax, target
        jmp     copy

enter:  cli
        lgdt    gdt_pointer
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmp    $0x08, $1f
        .code32
1:      movl    $0x10, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %fs
        movl    %eax, %gs
        movl    %eax, %ss
        movl    load_end, %edi
        movl    bss_end, %ecx
        subl    %edi, %ecx
        xorl    %eax, %eax
        rep stosb
        movl    $0x2badb002, %eax
        movl    $MULTIBOOT, %ebx
        jmp     *entry

        .balign 8
target: .long   0

/* For interrupt 15h, function 87h: null, itself, source, target, and two that the firmware fills in. */
        .balign 8
move_table:
        .quad   0, 0
        .quad   0x930000000000 | BUFFER << 16 | 0xffff
move_to:
        .quad   0x930000000000 | 0xffff
        .quad   0, 0

        .balign 8
gdt:    .quad   0, 0x00cf9b000000ffff, 0x00cf93000000ffff       /* null, code, data: 4 GiB each */
gdt_pointer:
        .word   23
        .long   gdt

no_memory_map:
        .asciz  "Boot: the firmware tells no memory map\r\n"
move_error:
        .asciz  "Boot: the unikernel does not fit into memory\r\n"

        .org    512 + CODE_SECTORS * 512
