// Modules as unikernels and in V8: the C that drives the one, and the same drive of the other. Both give hashes.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { webAssembly } from "../../src/wasm/host.js";
import { wasmToC } from "../../src/wasm/to-c/module.js";
import { operators } from "../../src/wasm/to-c/operators.js";
import { guestOutput, packageRoot } from "../../src/toolchain/layout.js";
import { buildWasmProgram } from "../../src/toolchain/wasm.js";
import { readModule, type WasmSignature } from "../../src/wasm/module-reader.js";
import type { NumberType } from "./encode.js";
import { edges, instructions } from "./edges.js";
import { Hash } from "./hash.js";
import { createChance } from "./random.js";

/** In the source tree. */
const folder = join(packageRoot, "test", "wasm-to-c");

/** Compiles `bytes` with the driver `main` for spt; gives the unikernel. */
export async function compileModule(
  name: string,
  bytes: Uint8Array,
  main: string,
  memory: { readonly memoryBase?: number; readonly stackBase?: number } = {},
): Promise<string> {
  const work = join(guestOutput, "wasm-to-c", name);
  mkdirSync(work, { recursive: true });
  const driver = join(work, "main.c");
  writeFileSync(driver, main);
  const output = join(work, `${name}.spt`);
  await buildWasmProgram({
    isa: "x86-64",
    targets: ["spt"],
    work,
    module: wasmToC(bytes, { name, units: 2 }),
    sources: [join(folder, "harness.c"), driver],
    headers: [join(folder, "harness.h")],
    // The tests' own wasm_trap.
    flags: [`-I${folder}`],
    ...memory,
    output: () => output,
  });
  return output;
}

/** As harness.c counts them. */
const classes: readonly (readonly [RegExp, number])[] = [
  [/unreachable/, 1],
  [/memory access out of bounds/, 2],
  [/table index is out of bounds/, 3],
  [/null function|signature mismatch/, 4],
  [/divide by zero|remainder by zero/, 5],
  [/unrepresentable/, 6],
  [/call stack/, 7],
];

function trapClass(error: unknown): bigint {
  const { message } = error as Error;
  const found = classes.find(([pattern]) => pattern.test(message));
  if (found === undefined) throw error;
  return 0xdead0000n + BigInt(found[1]);
}

type Exported = (...args: unknown[]) => unknown;
const instantiate = (bytes: Uint8Array) =>
  new webAssembly.Instance(new webAssembly.Module(bytes), {}).exports as Record<string, never>;

// ---- Edges ----

const pairs = (index: number): readonly (readonly bigint[])[] => {
  const { operands = [] } = operators.get(instructions[index] ?? "") ?? {};
  const [first = [], second] = operands.map((type) => edges[type as NumberType]);
  return first.flatMap((a) => (second === undefined ? [[a]] : second.map((b) => [a, b])));
};

/** A hash for each instruction, over its results for every choice of operands. */
export function edgeHashes(bytes: Uint8Array): readonly string[] {
  const exports = instantiate(bytes);
  return instructions.map((_, index) => {
    const hash = new Hash();
    const call = exports[String(index)] as unknown as (...args: bigint[]) => bigint;
    for (const operands of pairs(index)) {
      let result: bigint;
      try {
        result = call(...operands);
      } catch (error) {
        result = trapClass(error);
      }
      hash.word(result);
    }
    return String(hash);
  });
}

export function edgeDriver(): string {
  const table = (type: NumberType) =>
    `static const u64 edges_${type}[] = { ${edges[type].map((bits) => `${bits}u`).join(", ")} };`;
  const count = (type: string) => `sizeof edges_${type} / 8`;
  const rows = instructions.map((name, index) => {
    const [first = "i32", second] = operators.get(name)?.operands ?? [];
    const call = `wasm_export_${index}(edges_${first}[i]${second === undefined ? "" : `, edges_${second}[j]`})`;
    return `static void run_${index}(void)
{
    for (size_t i = 0; i < ${count(first)}; i++)
        for (size_t j = 0; j < ${second === undefined ? 1 : count(second)}; j++) {
            volatile u64 result = 0;
            if (!HARNESS_TRAPS(result = ${call})) harness_word(result);
        }
    harness_print();
}`;
  });
  return `#include "harness.h"
${(["i32", "i64", "f32", "f64"] as const).map(table).join("\n")}
${rows.join("\n")}
int solo5_app_main(const struct solo5_start_info *info)
{
    harness_begin(info, 0);
    ${instructions.map((_, index) => `run_${index}();`).join("\n    ")}
    return 0;
}
`;
}

// ---- Random modules ----

/** Calls that one run makes, each of a function with arguments. */
interface Call {
  readonly index: number;
  readonly signature: WasmSignature;
  readonly args: readonly bigint[];
}
const callCount = 60;
const supplyOfCall = 3000;

