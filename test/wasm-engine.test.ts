// Whole unikernels on the wasm engine, everything translated at its first jump: as the interpreter does it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { PortableVcpu, VcpuOptions } from "../src/engine/contract.js";
import type { TierOptions } from "../src/engine/x86-64/threaded/index.js";
import { newInterpreter } from "../src/engine/x86-64/interpreter.js";
import { newWasmVcpu } from "../src/engine/x86-64/wasm-vcpu.js";
import { load, runBare } from "./bare-machine.js";
import { projectRoot } from "./project.js";

const guest = (name: string) => join(projectRoot, "dist", "guest", "tests", name);
const translated = (options: VcpuOptions): PortableVcpu =>
  newWasmVcpu({ ...options, profile: "plain" }, { threshold: 1 });

const replayed = (options: VcpuOptions): PortableVcpu =>
  newWasmVcpu({ ...options, profile: "replay" }, { threshold: 2 });

/** All of it on the first tier, from the first instruction on; nothing is translated. */
const threaded =
  (more: TierOptions = {}) =>
  (options: VcpuOptions): PortableVcpu =>
    newWasmVcpu(
      { ...options, profile: "replay" },
      { threshold: Number.POSITIVE_INFINITY, firstTier: { warmUp: 0, patience: 20, ...more } },
    );
/** Without tail calls, and with room for no more than the longest block and a few others. */
const threadedElsewhere = threaded({ tailCalls: false, recordBytes: 8192 });

const names = [
  "hello",
  "globals",
  "tls",
  "cxx",
  "zeropage",
  "exception",
  "xnow",
  "rnow",
  "wnox",
  "rnox",
  "ssp",
];
for (const name of names) {
  for (const target of ["hvt", "spt"]) {
    test(`test_${name}.${target} does translated what it does interpreted`, () => {
      const file = guest(`test_${name}.${target}`);
      assert.deepEqual(runBare(load(file, translated)), runBare(load(file, newInterpreter)));
    });
  }
}

for (const name of ["hello", "globals", "tls", "cxx", "zeropage", "output", "fpu"]) {
  for (const target of ["hvt", "spt"]) {
    test(`test_${name}.${target} counts the instructions that the interpreter counts`, () => {
      const file = guest(`test_${name}.${target}`);
      const other = load(file, newInterpreter);
      const expected = runBare(other);
      for (const newVcpu of [replayed, threaded(), threadedElsewhere]) {
        const one = load(file, newVcpu);
        assert.deepEqual(runBare(one), expected);
        assert.equal(one.instructions, other.instructions);
        // All but the page tables, whose accessed and dirty bits translated code does not set.
        const [a, b] = [one, other].map(({ memory }) => memory.bytes(0x1_0000, memory.size - 0x1_0000));
        assert.ok(a !== undefined && b !== undefined && Buffer.compare(a, b) === 0);
      }
    });
  }
}

test("the budget of the replay profile ends at an exact instruction", () => {
  for (const budget of [1, 100, 20_001, 30_000]) {
    const pcs = [newInterpreter, replayed, threaded()].map((newVcpu) => {
      const vcpu = load(guest("test_globals.hvt"), newVcpu);
      vcpu.setBudget(budget);
      runBare(vcpu);
      return [vcpu.instructions, vcpu.registers.get("rip"), vcpu.registers.get("rsp")];
    });
    assert.deepEqual(pcs[1], pcs[0]);
    assert.deepEqual(pcs[2], pcs[0]);
    assert.equal(pcs[0]?.[0], BigInt(budget));
  }
});

test("the first tier stops after every number of instructions where the interpreter does", () => {
  const vcpus = [newInterpreter, threaded()].map((newVcpu) => load(guest("test_fpu.spt"), newVcpu));
  for (let budget = 1; budget < 400; budget += 1 + (budget % 7)) {
    const [expected, actual] = vcpus.map((vcpu) => {
      vcpu.setBudget(budget);
      const { status } = runBare(vcpu);
      const names = ["rip", "rsp", "rax", "rcx", "rdx", "rflags"] as const;
      return [status, vcpu.instructions, ...names.map((name) => vcpu.registers.get(name))];
    });
    assert.deepEqual(actual, expected);
  }
});
