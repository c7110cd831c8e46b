// The debug registers of x86-64 as gdb sets them in a process for the same wishes, and what a stop says in DR6. The x86-64 rig's CPU
// has none that work for a guest.
import assert from "node:assert/strict";
import { test } from "node:test";
import { viewOf } from "../../bytes/struct.js";
import type { Access } from "../../engine/contract.js";
import { execute } from "../../../test/command.js";
import { needs, needsAll } from "../../../test/needs.js";
import { exitReason, guestDebug, runDebug, runHead } from "./abi.js";
import type { HardwareWatch } from "../cpu-debug.js";
import { newX8664Debug } from "./debug-x86-64.js";

const page = 0x7fff_0000_0000n;
const watch = (address: bigint, length: number, ...accesses: readonly Access[]): HardwareWatch => ({
  address,
  length,
  accesses: new Set(accesses),
});
const none = { step: false, hasTraps: false, breakpoints: [], watches: [] } as const;

function cpu() {
  const run = new DataView(new ArrayBuffer(0x100));
  const debug = newX8664Debug(run, { get: () => 0x1001n, set() {} });
  const registers = (wishes: Partial<Parameters<typeof debug.encode>[0]>) =>
    guestDebug["x86-64"].read(viewOf(debug.encode({ ...none, ...wishes })), 0);
  const stop = (dr6: bigint) => {
    runDebug["x86-64"].write(run, runHead.size, { exception: 1, pad: 0, pc: 0n, dr6, dr7: 0n });
    return debug.stop(exitReason.DEBUG);
  };
  return { debug, registers, stop };
}

test(
  "DR0 to DR3 and DR7 are gdb's",
  { skip: needsAll(needs.x8664Linux(), needs.program("gdb")) },
  async () => {
    const commands = [
      "maint set show-debug-regs 1",
      "starti",
      "hbreak *($pc+3)",
      `watch *(int*)${page + 4n}`,
      `watch *(long*)${page + 8n}`,
      `awatch *(char*)${page + 17n}`,
      "stepi",
    ];
    const args = commands.flatMap((command) => ["-ex", command]);
    const { stderr } = await execute("gdb", ["-nx", "-batch", "-iex", "set debuginfod enabled off", ...args, "/bin/true"]); // prettier-ignore
    const states = [...stderr.matchAll(/\(DR7\): (0x\w+)[^]*?DR0: addr=(\w+)[^]*?DR1: addr=(\w+)[^]*?DR2: addr=(\w+)[^]*?DR3: addr=(\w+)/g)].map((match) => match.slice(1).map(BigInt)); // prettier-ignore
    const enabled = 0xffn;
    const [dr7 = 0n, ...addresses] = states.find((state) => ((state[0] ?? 0n) & 0x55n) === 0x55n) ?? [];
    const { debugreg, control } = cpu().registers({
      breakpoints: [addresses[3] ?? 0n],
      watches: [
        watch(page + 4n, 4, "write"),
        watch(page + 8n, 8, "write"),
        watch(page + 17n, 1, "read", "write"),
      ],
    });
    assert.deepEqual(debugreg.slice(0, 4), addresses);
    assert.equal((debugreg[7] ?? 0n) >> 16n, dr7 >> 16n);
    // We enable for all tasks where gdb enables for one.
    assert.equal((debugreg[7] ?? 0n) & enabled, (dr7 & enabled) << 1n);
    assert.equal(control, 0x2_0001);
  },
);

test("ranges are cut into what a register can watch, as long as there are registers", () => {
  const { registers } = cpu();
  const { debugreg } = registers({ watches: [watch(0x1003n, 10, "write")] });
  assert.deepEqual(debugreg.slice(0, 4), [0x1003n, 0x1004n, 0x1008n, 0x100cn]);
  assert.throws(() => registers({ watches: [watch(0x1001n, 16, "write")] }), RangeError);
  assert.equal(registers({}).control, 0);
});

test("DR6 tells what stopped", () => {
  const { registers, stop } = cpu();
  registers({
    breakpoints: [1n],
    watches: [watch(0x1000n, 8, "write"), watch(0x2000n, 1, "read")],
    step: true,
  });
  assert.deepEqual(stop(1n << 14n), { kind: "step" });
  assert.deepEqual(stop(4n), { kind: "breakpoint" });
  assert.deepEqual(stop(1n | (1n << 14n)), { kind: "watchpoint", address: 0x1000n, access: "write", isDone: true }); // prettier-ignore
  assert.deepEqual(stop(2n), { kind: "watchpoint", address: 0x2000n, access: "read", isDone: true });
});
