/*
 * What the self-tests share: strings, printing, and the two ways to end.
 */
#ifndef TEST_H
#define TEST_H

#include "solo5.h"

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

/* Prints SUCCESS or, with what went wrong, FAILURE; returns the exit status to go with it. */
int success(void);
int failure(const char *why);

#endif
