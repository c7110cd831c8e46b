/*
 * buggyelf: an hvt unikernel whose ABI note claims a descriptor that is larger than the note's segment. A tender must
 * refuse it: `note does not fall within valid size`.
 */
    .section .interp, "a"
    .asciz "/nonexistent/solo5/"
    .zero 4

    .section .note.solo5.not_openbsd, "a"
    .balign 4
    .long 8, 4, 1
    .asciz "OpenBSD"
    .long 0

    .section .note.solo5.abi, "a"
    .balign 4
    .long 6             /* n_namesz */
    .long 0x7ffffff0    /* n_descsz: it has 16 */
    .long 0x31494241    /* ABI1 */
    .asciz "Solo5"
    .balign 4
    .long 1, 2, 0, 0

    .section .note.solo5.manifest, "a"
    .balign 4
    .long 6, 116, 0x3154464d
    .asciz "Solo5"
    .balign 4
    .long 0, 1, 1
    .zero 68
    .long 0x40000000
    .zero 32

    .text
    .globl _start
_start:
    .byte 0
