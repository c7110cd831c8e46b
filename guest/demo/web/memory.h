/*
 * The functions of string.h that are used here.
 */
#ifndef WEB_MEMORY_H
#define WEB_MEMORY_H

#include <stddef.h>

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
/* Stops at the first difference, so that a string may be compared with a longer one. */
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *s);

#endif
