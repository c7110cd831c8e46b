/*
 * malloc: blocks in sizes that grow by an eighth to a quarter, each with a list of free ones; beyond the largest, pages.
 * A block's size class, or its number of bytes, stands in the 16 bytes before it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "libc.h"

#define HEADER 16UL
#define LARGEST (64UL << 10)
#define RUN (256UL << 10)
#define CLASSES 64

/* `before` bytes lie between the start of the pages and this header, where the block had to be aligned. */
struct header {
    size_t size;
    size_t before;
};

struct block {
    struct block *next;
};

static struct block *free_blocks[CLASSES];
static char *run, *run_end;

/* Four classes to each power of two; `size` becomes the class's. */
static unsigned class_of(size_t *size)
{
    size_t n = round_up(*size < 32 ? 32 : *size, 16);
    unsigned power = 63 - (unsigned)__builtin_clzl(n - 1);
    size_t step = 1UL << (power < 6 ? 4 : power - 2);
    *size = round_up(n, step);
    return power * 4 + (unsigned)((*size - 1 - (1UL << power)) / step) - 16;
}

static struct header *header_of(void *block)
{
    return (struct header *)((char *)block - HEADER);
}

static void *from_pages(size_t size, size_t align)
{
    size_t before = align > HEADER ? align - HEADER : 0;
    char *pages = pages_get(before + HEADER + size, 0);
    if (pages == NULL) return NULL;
    char *block = (char *)round_up((uintptr_t)pages + HEADER, align);
    header_of(block)->size = size;
    header_of(block)->before = (size_t)(block - HEADER - pages);
    return block;
}

static void *allocate(size_t size, size_t align)
{
    if (size > SIZE_MAX / 2) return NULL;
    if (size > LARGEST || align > HEADER) return from_pages(size > LARGEST ? size : LARGEST + 1, align);
    unsigned class = class_of(&size);
    struct block *block = free_blocks[class];
    if (block != NULL) {
        free_blocks[class] = block->next;
        return block;
    }
    if ((size_t)(run_end - run) < HEADER + size) {
        char *more = pages_get(RUN, 0);
        if (more == NULL) return NULL;
        run = more;
        run_end = more + RUN;
    }
    char *fresh = run + HEADER;
    run = fresh + size;
    header_of(fresh)->size = size;
    header_of(fresh)->before = 0;
    return fresh;
}

void *memalign(size_t align, size_t size)
{
    void *block = allocate(size, align < HEADER ? HEADER : align);
    if (block == NULL) errno = ENOMEM;
    return block;
}

void *malloc(size_t size)
{
    return memalign(HEADER, size);
}

void free(void *block)
{
    if (block == NULL) return;
    struct header *header = header_of(block);
    if (header->size > LARGEST) {
        pages_put((char *)header - header->before, header->before + HEADER + header->size);
        return;
    }
    size_t size = header->size;
    struct block **list = &free_blocks[class_of(&size)];
    ((struct block *)block)->next = *list;
    *list = block;
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    void *block = __builtin_mul_overflow(count, size, &bytes) ? memalign(HEADER, SIZE_MAX) : malloc(bytes);
    return block == NULL ? NULL : memset(block, 0, bytes);
}

void *realloc(void *block, size_t size)
{
    if (block == NULL) return malloc(size);
    size_t had = header_of(block)->size;
    if (size <= had && size >= had / 2) return block;
    void *moved = malloc(size);
    if (moved == NULL) return NULL;
    memcpy(moved, block, size < had ? size : had);
    free(block);
    return moved;
}

void *aligned_alloc(size_t align, size_t size)
{
    return memalign(align, size);
}

int posix_memalign(void **block, size_t align, size_t size)
{
    *block = memalign(align, size);
    return *block == NULL ? ENOMEM : 0;
}

size_t malloc_usable_size(void *block)
{
    return block == NULL ? 0 : header_of(block)->size;
}
