// Any WebAssembly as a unikernel: made C, compiled by the toolchain, with WASI preview 1 or what AssemblyScript imports.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Isa } from "../abi/elf.js";
import { Solo5Error } from "../bytes/error.js";
import { buildWasmProgram, wasmFolder } from "../toolchain/wasm.js";
import { dataSource } from "../wasm/to-c/data.js";
import { wasmToC } from "../wasm/to-c/module.js";
import { mangle } from "../wasm/to-c/names.js";
import { readModule, type ParsedModule } from "../wasm/module-reader.js";
import type { RunnerTarget } from "./runners.js";

/** Parameters and result by their letters: i, I (64 bits), d. */
type Signatures = Readonly<Record<string, string>>;

interface Embedder {
  /** Of the C names. */
  readonly prefix: string;
  readonly functions: Signatures;
}

/** What guest/wasm has, by the module that is imported from. */
const embedders: Readonly<Record<string, Embedder>> = {
  wasi_snapshot_preview1: {
    prefix: "wasi_",
    functions: {
      args_get: "ii:i",
      args_sizes_get: "ii:i",
      environ_get: "ii:i",
      environ_sizes_get: "ii:i",
      clock_res_get: "ii:i",
      clock_time_get: "iIi:i",
      fd_close: "i:i",
      fd_fdstat_get: "ii:i",
      fd_fdstat_set_flags: "ii:i",
      fd_filestat_get: "ii:i",
      fd_pread: "iiiIi:i",
      fd_prestat_get: "ii:i",
      fd_prestat_dir_name: "iii:i",
      fd_read: "iiii:i",
      fd_readdir: "iiiIi:i",
      fd_seek: "iIii:i",
      fd_tell: "ii:i",
      fd_write: "iiii:i",
      path_filestat_get: "iiiii:i",
      path_open: "iiiiiIIii:i",
      poll_oneoff: "iiii:i",
      proc_exit: "i:",
      random_get: "ii:i",
      sched_yield: ":i",
    },
  },
  env: {
    prefix: "env_",
    functions: {
      abort: "iiii:",
      "console.log": "i:",
      "console.info": "i:",
      "console.debug": "i:",
      "console.warn": "i:",
      "console.error": "i:",
      seed: ":d",
      "Date.now": ":d",
      "performance.now": ":d",
    },
  },
};

/** What WASI has and a unikernel has not: it is there, and always answers that it is not supported, or that files are read-only. */
const refused: Readonly<Record<string, readonly [signature: string, answer: number]>> = {
  fd_advise: ["iIIi:i", 0],
  fd_allocate: ["iII:i", 69],
  fd_datasync: ["i:i", 0],
  fd_fdstat_set_rights: ["iII:i", 0],
  fd_filestat_set_size: ["iI:i", 69],
  fd_filestat_set_times: ["iIIi:i", 69],
  fd_pwrite: ["iiiIi:i", 69],
  fd_renumber: ["ii:i", 52],
  fd_sync: ["i:i", 0],
  path_create_directory: ["iii:i", 69],
  path_filestat_set_times: ["iiiiIIi:i", 69],
  path_link: ["iiiiiii:i", 69],
  path_readlink: ["iiiiii:i", 28],
  path_remove_directory: ["iii:i", 69],
  path_rename: ["iiiiii:i", 69],
  path_symlink: ["iiiii:i", 69],
  path_unlink_file: ["iii:i", 69],
  proc_raise: ["i:i", 52],
  sock_accept: ["iii:i", 52],
  sock_recv: ["iiiiii:i", 52],
  sock_send: ["iiiii:i", 52],
  sock_shutdown: ["ii:i", 52],
};

const letters = { i32: "i", i64: "I", f32: "f", f64: "d", funcref: "r", externref: "r" } as const;
const cTypes: Readonly<Record<string, string>> = { i: "u32", I: "u64", d: "f64" };

export interface WasmBuild {
  readonly target: RunnerTarget;
  readonly isa: Isa;
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly env: Readonly<Record<string, string>>;
}

