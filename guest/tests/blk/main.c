/*
 * blk: every block of the device holds what was written to it, and nothing else can be read or written.
 */
#include "test.h"

#define MAX_BLOCK_SIZE 65536

static uint8_t written[MAX_BLOCK_SIZE], read_back[MAX_BLOCK_SIZE];
static solo5_handle_t disk;
static struct solo5_block_info disk_info;
static bool takes_many; /* blocks at once, as Genode does: the argument `many` */

/* Every block's pattern is its own. */
static void fill(uint8_t *block, solo5_off_t offset)
{
    for (size_t i = 0; i < disk_info.block_size; i++)
        block[i] = (uint8_t)(i + offset / disk_info.block_size * 7 + (offset >> 16));
}

static const char *check_blocks(void)
{
    size_t size = disk_info.block_size;
    for (solo5_off_t at = 0; at < disk_info.capacity; at += size) {
        fill(written, at);
        if (solo5_block_write(disk, at, written, size) != SOLO5_R_OK) return "a write failed";
    }
    for (solo5_off_t at = 0; at < disk_info.capacity; at += size) {
        fill(written, at);
        memset(read_back, 0, size);
        if (solo5_block_read(disk, at, read_back, size) != SOLO5_R_OK) return "a read failed";
        if (memcmp(written, read_back, size) != 0) return "what was read is not what was written";
    }
    return NULL;
}

/* Whether both directions are refused. */
static bool is_refused(solo5_off_t offset, size_t size)
{
    return solo5_block_write(disk, offset, written, size) != SOLO5_R_OK &&
           solo5_block_read(disk, offset, read_back, size) != SOLO5_R_OK;
}

static const char *check_limits(void)
{
    size_t size = disk_info.block_size;
    if (!is_refused(disk_info.capacity, size)) return "the block after the last one was not refused";
    if (!is_refused(UINT64_MAX - size + 1, size)) return "an offset near 2^64 was not refused";
    if (!is_refused(1, size)) return "a misaligned offset was not refused";
    if (!is_refused(0, size - 1) || !is_refused(0, 0)) return "less than a block was not refused";
    if (takes_many ? is_refused(0, 2 * size) : !is_refused(0, 2 * size)) return "two blocks at once are not as they should be";
    if (solo5_block_read(disk + 1, 0, read_back, size) != SOLO5_R_EINVAL) return "an unknown handle was not refused";
    return NULL;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    title("test_blk");
    takes_many = string_equal(info->cmdline, "many");
    struct solo5_net_info net_info;
    if (solo5_block_acquire("nosuch", &disk, &disk_info) != SOLO5_R_EINVAL) return failure("an unknown name was found");
    if (solo5_net_acquire("storage", &disk, &net_info) != SOLO5_R_EINVAL) return failure("a disk is no network");
    if (solo5_block_acquire("storage", &disk, &disk_info) != SOLO5_R_OK) return failure("no storage");
    if (disk_info.block_size > MAX_BLOCK_SIZE) return failure("blocks are too large for this test");

    const char *why = check_blocks();
    if (why == NULL) why = check_limits();
    return why == NULL ? success() : failure(why);
}
