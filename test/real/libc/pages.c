/*
 * Pages of the heap: ranges that were given back, in the order of their addresses and joined where they touch, then what
 * was never used. First fit.
 */
#include <string.h>
#include "libc.h"

struct range {
    struct range *next;
    size_t size;
};

static struct range *given_back;
static uintptr_t unused, end;

void pages_init(uintptr_t from, uintptr_t to)
{
    unused = round_up(from, PAGE);
    end = to & ~(PAGE - 1);
}

void *pages_get(size_t size, int zeroed)
{
    if (size > SIZE_MAX - PAGE) return NULL;
    size = round_up(size, PAGE);
    for (struct range **link = &given_back, *range; (range = *link) != NULL; link = &range->next) {
        if (range->size < size) continue;
        if (range->size > size) {
            struct range *rest = (struct range *)((char *)range + size);
            rest->next = range->next;
            rest->size = range->size - size;
            *link = rest;
        } else {
            *link = range->next;
        }
        return zeroed ? memset(range, 0, size) : range;
    }
    if (size > end - unused) return NULL;
    void *fresh = (void *)unused;
    unused += size;
    return fresh;
}

void pages_put(void *start, size_t size)
{
    struct range *range = start, *before = NULL, **link = &given_back;
    while (*link != NULL && *link < range) {
        before = *link;
        link = &before->next;
    }
    range->size = round_up(size, PAGE);
    range->next = *link;
    *link = range;
    if (range->next != NULL && (char *)range + range->size == (char *)range->next) {
        range->size += range->next->size;
        range->next = range->next->next;
    }
    if (before != NULL && (char *)before + before->size == (char *)range) {
        before->size += range->size;
        before->next = range->next;
    }
}
