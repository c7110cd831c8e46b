/*
 * What the self-tests share: strings, printing, and the ways to begin and end.
 */
#ifndef TEST_H
#define TEST_H

#include "solo5.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NSEC_PER_SEC 1000000000UL

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *s);
bool string_equal(const char *a, const char *b);

/* Print to the console. */
void puts(const char *s);
void put_decimal(uint64_t value);
void put_hex(uint64_t value);

/* Prints the line that every self-test starts with. */
void title(const char *name);

/* Print SUCCESS or, after what went wrong, FAILURE; give the exit status to go with it. */
int success(void);
int failure(const char *why);

#ifdef __cplusplus
}
#endif

#endif