function calls(bytes: Uint8Array, seed: number): readonly Call[] {
  const chance = createChance(seed + 77);
  const { functions } = readModule(bytes, "random");
  return Array.from({ length: callCount }, () => {
    const index = chance(functions.length);
    const { signature } = functions[index] ?? { signature: { params: [], results: [] } };
    const args = signature.params.map((type) => {
      const values = edges[type as NumberType];
      return values[chance(values.length)] ?? 0n;
    });
    return { index, signature, args };
  });
}

const scratch = new DataView(new ArrayBuffer(8));
function fromBits(type: string, bits: bigint): unknown {
  scratch.setBigUint64(0, bits, true);
  if (type === "i32") return scratch.getInt32(0, true);
  if (type === "f32") return scratch.getFloat32(0, true);
  return type === "i64" ? BigInt.asIntN(64, bits) : scratch.getFloat64(0, true);
}
function toBits(type: string, value: unknown): bigint {
  if (type === "i64") return BigInt.asUintN(64, value as bigint);
  if (Number.isNaN(value)) return 0x7ff8n << 48n;
  scratch.setBigUint64(0, 0n);
  if (type === "i32") scratch.setInt32(0, value as number, true);
  else if (type === "f32") scratch.setFloat32(0, value as number, true);
  else scratch.setFloat64(0, value as number, true);
  return scratch.getBigUint64(0, true);
}

/** A hash after each call, over its results and the globals; the last over memory. */
export function randomHashes(bytes: Uint8Array, seed: number): readonly string[] {
  const exports = instantiate(bytes) as Record<string, unknown>;
  const { globals } = readModule(bytes, "random");
  const hashes: string[] = [];
  for (const { index, signature, args } of calls(bytes, seed)) {
    const hash = new Hash();
    (exports["g0"] as { value: unknown }).value = supplyOfCall;
    try {
      const call = exports[String(index)] as Exported;
      const result = call(...args.map((bits, i) => fromBits(signature.params[i] ?? "i32", bits)));
      const results = signature.results.length > 1 ? (result as unknown[]) : [result];
      signature.results.forEach((type, i) => hash.word(toBits(type, results[i])));
    } catch (error) {
      hash.word(trapClass(error));
    }
    globals.forEach(({ type }, i) => hash.word(toBits(type, (exports[`g${i}`] as { value: unknown }).value)));
    hashes.push(String(hash));
  }
  const hash = new Hash();
  const { buffer } = exports["memory"] as { buffer: ArrayBuffer };
  for (const word of new BigUint64Array(buffer)) hash.word(word);
  return [...hashes, String(hash)];
}

export function randomDriver(bytes: Uint8Array, seed: number): string {
  const { globals } = readModule(bytes, "random");
  const argument = (type: string, bits: bigint): string =>
    type === "f32" || type === "f64"
      ? `wasm_${type}_of_u${type.slice(1)}(${bits}u)`
      : `(u${type.slice(1)})${bits}u`;
  const word = (type: string, c: string): string => `word_${type}(${c});`;
  const one = ({ index, signature, args }: Call, i: number): string => {
    const call = `wasm_export_${index}(${args.map((bits, k) => argument(signature.params[k] ?? "", bits)).join(", ")})`;
    const { results } = signature;
    const type = `__typeof__(${call})`;
    const lines =
      results.length === 0
        ? [`(void)HARNESS_TRAPS(${call});`]
        : [
            `static ${type} r;`,
            `if (!HARNESS_TRAPS(r = ${call})) {`,
            ...results.map((each, k) => word(each, results.length === 1 ? "r" : `r.v${k}`)),
            "}",
          ];
    return `static void run_${i}(void)\n{\nwasm_g0 = ${supplyOfCall};\n${lines.join("\n")}\nend();\n}`;
  };
  const all = calls(bytes, seed);
  return `#include "harness.h"
static inline void word_i32(u32 value) { harness_word(value); }
static inline void word_i64(u64 value) { harness_word(value); }
static inline void word_f32(f32 value) { harness_word(value != value ? 0x7ff8ul << 48 : wasm_u32_of_f32(value)); }
static inline void word_f64(f64 value) { harness_word(value != value ? 0x7ff8ul << 48 : wasm_u64_of_f64(value)); }
static void end(void)
{
    ${globals.map(({ type }, i) => word(type, `wasm_g${i}`)).join("\n    ")}
    harness_print();
}
${all.map(one).join("\n")}
int solo5_app_main(const struct solo5_start_info *info)
{
    harness_begin(info, 2 << 16);
    ${all.map((_, i) => `run_${i}();`).join("\n    ")}
    for (u64 at = 0; at < wasm_memory_size; at += 8) harness_word(wasm_load_u64(wasm_memory + at));
    harness_print();
    return 0;
}
`;
}
