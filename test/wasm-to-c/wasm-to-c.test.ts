// WebAssembly made C does what it does in V8: each instruction at the edges of its operands, and random modules. More of those
// with SOLO5_WASM_SEEDS.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Solo5Error } from "../../src/bytes/error.js";
import { op } from "../../src/wasm/opcodes.js";
import { wasmToC } from "../../src/wasm/to-c/module.js";
import { mangle } from "../../src/wasm/to-c/names.js";
import { solo5 } from "../command.js";
import { needs } from "../needs.js";
import { edgeModule, instructions } from "./edges.js";
import { encode } from "./encode.js";
import { randomModule } from "./random.js";
import { compileModule, edgeDriver, edgeHashes, randomDriver, randomHashes } from "./run.js";

const skip = needs.x8664Linux();

async function lines(unikernel: string): Promise<readonly string[]> {
  const { stdout, stderr, status } = await solo5("solo5-spt", ["--mem=64", unikernel, "--solo5:quiet"]);
  assert.equal(status, 0, stdout.slice(-500) + stderr);
  return stdout.trimEnd().split("\n");
}

test("every instruction that computes, at its edges", { skip }, async () => {
  const bytes = edgeModule();
  const unikernel = await compileModule("edges", bytes, edgeDriver());
  const found = await lines(unikernel);
  const expected = edgeHashes(bytes);
  const wrong = instructions.filter((_, i) => found[i] !== expected[i]);
  assert.deepEqual(wrong, []);
});

/** 19 has a fill and a copy within it that clang 21 makes one fill of. */
const known = [1, 19];
const count = Number(process.env["SOLO5_WASM_SEEDS"] ?? 0);
for (const seed of new Set([...known, ...Array.from({ length: count }, (_, i) => i + 1)])) {
  test(`a random module, seed ${seed}`, { skip }, async () => {
    const bytes = randomModule(seed);
    const unikernel = await compileModule(`random${seed}`, bytes, randomDriver(bytes, seed));
    assert.deepEqual(await lines(unikernel), randomHashes(bytes, seed));
  });
}

test("a signalling NaN that is widened and narrowed is quiet", { skip }, async () => {
  const names = [
    "i32.wrap_i64",
    "f32.reinterpret_i32",
    "f64.promote_f32",
    "f32.demote_f64",
    "i32.reinterpret_f32",
    "i64.extend_i32_u",
  ] as const;
  const code = Uint8Array.of(op["local.get"], 0, ...names.map((name) => op[name]));
  const bytes = encode({
    functions: [{ params: ["i64"], results: ["i64"], locals: [], code, exported: "f" }],
  });
  const signalling = 0x7fa12345;
  const driver = `#include "harness.h"
int solo5_app_main(const struct solo5_start_info *info)
{
    harness_begin(info, 0);
    char bit = (wasm_export_f(${signalling}u) & 1 << 22) != 0 ? '1' : '0';
    solo5_console_write((char[]){ bit, '\\n' }, 2);
    return 0;
}
`;
  assert.deepEqual(await lines(await compileModule("quiet", bytes, driver)), ["1"]);
});

test("guarded memory reaches nothing but itself, and its end is that of all there is", { skip }, async () => {
  const load = Uint8Array.of(op["local.get"], 0, op["i32.load8_u"], 0, 0);
  const bytes = encode({
    functions: [{ params: ["i32"], results: ["i32"], locals: [], code: load, exported: "f" }],
    pages: { min: 1, max: 100 },
  });
  const [memoryBase, stackBase, memory] = [0x1000000, 0x800000, 64 << 20];
  const end = memory - memoryBase;
  const driver = `#include "harness.h"
static u32 at;
static void run(void)
{
    /* The stack is in front of memory, and what is read is in it. */
    u8 *here = __builtin_frame_address(0);
    wasm_say(here >= (u8 *)${stackBase} && here < wasm_memory ? "stack " : "elsewhere ");
    wasm_say(wasm_export_f(at) == 0 ? "zero\\n" : "other\\n");
}
int solo5_app_main(const struct solo5_start_info *info)
{
    harness_begin(info, 65536);
    for (const char *c = info->cmdline; *c != 0; c++) at = at * 10 + (u32)(*c - '0');
    wasm_run(run);
}
`;
  const unikernel = await compileModule("guarded", bytes, driver, { memoryBase, stackBase });
  const read = async (at: number) => {
    const words = [`--mem=${memory >> 20}`, unikernel, "--solo5:quiet", String(at)];
    const native = await solo5("solo5-spt", words);
    const onEngine = await solo5("solo5-spt", ["--engine=wasm", ...words]);
    return [native, onEngine].map(
      ({ stdout, status }) => `${stdout.trim()} ${status === 0 ? "ends" : "dies"}`,
    );
  };
  assert.deepEqual(await read(70_000), ["stack zero ends", "stack zero ends"]);
  for (const at of [end, 0x8000_0000, 0xffff_ffff])
    assert.deepEqual(await read(at), ["stack dies", "stack dies"]);
});

test("names are kept apart, whatever they are", () => {
  const texts = [
    "",
    "\ufeff",
    "_",
    "Z",
    "ZZ",
    "$",
    "_24_",
    "Z24Z",
    "a_4$",
    "a_$",
    "🎈",
    "\ud83c",
    "é",
    "e9",
    "ZeZ9Z",
  ];
  assert.equal(new Set(texts.map((text) => mangle(text))).size, texts.length);
  for (const text of texts) assert.match(mangle(text), /^\w*$/);
});

test("the same module gives the same C", () => {
  const bytes = randomModule(1);
  assert.deepEqual(wasmToC(bytes, { name: "a", units: 3 }), wasmToC(bytes, { name: "a", units: 3 }));
});

test("what is no module, and what is not made C, is refused by one line", () => {
  const refuses = (bytes: Uint8Array, code: string, message: RegExp) =>
    assert.throws(
      () => wasmToC(bytes, { name: "m.wasm" }),
      (error) => error instanceof Solo5Error && error.code === code && message.test(error.message),
    );
  refuses(new Uint8Array(3), "BAD_WASM", /^m\.wasm: not a WebAssembly module: [^\n]+$/);
  refuses(randomModule(1).slice(0, -1), "BAD_WASM", /^m\.wasm: not a WebAssembly module: [^\n]+$/);
  const vector = encode({
    functions: [
      { params: [], results: [], locals: [], code: Uint8Array.of(0xfd, 12, ...new Uint8Array(16), 0x1a) },
    ],
  });
  refuses(vector, "WASM_UNSUPPORTED", /^m\.wasm: v128\.const: not of WebAssembly 2\.0 without SIMD$/);
});
