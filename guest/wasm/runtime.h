/*
 * What an embedder of a WebAssembly module calls: runtime.c.
 */
#ifndef SOLO5_WASM_RUNTIME_H
#define SOLO5_WASM_RUNTIME_H

#include "solo5.h"
#include "wasm.h"

/* Before anything else. */
void wasm_runtime_init(const struct solo5_start_info *info);

/* Bytes that the machine's stack may take. */
extern size_t wasm_stack_size;

/* Gives memory its first size, in bytes; false where there is not as much. */
bool wasm_memory_init_size(u64 size);

/* Goes on in (run), on the stack that wasm_runtime_init has chosen; the unikernel ends where it returns. */
__attribute__((noreturn)) void wasm_run(void (*run)(void));

const char *wasm_trap_text(enum wasm_trap why);

void wasm_say(const char *text);

#endif
