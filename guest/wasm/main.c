/*
 * Runs a program of WebAssembly: WASM_MEMORY_BYTES of memory, and WASM_START where it exports what is to be called.
 */
#include "runtime.h"

void wasi_init(const char *command_line);
#ifdef WASM_START
void WASM_START(void);
#endif

WASM_COLD void wasm_trap(enum wasm_trap why)
{
    wasm_say("solo5: trap: ");
    wasm_say(wasm_trap_text(why));
    wasm_say("\n");
    solo5_exit(SOLO5_EXIT_FAILURE);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    wasm_runtime_init(info);
    wasi_init(info->cmdline);
    if (!wasm_memory_init_size(WASM_MEMORY_BYTES)) {
        wasm_say("solo5: too little memory for the program: see --mem\n");
        solo5_exit(SOLO5_EXIT_FAILURE);
    }
#ifdef WASM_MEMORY_UNCLEARED
    __builtin_memset(wasm_memory, 0, WASM_MEMORY_BYTES);
#endif
    wasm_instantiate();
#ifdef WASM_START
    WASM_START();
#endif
    return 0;
}
