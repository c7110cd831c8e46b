// Every row that has semantics, and random sequences, on the real CPU and on the first tier, whose handlers are made before
// the first case runs; and code that changes itself. SOLO5_CASES and SOLO5_SEED as for the interpreter.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newWasmVcpu } from "../../src/engine/x86-64/wasm-vcpu.js";
import { casesFor, compareWithCpu, type NewVcpu, runEngine } from "./differential.js";
import { findDifference } from "./fuzz.js";
import { runNative, whyNotNative } from "./native.js";
import { longRows, missingFeatures, notComparable } from "./not-comparable.js";
import { random } from "./random.js";
import { anyShape, newSequence } from "./sequence.js";
import { CODE, CODE_CASES, CODE_MAX, CODE_STRIDE, type State } from "./state.js";

const each = Number(process.env["SOLO5_CASES"] ?? 6);
/** Another one than the interpreter's: more is seen. */
const seed = Number(process.env["SOLO5_SEED"] ?? 4);
const skip = whyNotNative() ?? false;

/** Where cases begin. */
const ahead = Array.from({ length: CODE_CASES + 1 }, (_, n) => CODE + (n + 0.5) * CODE_STRIDE);

const newThreaded =
  (tailCalls = true, profile: "plain" | "replay" = "plain"): NewVcpu =>
  (options) =>
    newWasmVcpu(
      { ...options, profile },
      {
        threshold: Number.POSITIVE_INFINITY,
        firstTier: { warmUp: 0, patience: 20, ahead, tailCalls },
      },
    );

test("the first tier does what the CPU does", { skip }, (t) => {
  const missing = missingFeatures();
  const rows = longRows().filter(
    ({ row }) =>
      row.traits.run !== undefined &&
      !notComparable.has(row.mnemonic) &&
      !missing.has(row.traits.feature ?? ""),
  );
  const { cases, failures, covered } = compareWithCpu(newThreaded(), casesFor(rows, each, seed), "fast");
  t.diagnostic(`${covered.size} of ${longRows().length} rows, ${cases} cases, seed ${seed}`);
  const shown = [...failures].map(([row, { count, first }]) => `${row}: ${count} cases\n  ${first}`);
  assert.equal(failures.size, 0, shown.slice(0, 12).join("\n"));
});

for (const tailCalls of [true, false]) {
  test(`sequences do what the CPU does, ${tailCalls ? "with" : "without"} tail calls`, { skip }, () => {
    assert.equal(
      findDifference(newThreaded(tailCalls), { count: 600, length: 30, seed, floats: "fast" }),
      undefined,
    );
  });
}

/** A state that runs bytes in hexadecimal. */
function stateOf(hex: string): State {
  const { state } = newSequence(random(seed), anyShape(), 1, 0);
  const code = new Uint8Array(CODE_MAX).fill(0xcc);
  code.set(Buffer.from(hex.replaceAll(" ", ""), "hex"));
  return { ...state, code };
}

test("code that changes itself does what it does on the CPU", { skip }, () => {
  const programs = [
    // mov ecx, 100; xor eax, eax; 1: mov [rip + 1], cl; add eax, 0; dec ecx; jnz 1b
    "b964000000 31c0 880d01000000 0500000000 ffc9 75f1",
    // The same, the changed instruction in a block of its own: mov [rip + 3], cl; jmp 2f; 2: add eax, 0
    "b964000000 31c0 880d03000000 eb00 0500000000 ffc9 75ef",
    // A branch that is another at the 50th round: cmp ecx, 50; sete dl; add dl, 0x74; mov [rip + 2], dl; cmp eax, eax;
    // je 2f; inc eax; 2:
    "b964000000 31c0 83f932 0f94c2 80c274 881502000000 39c0 7402 ffc0 ffc9 75e7",
    // Data beside code: mov ecx, 200; xor eax, eax; 1: mov [rip + 0x83], ecx; add eax, [rip + 0x7d]; dec ecx; jnz 1b
    "b9c8000000 31c0 890d83000000 03057d000000 ffc9 75f0",
  ].map(stateOf);
  const results = programs.map((program) => {
    const [[expected], [actual]] = [runNative([program]), runEngine(newThreaded(true, "replay"), [program])];
    assert.deepEqual(actual?.gpr, expected?.gpr);
    assert.equal(actual?.rip, expected?.rip);
    return expected?.gpr[0];
  });
  assert.deepEqual(results, [5050n, 5050n, 1n, 20100n]);
});
