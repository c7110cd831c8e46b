// The benchmarks with fewer rounds: one checksum natively, and on the engine for hvt and spt, interpreted and translated in
// both profiles.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { buildWorkloads, workloadFile, workloads } from "../bench/guests.js";
import type { PortableVcpu, VcpuOptions } from "../src/engine/contract.js";
import { newInterpreter as newArmInterpreter } from "../src/engine/aarch64/interpreter.js";
import { newWasmVcpu as newArmVcpu } from "../src/engine/aarch64/wasm-vcpu.js";
import { newInterpreter } from "../src/engine/x86-64/interpreter.js";
import { newWasmVcpu } from "../src/engine/x86-64/wasm-vcpu.js";
import { load, runBare } from "./bare-machine.js";
import { solo5 } from "./command.js";
import { testCompanion } from "./companion.js";
import { needs } from "./needs.js";
import { roundsOf } from "./workload-rounds.js";

const skip = needs.x8664Linux();
before(async () => {
  await buildWorkloads(["spt", "hvt"]);
  await buildWorkloads(["spt"], "aarch64");
});

/** Few jumps, so that some is interpreted, some on the first tier and some translated. */
const threshold = 150;
const plain = (options: VcpuOptions): PortableVcpu =>
  newWasmVcpu({ ...options, profile: "plain" }, { threshold });
const engines: Readonly<Record<string, (options: VcpuOptions) => PortableVcpu>> = {
  interpreted: newInterpreter,
  threaded: (options) =>
    newWasmVcpu(options, { threshold: Number.POSITIVE_INFINITY, firstTier: { warmUp: 0 } }),
  plain,
  replay: (options) => newWasmVcpu({ ...options, profile: "replay" }, { threshold }),
  "translated beside": (options) =>
    newWasmVcpu({ ...options, profile: "plain", beside: testCompanion("at once").beside }, { threshold }),
  "translated at once": (options) => newWasmVcpu({ ...options, profile: "plain" }, { threshold: 1 }),
};

/** The same C compiled for aarch64 has the same checksum. */
const armEngines: Readonly<Record<string, (options: VcpuOptions) => PortableVcpu>> = {
  interpreted: newArmInterpreter,
  plain: (options) => newArmVcpu({ ...options, profile: "plain" }, { threshold }),
  replay: (options) => newArmVcpu({ ...options, profile: "replay" }, { threshold }),
};

for (const name of workloads) {
  test(`${name}: one checksum natively and on the engine`, { skip }, async () => {
    const rounds = String(roundsOf(name));
    const checksum = (text: string) => new RegExp(`^${name} [0-9a-f]{16}$`, "m").exec(text)?.[0];
    const native = await solo5("solo5-spt", ["--mem=64", workloadFile(name, "spt"), rounds]);
    const expected = checksum(native.stdout);
    assert.notEqual(expected, undefined, native.stdout + native.stderr);
    for (const target of ["hvt", "spt"] as const) {
      for (const [how, newVcpu] of Object.entries(engines)) {
        const { output, status } = runBare(load(workloadFile(name, target), newVcpu, 64 << 20, rounds), 1e9);
        assert.equal(status, 0, `${target}, ${how}`);
        assert.equal(checksum(output), expected, `${target}, ${how}`);
      }
    }
    for (const [how, newVcpu] of Object.entries(armEngines)) {
      const vcpu = load(workloadFile(name, "spt", "aarch64"), newVcpu, 64 << 20, rounds);
      const { output, status } = runBare(vcpu, 1e9, "aarch64");
      assert.equal(status, 0, `aarch64, ${how}`);
      assert.equal(checksum(output), expected, `aarch64, ${how}`);
    }
  });
}
