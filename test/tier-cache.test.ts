// What the first tier decoded and the handlers that it made, taken by later runs: they decode nothing and do the same; of code
// that is another now, nothing is taken. The witness is the run that took nothing, and the interpreter.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { VcpuOptions } from "../src/engine/contract.js";
import { isMachineMemory } from "../src/engine/portable/memory/machine-memory.js";
import { accelerate, type Accelerator } from "../src/engine/portable/tiers/accelerator.js";
import { newInterpreter } from "../src/engine/x86-64/interpreter.js";
import { ThreadedTier } from "../src/engine/x86-64/threaded/index.js";
import { load, type Outcome, runBare } from "./bare-machine.js";
import { selfTest } from "./command.js";

interface Run extends Outcome {
  readonly memory: Uint8Array;
  readonly instructions: bigint;
  /** Instructions that the tier decoded, and modules of handlers that it made. */
  readonly decoded: number;
  readonly modules: number;
  readonly exported: Uint8Array | undefined;
}

interface How {
  readonly profile?: VcpuOptions["profile"];
  /** Jumps to an address before it is translated. */
  readonly threshold?: number;
  readonly tailCalls?: boolean;
  readonly imported?: Uint8Array | undefined;
  /** Changes what is in memory before the guest begins. */
  readonly change?: (bytes: Uint8Array) => void;
  /** Instructions at most. */
  readonly budget?: number;
}

const NEVER = 1_000_000_000;

function runOnce(file: string, how: How = {}): Run {
  const { profile = "plain", threshold = NEVER, imported, change, budget, ...options } = how;
  let accelerator: Accelerator | undefined;
  let tier: ThreadedTier | undefined;
  const vcpu = load(file, (given) =>
    newInterpreter({ ...given, profile }, (core) => {
      const { memory } = given;
      assert.ok(isMachineMemory(memory));
      accelerator = accelerate(core, memory, { ...given, profile }, {
        threshold,
        newFirstTier: (hooks) => (tier = new ThreadedTier(core, memory, hooks, { warmUp: 0, patience: 20, ...options })),
      }); // prettier-ignore
      return accelerator.run;
    }),
  );
  const all = vcpu.memory.bytes(0, vcpu.memory.size);
  assert.ok(all !== undefined);
  change?.(all);
  if (imported !== undefined) accelerator?.importCache(imported);
  if (budget !== undefined) vcpu.setBudget(budget);
  const outcome = runBare(vcpu);
  const { decoded = Number.NaN, modules = Number.NaN } = tier?.statistics ?? {};
  const exported = accelerator?.exportCache(50);
  // Without the page tables, whose accessed and dirty bits translated code does not set.
  return {
    ...outcome,
    memory: all.slice(0x1_0000),
    instructions: vcpu.instructions,
    decoded,
    modules,
    exported,
  };
}

function assertSame(run: Run, witness: Run): void {
  assert.deepEqual([run.output, run.status], [witness.output, witness.status]);
  assert.equal(run.instructions, witness.instructions);
  assert.equal(Buffer.compare(run.memory, witness.memory), 0);
}

/** Runs until nothing new is left to keep; the last, with what it took. */
function settled(file: string, how: How, first: Run): Run {
  let run = first;
  for (let more = 0; more < 4 && run.exported !== undefined; more++) {
    run = runOnce(file, { ...how, imported: run.exported });
    assertSame(run, first);
  }
  return run;
}

const names = ["hello", "globals", "tls", "cxx", "zeropage", "fpu", "exception", "xnow", "ssp"];
const ways: Readonly<Record<string, How>> = {
  alone: {},
  "below translated code": { threshold: 20 },
  "without tail calls": { tailCalls: false },
  counting: { profile: "replay" },
};
for (const [way, how] of Object.entries(ways)) {
  const some = way === "alone" ? names : names.slice(4, 7);
  for (const file of some.flatMap((name) => [`test_${name}.hvt`, `test_${name}.spt`])) {
    test(`${file}, the first tier ${way}: a later run decodes nothing and does the same`, () => {
      const first = runOnce(selfTest(file), how);
      const last = settled(selfTest(file), how, first);
      assert.equal(last.exported, undefined);
      // A counted run ends before floating point is other than exact: then nothing is kept.
      if (how.profile !== "replay") assert.deepEqual([last.decoded, last.modules], [0, 0]);
    });
  }
}

const hello = selfTest("test_hello.hvt");
const cold = runOnce(hello);

test("what is kept with tail calls is not taken without, nor by another memory's size", () => {
  const other = runOnce(hello, { tailCalls: false, imported: cold.exported });
  assertSame(other, cold);
  assert.equal(other.decoded, cold.decoded);
});

// Wherever a byte of the code is another, what was decoded of its page is not taken; the rest is.
const CODE = 0x10_0000;
test("of a page that is another now nothing is taken", () => {
  for (const [at, length] of [[0, 4096], [1, 1], [0xff8, 8]] as const) {
    // Behind what the program executes: the result is the same, and only decoding tells.
    const change = (bytes: Uint8Array) => void bytes.fill(0xcc, CODE + 0x1000 + at, CODE + 0x1000 + at + length);
    const [without, from] = [runOnce(hello, { change }), runOnce(hello, { change, imported: cold.exported })];
    assertSame(from, without);
    assert.ok(from.decoded > 0, `${length} bytes at ${at}`);
  }
}); // prettier-ignore

test("every instruction that is another does what it does now", () => {
  // The unikernel's text is changed byte by byte, as another build of it would be: what faults, faults in both.
  for (let at = 0x1000; at < 0x1000 + 24 * 97; at += 97) {
    const change = (bytes: Uint8Array) => {
      const place = CODE + at;
      bytes[place] = (bytes[place] ?? 0) ^ 1;
    };
    const how = { change, profile: "replay", budget: 30_000 } as const;
    const [without, from] = [endOf(how), endOf({ ...how, imported: cold.exported })];
    assert.deepEqual(from, without, `a byte at ${at.toString(16)}`);
  }
});

/** How a run ends, where a changed program may end in any way. */
function endOf(how: How): readonly unknown[] {
  try {
    const { output, status, instructions } = runOnce(hello, how);
    return [output, status, instructions];
  } catch (error) {
    return [String(error)];
  }
}

test("what is cut or damaged at its places is passed over", () => {
  const bytes = cold.exported ?? new Uint8Array();
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const head = JSON.parse(Buffer.from(bytes.subarray(4, 4 + length)).toString()) as { moduleBytes: number };
  const tierAt = 4 + length + head.moduleBytes;
  const without = runOnce(hello);
  const changed = (at: number, value: number) => {
    const damaged = Uint8Array.from(bytes);
    new DataView(damaged.buffer).setUint32(tierAt + at, value, true);
    return damaged;
  };
  const cut = Array.from({ length: 10 }, (_, n) => bytes.subarray(0, tierAt + Math.floor(((bytes.length - tierAt) * n) / 10))); // prettier-ignore
  // The lengths of sections, and what the first of them has: what handlers and records are for.
  const damaged = Array.from({ length: 22 }, (_, n) => changed(4 * n, n % 2 === 0 ? 0xffff_ffff : 12));
  for (const imported of [...cut, ...damaged]) {
    const run = runOnce(hello, { imported });
    assertSame(run, without);
    assert.equal(run.decoded, without.decoded);
  }
});
