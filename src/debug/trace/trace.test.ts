// What a trace says of each call: the table's names and fields, contents of who fills them, devices by name.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bootInfoBase, hypercallMmio, hypercallPort, hypercalls, type HypercallName } from "../../abi/hvt.js";
import { syscalls } from "../../abi/spt.js";
import { encode } from "../../bytes/struct.js";
import type { Exit, Vcpu } from "../../engine/contract.js";
import { plainMemory } from "../../image/memory.js";
import type { GuestHost, Session, SessionState } from "../../targets/contract.js";
import { describeHypercalls } from "./hvt.js";
import { targets } from "../../targets/registry.js";
import { describers } from "./registry.js";
import { describeSyscalls } from "./spt.js";
import { trace } from "./trace.js";
import { describeMachine } from "./machine.js";
import { quoted } from "./values.js";

const devices = [
  { handle: 1, name: "net0", type: "NET_BASIC", mtu: 1500 },
  { handle: 2, name: "disk", type: "BLOCK_BASIC", capacity: 512n, blockSize: 512 },
] as const;

function machine() {
  const memory = plainMemory(0x20000);
  const values = new Map<string, bigint>();
  const registers = { get: (name: string) => values.get(name) ?? 0n, set: (name: string, value: bigint) => void values.set(name, value) }; // prettier-ignore
  return { memory, values, vcpu: { memory, registers } as Vcpu };
}
const text = (data: string): Uint8Array => new TextEncoder().encode(data);

test("hypercalls, by port and by store", () => {
  const { memory, vcpu } = machine();
  const describe = describeHypercalls({ devices }, vcpu);
  memory.bytes(0x100, 6)?.set(text("hello\n"));
  const at = bootInfoBase;
  const call = <K extends HypercallName>(name: K, before: object, after: object = {}, isStore = false) => {
    const { nr, args } = hypercalls[name];
    const put = (fields: object): void =>
      memory.bytes(at, args.size)?.set(encode(args as never, fields as never));
    put(before);
    const exit: Exit = isStore
      ? { kind: "store", address: BigInt(hypercallMmio + 8 * nr), size: 4, value: BigInt(at) }
      : { kind: "out", port: hypercallPort + nr, size: 4, value: at };
    const described = describe(exit);
    put({ ...before, ...after });
    return `${described?.text} = ${described?.result()}`;
  };
  const io = { handle: 2n, offset: 512n, data: 0x100n, len: 6n, ret: 99 };
  const net = { handle: 1n, data: 0x100n, len: 1514n, ret: 99 };
  assert.equal(call("puts", { data: 0x100n, len: 6n }), 'puts("hello\\n", 6) = undefined');
  assert.equal(call("puts", { data: 0x100n, len: 6n }, {}, true), 'puts("hello\\n", 6) = undefined');
  assert.equal(call("walltime", { nsecs: 5n }, { nsecs: 1_000n }), "walltime() = 1000");
  assert.equal(call("blockWrite", io, { ret: 0 }), 'blockWrite(disk, 512, "hello\\n", 6) = ok');
  assert.equal(call("blockRead", io, { ret: 0 }), 'blockRead(disk, 512, 0x100, 6) = "hello\\n", ok');
  assert.equal(call("blockRead", io, { ret: 2 }), "blockRead(disk, 512, 0x100, 6) = invalid");
  assert.equal(call("netRead", net, { ret: 0, len: 6n }), 'netRead(net0, 0x100, 1514) = "hello\\n", 6, ok');
  assert.equal(call("netRead", { ...net, handle: 9n }, { ret: 1 }), "netRead(#9, 0x100, 1514) = 1514, again");
  assert.equal(
    call("poll", { timeoutNsecs: 1_500_000_000n, readySet: 0n, ret: 0 }, { readySet: 6n, ret: 0 }),
    "poll(1.500000 s) = {net0 disk}, ok",
  );
  assert.equal(call("halt", { cookie: 0n, exitStatus: 3 }), "halt(0x0, 3) = undefined");
  assert.equal(describe({ kind: "out", port: hypercallPort + 1, size: 4, value: 0x7fff_ffff })?.text, "walltime(0x7fffffff)"); // prettier-ignore
  assert.equal(describe({ kind: "out", port: 0x3f8, size: 1, value: 0 }), undefined);
  assert.equal(describe({ kind: "halt" }), undefined);
});

