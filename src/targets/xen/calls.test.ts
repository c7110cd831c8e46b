// Hypercalls as a hostile guest makes them: any number, any arguments, any memory behind them.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { plainMemory } from "../../image/memory.js";
import type { Guest } from "../contract.js";
import { performNext } from "./calls.js";
import { clock } from "./devices/front.cases.js";
import { createMachine } from "./devices/machine.js";
import { guestData } from "./guest-data.js";

const memSize = 1 << 20;
const names = ["rdi", "rsi", "rdx", "r10", "r8"] as const;

function newDomain() {
  const memory = plainMemory(memSize + 0x2000);
  const values: Record<string, bigint> = {};
  const registers = {
    get: (name: string): bigint => values[name] ?? 0n,
    set: (name: string, value: bigint): void => void (values[name] = value),
  };
  const console = { write() {} };
  const host = { nets: new Map(), blocks: new Map(), console, clock, random: () => 0n };
  const guest = { memSize, devices: [], cmdline: "", execHeap: false } as unknown as Guest;
  const machine = createMachine(guest, memory, host, () => {});
  const context = { machine, data: guestData(registers, memory), console, now: () => 5n };
  const call = (number: number, ...args: readonly bigint[]) => {
    registers.set("rax", BigInt(number));
    names.forEach((name, i) => registers.set(name, args[i] ?? 0n));
    return performNext(context, registers);
  };
  return { memory, registers, call, machine };
}

test("numbers of errors, and parameters, are Xen's", () => {
  const { memory, call } = newDomain();
  const view = new DataView((memory.bytes(0, 64) ?? new Uint8Array()).buffer);
  const param = (index: number): bigint => {
    view.setUint16(0, 0x7ff0, true);
    view.setUint32(4, index, true);
    assert.deepEqual(call(34, 1n, 0n), { result: 0 });
    return view.getBigUint64(8, true);
  };
  assert.deepEqual([17, 18, 1, 2].map(param), [256n, 1n, 257n, 2n]);
  view.setUint16(0, 3, true);
  assert.deepEqual(call(34, 1n, 0n), { result: -1 });
  assert.deepEqual(call(60), { result: -38 });
  assert.deepEqual(call(32, 99n, 0n), { result: -38 });
  assert.deepEqual(call(32, 4n, 1n << 40n), { result: -14 });
  assert.deepEqual(call(24, 3n, 0n), { result: 1 });
  assert.deepEqual(call(24, 3n, 1n), { result: -2 });
  assert.deepEqual(call(17, 0n), { result: 0x4_0011 });
  view.setUint32(0, 3, true);
  assert.deepEqual(call(29, 2n, 0n), { shutdown: 3 });
});

test("no call with any arguments throws, or is answered with anything but an error or less than 2^31", () => {
  const numbers = [12, 15, 17, 18, 20, 24, 29, 32, 34];
  const address = fc.oneof(
    fc.bigInt({ min: 0n, max: BigInt(memSize + 0x3000) }),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.constantFrom(0n, BigInt(memSize) - 3n, 0xffff_ffff_ffff_fff8n),
  );
  const small = fc.oneof(fc.bigInt({ min: 0n, max: 25n }), address);
  const one = fc.record({
    number: fc.oneof(fc.constantFrom(...numbers), fc.nat(0xffff_ffff)),
    args: fc.tuple(small, small, address, address, address),
    memory: fc.array(fc.tuple(fc.nat(0x400), fc.uint8Array({ maxLength: 24 })), { maxLength: 4 }),
    cr0: fc.constantFrom(0n, 0n, 0n, 0x8000_0000n),
    cr3: address,
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 30 }), (calls) => {
      const { memory, registers, call, machine } = newDomain();
      for (const { number, args, memory: stores, cr0, cr3 } of calls) {
        for (const [at, bytes] of stores) memory.bytes(at, bytes.length)?.set(bytes);
        registers.set("cr0", cr0);
        registers.set("cr3", cr3);
        const outcome = call(number, ...args);
        if ("result" in outcome) assert.ok(outcome.result > -100 && outcome.result < 2 ** 31);
        machine.look(5n);
        machine.flush();
        // What is saved can be taken back.
        machine.stateful.restore(machine.stateful.save());
      }
    }),
    { numRuns: 300 },
  );
});
