// Whole unikernels on the interpreter: console, exit status, traps through the guest's own IDT, and the host's W^X.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { newInterpreter } from "../src/engine/x86-64/interpreter.js";
import { load, runBare } from "./bare-machine.js";
import { projectRoot } from "./project.js";

const guest = (name: string) => join(projectRoot, "dist", "guest", "tests", name);
const start = (name: string) => runBare(load(guest(name), newInterpreter));

for (const name of ["hello", "globals", "tls", "cxx", "fpu", "output"]) {
  for (const target of ["hvt", "spt"]) {
    test(`test_${name}.${target} succeeds`, () => {
      const { output, status } = start(`test_${name}.${target}`);
      assert.match(output, /SUCCESS/);
      assert.equal(status, 0);
    });
  }
}

test("a guest's exception goes through its own IDT", () => {
  const { output, status } = start("test_zeropage.hvt");
  assert.match(output, /trap: type=#PF ec=0x0 .* rflags=0x10/);
  assert.match(output, /cr2=0x0\n/);
  assert.equal(status, 255);
});

test("in a process an exception is the host's", () => {
  assert.match(String(start("test_exception.spt").status), /^#GP at 0x/);
  assert.match(String(start("test_zeropage.spt").status), /^#PF at 0x.*read of 0x0/);
});

test("without a thread there is no thread pointer, whatever the tender left in its place", () => {
  const vcpu = load(guest("test_notls.spt"), newInterpreter);
  vcpu.registers.set("fs_base", 0x20_0000n);
  assert.match(String(runBare(vcpu).status), /write of 0xfffffffffffffffc/);
});

for (const [name, access] of [
  ["xnow", "write"],
  ["rnow", "write"],
  ["wnox", "execute"],
  ["rnox", "execute"],
  ["xnor", "read"],
]) {
  test(`test_${name}.hvt is stopped by the protection of memory`, () => {
    assert.match(
      String(start(`test_${name}.hvt`).status),
      new RegExp(`#PF.*${access}.*protected by the host`),
    );
  });
}

test("the same run executes the same number of instructions", () => {
  const counts = [1, 2].map(() => {
    const vcpu = load(guest("test_hello.hvt"), newInterpreter);
    runBare(vcpu);
    return vcpu.instructions;
  });
  assert.equal(counts[0], counts[1]);
  assert.ok((counts[0] ?? 0n) > 1000n);
});