test("system calls", () => {
  const { memory, values, vcpu } = machine();
  const describe = describeSyscalls("x86-64")({ devices }, vcpu);
  memory.bytes(0x100, 2)?.set(text('a"'));
  const call = (nr: number, args: readonly bigint[], result: bigint): string => {
    values.set("rax", BigInt(nr));
    ["rdi", "rsi", "rdx", "r10"].forEach((name, i) => values.set(name, args[i] ?? 0n));
    const described = describe({ kind: "syscall" });
    values.set("rax", BigInt.asUintN(64, result));
    return `${described?.text} = ${described?.result()}`;
  };
  const nr = syscalls["x86-64"];
  assert.equal(call(nr.write, [1n, 0x100n, 2n], 2n), 'write(1, "a\\"", 2) = 2');
  assert.equal(call(nr.write, [5n, 0x100n, 2n], -11n), 'write(net0, "a\\"", 2) = -11');
  assert.equal(call(nr.read, [5n, 0x100n, 1514n], 2n), 'read(net0, 0x100, 1514) = 2 "a\\""');
  assert.equal(call(nr.pread64, [6n, 0x100n, 512n, 0n], -5n), "pread64(disk, 0x100, 512, 0) = -5");
  assert.equal(call(nr.exit_group, [7n], 0n), "exit_group(7) = 0");
  assert.equal(call(999, [], 0n), "syscall 999 = undefined");
});

test("a line a call, with its time and how long it was waited for", () => {
  const { memory, vcpu } = machine();
  let now = 5_000_000n;
  const clock = { monotonic: () => now, wall: () => 0n };
  const lines: string[] = [];
  const instrument = trace(describeHypercalls, { devices }, clock, (line) => void lines.push(line));
  let state: SessionState = { kind: "running" };
  const target: Session = {
    get state() {
      return state;
    },
    answer: () => "resume",
    wake: () => (state = { kind: "running" }),
  };
  const session = instrument.session?.(target, { vcpu, attention() {}, stop() {} });
  const { nr, args } = hypercalls.poll;
  memory.bytes(0x200, args.size)?.set(encode(args, { timeoutNsecs: 0n, readySet: 0n, ret: 0 }));
  const poll: Exit = { kind: "out", port: hypercallPort + nr, size: 4, value: 0x200 };
  now += 1_234_000n;
  session?.answer(poll);
  state = { kind: "waiting", deadline: 0n };
  session?.answer(poll);
  now += 2_000_000_000n;
  session?.wake();
  assert.deepEqual(lines, [
    "    0.001234 poll(0.000000 s) = {}, ok",
    "    0.001234 poll(0.000000 s) = {}, ok <2.000000>",
  ]);
});

test("a virtio guest: what it asks of the CPU, and what devices tell of themselves", () => {
  const describe = describeMachine({ devices }, machine().vcpu);
  const tell = (exit: Exit): string => {
    const call = describe(exit);
    return `${call?.text} = ${call?.result()}`;
  };
  assert.equal(tell({ kind: "halt" }), "hlt() = undefined");
  assert.equal(tell({ kind: "cpuid", leaf: 0x4000_0001, values: [9, 0, 0, 0] }), "cpuid(0x40000001) = 0x9, 0x0, 0x0, 0x0"); // prettier-ignore
  assert.equal(tell({ kind: "msr", number: 0x12, value: 5n, exists: true }), "wrmsr(0x12, 0x5) = undefined");
  assert.equal(tell({ kind: "msr", number: 0x13, value: 0n, exists: false }), "wrmsr(0x13, 0x0) = no such register"); // prettier-ignore
  assert.equal(describe({ kind: "in", port: 0x3fd, size: 1, value: 0 }), undefined);

  const lines: string[] = [];
  const clock = { monotonic: () => 0n, wall: () => 0n };
  const observer = trace(describeMachine, { devices }, clock, (line) => void lines.push(line));
  const host = observer.host?.({ clock } as GuestHost);
  assert.equal(host?.clock, clock);
  host?.deviceTrace?.({
    device: "disk",
    name: "read",
    args: ["sector 3", 512],
    results: [text("hi\n"), "ok"],
  });
  host?.deviceTrace?.({ device: "acpi", name: "powerOff", args: [], results: [] });
  assert.deepEqual(lines, [
    '    0.000000 read(disk, sector 3, 512) = "hi\\n", ok',
    "    0.000000 powerOff(acpi)",
  ]);
});

test("every target that runs can be traced", () => {
  assert.deepEqual(Object.keys(describers), Object.keys(targets));
});

test("text is cut and escaped", () => {
  assert.equal(quoted(text("é\\")), '"\\xc3\\xa9\\\\"');
  assert.equal(quoted(new Uint8Array(33).fill(0x41)), `"${"A".repeat(32)}"…`);
});
