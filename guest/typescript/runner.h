/*
 * What `solo5 build` writes into a runner, besides the engine's memory: where in that memory things are.
 * src/typescript/runner-image.ts has the same.
 */
#ifndef SOLO5_RUNNER_H
#define SOLO5_RUNNER_H

#include "runtime.h"
#include "wasm-module.h"

#define RUNNER_MAGIC 0x31524e55524f4c53ul /* "SLORUNR1" */

#define RUNNER_RUNS 12

/* Bytes that belong at (at). */
struct runner_run {
    u32 at;
    u32 size;
};

struct runner_image {
    u64 magic;
    /* Of linear memory, 64 KiB each; 0 where there is no program. */
    u32 pages;
    u32 stack_pointer;
    u32 runtime;
    u32 context;
    /* Functions of the library. */
    u32 resume;
    u32 tick;
    u32 report;
    u32 rejected;
    /* The buffer that both sides write to; and three words for arguments. */
    u32 exchange;
    u32 arguments;
    /* Where a loader takes one piece only: the parts of memory lie one behind the other at its start, the rest is anything. */
    u32 run_count;
    u32 reserved;
    struct runner_run runs[RUNNER_RUNS];
};

#endif
