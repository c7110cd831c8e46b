// Going back: every state on the way is the one that was there on the way forward, to the byte.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { selfTest, solo5 } from "./command.js";
import { newDisk } from "./self-tests.js";
import { steppedReplay } from "./stepped-replay.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-reverse-"));
after(() => rmSync(folder, { recursive: true }));

const registerNames = ["rip", "rflags", "cr3", "fs_base", "mxcsr", "xmm0", "xmm1", "rsp", "rbp"];
for (let n = 8; n < 16; n++) registerNames.push(`r${n}`);
for (const name of ["rax", "rbx", "rcx", "rdx", "rsi", "rdi"]) registerNames.push(name);

/** A replay of `kernel` with its history, driven by hand. */
async function open(kernel: string, options: readonly string[]) {
  const file = join(folder, `${Math.random()}`);
  const { status, stderr } = await solo5("solo5", ["run", "--engine=wasm", "--mem=4", "--record", file, ...options, selfTest(kernel)]); // prettier-ignore
  assert.equal(status, 0, stderr);
  let output = "";
  const console = { write: (data: Uint8Array) => void (output += new TextDecoder().decode(data)) };
  const replay = await steppedReplay(readFileSync(file), console, { intervalNsecs: 0n, limit: 7 });
  const { vcpu, history, isRunning } = replay;
  const { memory, registers } = vcpu;
  return {
    vcpu,
    history,
    output: () => output,
    isRunning,
    forward(instructions: number) {
      const end = vcpu.instructions + BigInt(instructions);
      while (vcpu.instructions < end && isRunning()) replay.forward(Number(end - vcpu.instructions));
      replay.hold();
    },
    present: () =>
      createHash("sha256")
        .update(memory.bytes(0, memory.size) ?? new Uint8Array())
        .update(registerNames.map((name) => registers.get(name)).join())
        .digest("hex"),
  };
}

for (const [kernel, options] of [
  ["test_globals.hvt", []],
  ["test_cxx.spt", []],
  ["test_fpu.hvt", []],
  ["test_blk.spt", ["--block:storage=DISK"]],
  ["test_blk.virtio", ["--block:storage=DISK"]],
  ["test_globals.muen", []],
  ["test_blk.xen", ["--block:storage=DISK"]],
] as const) {
  test(`${kernel}: back by steps, to the beginning, and again to the end`, async () => {
    const machine = await open(
      kernel,
      options.map((option) => option.replace("DISK", newDisk(folder))),
    );
    const { vcpu, history } = machine;
    const first = machine.present();
    const seen = new Map<bigint, string>();
    while (machine.isRunning()) {
      machine.forward(997);
      seen.set(vcpu.instructions, machine.present());
    }
    const end = vcpu.instructions;
    const [last, output] = [machine.present(), machine.output()];
    assert.match(output, /SUCCESS/);
    let compared = 0;
    for (let i = 0; i < 2100 && vcpu.instructions > 0n; i++) {
      const before = vcpu.instructions;
      assert.equal(history.step().kind, "step");
      assert.equal(vcpu.instructions, before - 1n);
      const hash = seen.get(vcpu.instructions);
      if (hash === undefined) continue;
      assert.equal(machine.present(), hash, `instruction ${vcpu.instructions}`);
      compared++;
    }
    assert.ok(compared >= 2);
    assert.equal(history.continue().kind, "begin");
    assert.equal(vcpu.instructions, 0n);
    assert.equal(machine.present(), first);
    assert.equal(history.step().kind, "begin");
    machine.forward(Number(end));
    assert.equal(vcpu.instructions, end);
    assert.equal(machine.present(), last);
    assert.equal(machine.output(), output);
  });
}

test("back to the last breakpoint and the last write, wherever they were", async () => {
  const machine = await open("test_globals.hvt", []);
  const { vcpu, history } = machine;
  const visits: bigint[] = [];
  machine.forward(2000);
  const place = vcpu.registers.get("rip");
  while (machine.isRunning()) {
    machine.forward(1);
    if (vcpu.registers.get("rip") === place) visits.push(vcpu.instructions);
  }
  vcpu.setBreakpoint(place, true);
  for (const visit of [...visits, 2000n].toSorted((a, b) => Number(b - a)).slice(0, 50)) {
    assert.equal(history.continue().kind, "breakpoint");
    assert.equal(vcpu.instructions, visit);
    assert.equal(vcpu.registers.get("rip"), place);
  }
});
