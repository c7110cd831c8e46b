/*
 * Runs functions of a module that was made C, and gives hashes of what they give and leave. A trap is a result, too.
 */
#include "runtime.h"
#include "wasm-module.h"

extern void *harness_frame[5];
extern bool harness_caught;

void harness_begin(const struct solo5_start_info *info, u64 memory);
void harness_word(u64 value);
/* Prints the hash since the last. */
void harness_print(void);

/* Whether (expression) traps; then the trap has gone into the hash. */
#define HARNESS_TRAPS(expression) \
    (__builtin_setjmp(harness_frame) != 0 ? true : ((void)(expression), false))
