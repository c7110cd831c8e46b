// Whole programs whose control flow tries the translator: they say on the engine, for hvt and spt, in both profiles, with
// everything translated and with nothing, what they say natively.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { compileUnikernel } from "../bench/one-off.js";
import { newInterpreter } from "../src/engine/x86-64/interpreter.js";
import { newWasmVcpu } from "../src/engine/x86-64/wasm-vcpu.js";
import type { VcpuOptions } from "../src/engine/contract.js";
import { solo5 } from "./command.js";
import { needs } from "./needs.js";
import { projectRoot } from "./project.js";
import { load, runBare } from "./bare-machine.js";

const skip = needs.x8664Linux();
const source = readFileSync(join(projectRoot, "test/programs/control.c"), "utf8");
const files = { spt: "", hvt: "" };
before(() => {
  for (const target of ["spt", "hvt"] as const) files[target] = compileUnikernel("control", target, source);
});
const results = (text: string): readonly string[] => text.match(/^[a-z]+ [0-9a-f]{16}$/gm) ?? [];
const quiet = "--solo5:quiet";

test("control flow: spt and hvt on the engine say what spt says natively", { skip }, async () => {
  const native = await solo5("solo5-spt", ["--mem=128", files.spt, quiet]);
  assert.equal(native.status, 0, native.stderr);
  assert.equal(results(native.stdout).length, 6, native.stdout);
  for (const target of ["spt", "hvt"] as const) {
    const engine = await solo5(`solo5-${target}`, ["--engine=wasm", "--mem=128", files[target], quiet]);
    assert.deepEqual(results(engine.stdout), results(native.stdout), engine.stderr);
  }
});

test("code written at run time, natively and on the engine", { skip }, async () => {
  const args = ["--mem=128", "--x-exec-heap", files.spt, quiet, "jit"];
  const native = await solo5("solo5-spt", args);
  assert.equal(results(native.stdout).length, 7, native.stdout);
  const engine = await solo5("solo5-spt", ["--engine=wasm", ...args]);
  assert.deepEqual(results(engine.stdout), results(native.stdout), engine.stderr);
  for (const { stderr } of [native, engine])
    assert.match(stderr, /^solo5-spt: WARNING: The use of --x-exec-heap is dangerous and not [^\n]*\n$/);
});

for (const [name, newVcpu] of [
  ["interpreted", newInterpreter],
  ["translated at once", (options: VcpuOptions) => newWasmVcpu(options, { threshold: 0 })],
  ["replay profile", (options: VcpuOptions) => newWasmVcpu({ ...options, profile: "replay" })],
] as const) {
  test(`control flow: ${name}`, { skip }, async () => {
    const native = await solo5("solo5-spt", ["--mem=128", files.spt, quiet]);
    const { output, status } = runBare(load(files.hvt, newVcpu, 128 << 20), 10_000_000);
    assert.equal(status, 0);
    assert.deepEqual(results(output), results(native.stdout));
  });
}

/** A jump table in memory that the guest changes: where code that was translated with its entries must be forgotten. */
const changed = `#include "solo5.h"
__asm__(".text\\nwalk: mov %edi, %eax\\n jmp *steps(,%rax,8)\\none: mov $1, %eax\\n ret\\ntwo: mov $2, %eax\\n ret\\n"
        "three: mov $3, %eax\\n ret\\n.data\\n.balign 8\\nsteps: .quad one, two, three\\n");
extern unsigned walk(unsigned);
extern void *volatile steps[];
int solo5_app_main(const struct solo5_start_info *info) {
  (void)info;
  unsigned sum = 0;
  for (unsigned i = 0; i < 3000; i++) {
    if (i == 1500) steps[1] = steps[2];
    sum += walk(i % 3);
  }
  return sum == 3000 + 3500 ? 0 : (int)(sum >> 4 & 0xff); }
`;

test("a jump table that the guest changes", { skip }, () => {
  const file = compileUnikernel("changed", "hvt", changed);
  // Stores below 4 MiB are looked at; by default a table that may be stored to freely is none.
  const plain = { size: 16 << 20, readable: 0x1_0000, writable: 4 << 20 };
  const watched = (options: VcpuOptions) => newWasmVcpu({ ...options, profile: "plain" }, { plain });
  for (const newVcpu of [newInterpreter, newWasmVcpu, watched]) {
    assert.equal(runBare(load(file, newVcpu)).status, 0, newVcpu.name);
  }
});
