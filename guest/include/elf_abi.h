/*
 * elf_abi.h: what marks an ELF file as a unikernel of some target: the ABI1 note, and two marks for hosts that
 * might try to run it as a program of their own. Needs C99 headers only.
 */
#ifndef ELF_ABI_H
#define ELF_ABI_H

#include <stddef.h>
#include <stdint.h>

/* Targets, as the ABI1 note numbers them. */
enum abi_target {
    HVT_ABI_TARGET = 1,
    SPT_ABI_TARGET,
    VIRTIO_ABI_TARGET,
    MUEN_ABI_TARGET,
    GENODE_ABI_TARGET,
    XEN_ABI_TARGET
};

#define ABI1_NOTE_NAME "Solo5"
#define ABI1_NOTE_TYPE 0x31494241 /* "ABI1" in memory */

/* An ELF64 note header with the name in place, padded to 4 bytes. */
struct abi1_nhdr {
    uint32_t n_namesz;
    uint32_t n_descsz;
    uint32_t n_type;
    char n_name[(sizeof(ABI1_NOTE_NAME) + 3) & -4];
};

/* The note's descriptor. */
struct abi1_info {
    uint32_t abi_target; /* enum abi_target */
    uint32_t abi_version;
    uint32_t reserved0;
    uint32_t reserved1;
};

struct abi1_note {
    struct abi1_nhdr h;
    struct abi1_info i;
};

_Static_assert(sizeof(struct abi1_nhdr) == 20, "abi1_nhdr");
_Static_assert(sizeof(struct abi1_note) == 36, "abi1_note");

/* Alignment of the descriptor's content, for whoever loads the note. */
#define ABI1_NOTE_ALIGN _Alignof(struct abi1_info)

/* Largest descriptor that a loader accepts: the content and room for its alignment. */
#define ABI1_NOTE_MAX_SIZE (sizeof(struct abi1_note) - sizeof(struct abi1_nhdr) + sizeof(struct abi1_info))

/* ABI1_NOTE_DECLARE_BEGIN { .abi_target = ..., .abi_version = ... } ABI1_NOTE_DECLARE_END defines the note. */
#define ABI1_NOTE_DECLARE_BEGIN                                                                                        \
    static const struct abi1_note __solo5_abi1_note                                                                    \
        __attribute__((used, section(".note.solo5.abi"), aligned(4))) = {                                              \
            .h = { .n_namesz = sizeof(ABI1_NOTE_NAME),                                                                 \
                   .n_descsz = sizeof(struct abi1_info),                                                               \
                   .n_type = ABI1_NOTE_TYPE,                                                                           \
                   .n_name = ABI1_NOTE_NAME },                                                                         \
            .i =
#define ABI1_NOTE_DECLARE_END                                                                                          \
    }                                                                                                                  \
    ;

/* An interpreter that cannot exist (a file name ends in no slash): the host's own loader refuses the file. */
#define DECLARE_ELF_INTERP                                                                                             \
    static const char __solo5_interp[24] __attribute__((used, section(".interp"), aligned(8))) = "/nonexistent/solo5/";

/* OpenBSD honours an interpreter only in what looks like its own executable; otherwise a shell tries to read it. */
struct openbsd_note {
    uint32_t n_namesz; /* 8 */
    uint32_t n_descsz; /* 4 */
    uint32_t n_type;   /* 1, NT_VERSION */
    char n_name[8];    /* "OpenBSD" */
    uint32_t data;     /* 0 */
};

#define DECLARE_OPENBSD_NOTE                                                                                           \
    static const struct openbsd_note __solo5_openbsd_note                                                              \
        __attribute__((used, section(".note.solo5.not_openbsd"), aligned(4))) = { 8, 4, 1, "OpenBSD", 0 };

#endif
