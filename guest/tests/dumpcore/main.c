/*
 * dumpcore: memory that a core dump can be recognised by, then an abort.
 */
#include "test.h"

#define PATTERN 0x35306f6c6f53UL /* "Solo05" */

static volatile uint64_t pattern[512];

int solo5_app_main(const struct solo5_start_info *info)
{
    title("test_dumpcore");
    volatile uint64_t *heap = (volatile uint64_t *)info->heap_start;
    for (uint64_t i = 0; i < 512; i++)
        pattern[i] = heap[i] = PATTERN + (i << 48);
    solo5_abort();
}
