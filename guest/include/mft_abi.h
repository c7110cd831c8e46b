/*
 * mft_abi.h: the application manifest: which devices a unikernel has, as the MFT1 note of its ELF file states it and
 * as the tender, having attached them, hands it over in memory. Needs C99 headers only.
 */
#ifndef MFT_ABI_H
#define MFT_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MFT_VERSION 1

typedef enum mft_type {
    MFT_DEV_BLOCK_BASIC = 1,
    MFT_DEV_NET_BASIC,
    MFT_RESERVED_FIRST = (1U << 30) /* The nameless first entry, so that no device has handle 0. */
} mft_type_t;

/* Properties of a device, filled in by the tender. */
struct mft_block_basic {
    uint64_t capacity;   /* bytes */
    uint16_t block_size; /* bytes */
};

struct mft_net_basic {
    uint8_t mac[6];
    uint16_t mtu; /* bytes, without the Ethernet header */
};

#define MFT_NAME_SIZE 68 /* bytes, with the terminating NUL */
#define MFT_NAME_MAX  67 /* characters */

/* One device; its index is its handle. */
struct mft_entry {
    char name[MFT_NAME_SIZE];
    mft_type_t type;
    union {
        struct mft_block_basic block_basic;
        struct mft_net_basic net_basic;
    } u;
    union {
        int hostfd; /* spt: the host's descriptor, */
        void *data; /* elsewhere whatever the tender or the bindings keep for the device. */
    } b;
    bool attached; /* Always false in the file. */
};

/* As many as a solo5_handle_set_t has bits. */
#define MFT_MAX_ENTRIES 64

/* Who defines a manifest says beforehand how many entries it has; for everyone else the array is open-ended. */
#ifndef MFT_ENTRIES
#define MFT_ENTRIES
#else
_Static_assert(MFT_ENTRIES <= MFT_MAX_ENTRIES, "MFT_ENTRIES out of range");
#endif

struct mft {
    uint32_t version;
    uint32_t entries;
    struct mft_entry e[MFT_ENTRIES];
};

#define MFT1_NOTE_NAME "Solo5"
#define MFT1_NOTE_TYPE 0x3154464d /* "MFT1" in memory */

/* An ELF64 note header with the name in place, padded to 4 bytes. */
struct mft1_nhdr {
    uint32_t n_namesz;
    uint32_t n_descsz;
    uint32_t n_type;
    char n_name[(sizeof(MFT1_NOTE_NAME) + 3) & -4];
};

/* The compiler puts 4 bytes between the two, so that the manifest is aligned; they count as descriptor. */
struct mft1_note {
    struct mft1_nhdr h;
    struct mft m;
};

_Static_assert(sizeof(struct mft1_nhdr) == 20, "mft1_nhdr");
_Static_assert(sizeof(struct mft_entry) == 104, "mft_entry");
_Static_assert(offsetof(struct mft1_note, m) == 24, "mft1_note");

/* Alignment of the descriptor's content, for whoever loads the note. */
#define MFT1_NOTE_ALIGN _Alignof(struct mft)

/* Largest descriptor that a loader accepts. */
#define MFT1_NOTE_MAX_SIZE                                                                                             \
    (sizeof(struct mft1_note) - sizeof(struct mft1_nhdr) + MFT_MAX_ENTRIES * sizeof(struct mft_entry))

/* MFT1_NOTE_DECLARE_BEGIN { .version = ..., .entries = ..., .e = { ... } } MFT1_NOTE_DECLARE_END defines the note. */
#define MFT1_NOTE_DECLARE_BEGIN                                                                                        \
    extern const struct mft1_note __solo5_mft1_note;                                                                   \
    const struct mft1_note __solo5_mft1_note __attribute__((section(".note.solo5.manifest"), aligned(4))) = {          \
        .h = { .n_namesz = sizeof(MFT1_NOTE_NAME),                                                                     \
               .n_descsz = sizeof(struct mft1_note) - sizeof(struct mft1_nhdr),                                        \
               .n_type = MFT1_NOTE_TYPE,                                                                               \
               .n_name = MFT1_NOTE_NAME },                                                                             \
        .m =
#define MFT1_NOTE_DECLARE_END                                                                                          \
    }                                                                                                                  \
    ;

#endif
