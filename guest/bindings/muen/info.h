/*
 * What Muen's kernel and its policy tell a subject: the pages that are mapped for it, as they lie there. Version 5 of
 * the subject info. docs/abi.md 9.
 */

#define INFO_ADDRESS     0xe00000000UL
#define SCHEDULE_ADDRESS 0xe00008000UL
#define INFO_MAGIC       0x05006f666e69756dUL /* "muinfo", 0, version */
#define INFO_NAME_MAX    63

struct info_name {
    uint8_t length;
    char text[INFO_NAME_MAX];
    uint8_t nul;
};

enum resource_kind { RESOURCE_NONE = 0, RESOURCE_MEMORY, RESOURCE_EVENT };
enum memory_kind { MEMORY_CHANNEL = 5 };
#define MEMORY_WRITABLE 1

struct memory_data {
    uint8_t kind;
    uint8_t content;
    uint8_t flags;
    uint16_t pattern;
    uint8_t padding[3];
    uint64_t address;
    uint64_t size;
    uint8_t hash[32];
} __attribute__((packed));

struct resource {
    uint32_t kind;
    struct info_name name;
    uint8_t padding[3];
    union {
        struct memory_data memory;
        uint8_t number; /* of an event */
    } data;
};

#define MAX_RESOURCES 255

struct subject_info {
    uint64_t magic;
    uint32_t tsc_khz;
    struct info_name name;
    uint8_t padding;
    uint16_t resource_count;
    struct resource resources[MAX_RESOURCES];
};

/* The current minor frame in ticks of the counter; the kernel writes it at the start of each. */
struct schedule {
    uint64_t start;
    uint64_t end;
};

/* The resource `time_info`. */
struct time_info {
    uint64_t base; /* microseconds since 1970 when the counter was 0; 0 until that is known */
    uint64_t tick_rate_hz;
    int64_t timezone_usecs;
};

/* What stands at the address that the entry gets. */
struct boot_info {
    uint64_t mem_size;   /* where memory ends */
    uint64_t kernel_end; /* of the image; not used */
    uint64_t tsc;
    uint64_t cmdline;
    uint64_t mft;
};

_Static_assert(sizeof(struct memory_data) == 56, "memory_data");
_Static_assert(sizeof(struct resource) == 128, "resource");
_Static_assert(offsetof(struct resource, data) == 72, "resource");
_Static_assert(offsetof(struct subject_info, resource_count) == 78, "subject_info");
_Static_assert(offsetof(struct subject_info, resources) == 80, "subject_info");
_Static_assert(sizeof(struct subject_info) == 32720, "subject_info");
_Static_assert(sizeof(struct boot_info) == 40, "boot_info");
