/*
 * What the build bakes into a program of WASI: its files and its environment.
 */
#ifndef SOLO5_WASI_H
#define SOLO5_WASI_H

#include "wasm.h"

struct wasi_file {
    /* From the root, with `/` between folders and none in front. */
    const char *path;
    const u8 *data;
    u64 size;
};

extern const struct wasi_file wasi_files[];
extern const u32 wasi_file_count;
extern const char *const wasi_environment[];
extern const u32 wasi_environment_count;

#endif