/** The unikernel's bytes. Throws Solo5Error `BAD_WASM`, `WASM_UNSUPPORTED`, `WASM_IMPORT`, `NO_COMPILER`, `BUILD`. */
export async function buildWasm(bytes: Uint8Array, name: string, build: WasmBuild): Promise<Uint8Array> {
  const module = readModule(bytes, name);
  const refusals = checkImports(module, name);
  const cName = (from: string, imported: string): string =>
    `${embedders[from]?.prefix ?? ""}${mangle(imported.replaceAll(".", "_"))}`;
  const exported = ["_start", "main", "_initialize"].find((each) =>
    module.exports.some(({ kind, name: own }) => kind === "function" && own === each),
  );
  const source = wasmToC(bytes, {
    name,
    units: 2,
    naming: {
      imported: ({ module: from, name: imported }) => cName(from, imported),
      exported: (own) => (own === exported ? "wasm_start" : undefined),
    },
  });
  const work = mkdtempSync(join(tmpdir(), "solo5-wasm-"));
  try {
    const baked = join(work, "baked.c");
    writeFileSync(baked, bakedSource(build, refusals));
    const output = join(work, "out");
    await buildWasmProgram({
      isa: build.isa,
      targets: [build.target],
      work,
      module: source,
      sources: [...["main.c", "wasi.c", "assemblyscript.c"].map((file) => join(wasmFolder, file)), baked],
      flags: [
        `-DWASM_MEMORY_BYTES=${source.memoryBytes}ul`,
        ...(exported === undefined ? [] : ["-DWASM_START=wasm_start"]),
        ...(build.target === "virtio" ? ["-DWASM_MEMORY_UNCLEARED"] : []),
      ],
      output: () => output,
    });
    return Uint8Array.from(readFileSync(output));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Gives those of WASI's functions that are there to refuse. */
function checkImports(module: ParsedModule, name: string): readonly string[] {
  const refusals = new Set<string>();
  for (const { imported, signature } of module.functions) {
    if (imported === undefined) continue;
    const found = `${signature.params.map((type) => letters[type]).join("")}:${signature.results.map((type) => letters[type]).join("")}`;
    const embedder = Object.hasOwn(embedders, imported.module) ? embedders[imported.module] : undefined;
    const own = embedder !== undefined && Object.hasOwn(embedder.functions, imported.name);
    const refusal =
      imported.module === "wasi_snapshot_preview1" && Object.hasOwn(refused, imported.name)
        ? refused[imported.name]
        : undefined;
    const wanted = own ? embedder?.functions[imported.name] : refusal?.[0];
    if (wanted === undefined) {
      throw new Solo5Error(
        "WASM_IMPORT",
        `${name}: imports ${imported.module}.${imported.name}, which nobody has: WASI preview 1 (wasi_snapshot_preview1) is there, and AssemblyScript's env`,
      );
    }
    if (wanted !== found) {
      throw new Solo5Error(
        "WASM_IMPORT",
        `${name}: imports ${imported.module}.${imported.name} of another type than it has`,
      );
    }
    if (refusal !== undefined) refusals.add(imported.name);
  }
  const other = [
    ...module.globals,
    ...module.tables,
    ...(module.memory === undefined ? [] : [module.memory]),
  ].find(({ imported }) => imported !== undefined)?.imported;
  if (other !== undefined && !(module.memory?.imported === other && other.module === "env")) {
    throw new Solo5Error(
      "WASM_IMPORT",
      `${name}: imports ${other.module}.${other.name}, which nobody has: only functions, and env.memory`,
    );
  }
  return [...refusals];
}

function bakedSource({ files, env }: WasmBuild, refusals: readonly string[]): string {
  const text = (value: string): string =>
    dataSource("", new TextEncoder().encode(value))
      .replace(/^[^=]*= /, "")
      .replace(/;$/, "");
  const names = Object.keys(files).toSorted();
  const data = names.map((file, i) => `static ${dataSource(`file${i}`, files[file] ?? new Uint8Array())}`);
  const rows = names.map((file, i) => `    { ${text(file)}, file${i}, ${files[file]?.length ?? 0}u },`);
  const variables = Object.entries(env).map(([key, value]) => `    ${text(`${key}=${value}`)},`);
  const functions = refusals.map((name) => {
    const [signature = ":", answer = 0] = refused[name] ?? [];
    const params = [...(signature.split(":")[0] ?? "")].map((letter) => cTypes[letter]).join(", ");
    return `u32 wasi_${name}(${params === "" ? "void" : params});\nu32 wasi_${name}(${[
      ...(signature.split(":")[0] ?? ""),
    ]
      .map((letter, i) => `${cTypes[letter]} a${i} __attribute__((unused))`)
      .join(", ")})\n{\n    return ${answer};\n}\n`;
  });
  return `#include "wasi.h"
${data.join("\n")}
const struct wasi_file wasi_files[] = {
${rows.join("\n")}
    { "", (const u8 *)"", 0 },
};
const u32 wasi_file_count = ${names.length}u;
const char *const wasi_environment[] = {
${variables.join("\n")}
    "",
};
const u32 wasi_environment_count = ${variables.length}u;
${functions.join("")}`;
}
