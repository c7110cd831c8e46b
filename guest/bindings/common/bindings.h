/*
 * What the parts of the bindings share. A target's bindings.c includes every part it needs and is compiled as one
 * translation unit, so that everything here is static and only the public API has global names.
 */
#ifndef BINDINGS_H
#define BINDINGS_H

#include "mft_abi.h"
#include "solo5.h"
#include <stdarg.h>

#define PAGE_SIZE    4096UL
#define NSEC_PER_SEC 1000000000UL

/* ---- What each target provides ---- */

/* Ends the machine. (cookie) may describe why, for tenders that look; NULL otherwise. */
static void platform_exit(int status, void *cookie) __attribute__((noreturn));

/* ---- What the linker script provides; only the addresses mean anything ---- */

extern char _stext[], _etext[], _erodata[], _stdata[], _edata[], _end[];
extern char _ltdata[];  /* bytes of initialised thread-local data */
extern char _ltbss[];   /* bytes from its end to the end of the thread-local segment */
extern char _ltalign[]; /* alignment of the thread-local segment */

/* A symbol's address as a number that the compiler knows nothing about: it takes no array to lie at 0, but a size may
 * be 0. */
static inline uintptr_t linker_value(const char *symbol)
{
    uintptr_t value = (uintptr_t)symbol;
    __asm__("" : "+r"(value));
    return value;
}

static inline uintptr_t round_up(uintptr_t value, uintptr_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

/* ---- Logging (log.c) ---- */

/* What is printed: everything up to the level in force. Nothing turns off ALWAYS. */
enum log_level { LOG_ALWAYS, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

static void log_at(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints `Solo5: ABORT: FILE:LINE: TEXT` and aborts. */
static void fail(const char *file, int line, const char *text) __attribute__((noreturn));

#define FAIL(text) fail(__FILE_NAME__, __LINE__, text)
#define ASSERT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) FAIL("Assertion `" #condition "' failed");                                                   \
    } while (0)

#endif
