// Programs of every shape, generated from a seed, and one that switches stacks: the checksum that the CPU gives natively is
// what the engine gives for hvt and spt, however it runs them, with the stack amid memory and in its last 256 bytes.
// SOLO5_SHAPES is the seed.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { PortableVcpu, VcpuOptions } from "../src/engine/contract.js";
import { newInterpreter } from "../src/engine/x86-64/interpreter.js";
import { newWasmVcpu } from "../src/engine/x86-64/wasm-vcpu.js";
import { load, runBare } from "./bare-machine.js";
import { solo5 } from "./command.js";
import { needs } from "./needs.js";
import { computedGoto, generated, switcher } from "./shapes/programs.js";
import { kinds } from "./shapes/shape.js";
import { buildPrograms, programFile } from "./unikernels.js";

const skip = needs.x8664Linux();
const seed = Number(process.env["SOLO5_SHAPES"] ?? 1);
const programs = [...kinds.map((shape) => generated(shape, seed)), switcher, computedGoto];
before(() => buildPrograms(programs, ["spt", "hvt"]));

const steps = 10_000;
const engines = {
  interpreted: newInterpreter,
  threaded: (options) =>
    newWasmVcpu(options, { threshold: Number.POSITIVE_INFINITY, firstTier: { warmUp: 0 } }),
  plain: (options) => newWasmVcpu({ ...options, profile: "plain" }),
  replay: (options) => newWasmVcpu({ ...options, profile: "replay" }),
} satisfies Record<string, (options: VcpuOptions) => PortableVcpu>;

/** Each engine for each target, each of which has the stack here and there with every kind of code. */
const ways: readonly (readonly [target: "hvt" | "spt", placement: "" | " end", keyof typeof engines])[] = [
  ["hvt", "", "interpreted"],
  ["hvt", "", "plain"],
  ["hvt", " end", "threaded"],
  ["hvt", " end", "replay"],
  ["spt", "", "threaded"],
  ["spt", "", "replay"],
  ["spt", " end", "plain"],
];

const checksum = (text: string): string | undefined => /^[\w-]+ [0-9a-f]{16}$/m.exec(text)?.[0];

for (const program of programs) {
  test(`${program.name}: one checksum natively and on the engine`, { skip }, async () => {
    const file = programFile(program, "spt");
    const native = await solo5("solo5-spt", ["--mem=64", file, `${steps}`]);
    const expected = checksum(native.stdout);
    assert.notEqual(expected, undefined, native.stdout + native.stderr);
    const atEnd = await solo5("solo5-spt", ["--mem=64", file, `${steps}`, "end"]);
    assert.equal(checksum(atEnd.stdout), expected, atEnd.stderr);
    for (const [target, placement, how] of ways) {
      const vcpu = load(programFile(program, target), engines[how], 64 << 20, `${steps}${placement}`);
      const { output, status } = runBare(vcpu, 1e9);
      assert.equal(status, 0, `${target}${placement}, ${how}: ${output}`);
      assert.equal(checksum(output), expected, `${target}${placement}, ${how}`);
    }
  });
}
