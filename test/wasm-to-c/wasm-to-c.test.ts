// WebAssembly made C does what it does in V8: each instruction at the edges of its operands, and random modules. More of those
// with SOLO5_WASM_SEEDS.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Solo5Error } from "../../src/bytes/error.js";
import { wasmToC } from "../../src/wasm/to-c/module.js";
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
