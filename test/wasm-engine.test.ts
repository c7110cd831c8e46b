// Whole unikernels on the wasm engine, everything translated at its first jump: as the interpreter does it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Vcpu, VcpuOptions } from "../src/engine/contract.js";
import { newInterpreter } from "../src/engine/x86-64/interpreter.js";
import { newWasmVcpu } from "../src/engine/x86-64/wasm-vcpu.js";
import { load, runBare } from "./bare-machine.js";
import { projectRoot } from "./project.js";

const guest = (name: string) => join(projectRoot, "dist", "guest", "tests", name);
const translated = (options: VcpuOptions): Vcpu =>
  newWasmVcpu({ ...options, profile: "plain" }, { threshold: 1 });

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
