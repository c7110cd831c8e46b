// Calls with any arguments: each gives a result, an end or an access that is refused, and what the guest may not write stays.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { functionNames } from "../../abi/genode.js";
import { result } from "../../abi/start.js";
import { plainMemory } from "../../image/memory.js";
import type { Guest, GuestHost } from "../contract.js";
import { genodeCalls } from "./calls.js";

const size = 0x10000;
/** Writable from here to there alone. */
const [start, end] = [0x4000, 0xc000];
const blockSize = 512;

function machine() {
  const memory = plainMemory(size);
  const bytes = memory.bytes(0, size) ?? new Uint8Array();
  bytes.fill(0x55);
  bytes.set(new TextEncoder().encode("disk\0net\0"), 0x100);
  const devices = [
    { handle: 1, name: "disk", type: "BLOCK_BASIC", capacity: 4096n, blockSize },
    { handle: 2, name: "net", type: "NET_BASIC", mtu: 1500, mac: new Uint8Array(6) },
  ] as const;
  const moved: number[] = [];
  const host: GuestHost = {
    nets: new Map([
      [
        2,
        {
          mtu: 1500,
          readable: true,
          read: () => new Uint8Array(100).fill(7),
          write: (frame) => (moved.push(frame.length), result.ok),
          onReadable() {},
          close() {},
        },
      ],
    ]),
    blocks: new Map([
      [
        1,
        {
          capacity: 4096n,
          blockSize,
          read: (_offset, into) => (into.fill(9), moved.push(into.length), result.ok),
          write: (_offset, data) => (moved.push(data.length), result.ok),
          close() {},
        },
      ],
    ]),
    console: { write: (data) => void moved.push(data.length) },
    clock: { monotonic: () => 5_000_123n, wall: () => 7_000_456n },
    random: () => 0n,
  };
  const mayStore = (gpa: number | bigint, length: number | bigint): boolean =>
    Number(gpa) >= start && Number(length) >= 0 && Number(gpa) + Number(length) <= end;
  const guest = { devices } as unknown as Guest;
  return { bytes, moved, calls: genodeCalls({ guest, memory, mayStore, host }) };
}

test("arguments of every kind", () => {
  const edges = [0n, 1n, 2n, 3n, 99n, 0x100n, 0x105n, 512n, 1514n, 4096n, BigInt(start), BigInt(end - 8), BigInt(end), BigInt(size - 1), BigInt(size), 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n]; // prettier-ignore
  const value = fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
  const call = fc.tuple(fc.constantFrom(...functionNames), fc.array(value, { minLength: 4, maxLength: 4 }));
  fc.assert(
    fc.property(fc.array(call, { maxLength: 20 }), (list) => {
      const { bytes, moved, calls } = machine();
      for (const [name, args] of list) {
        const outcome = calls[name](args);
        assert.equal(Object.keys(outcome).length, 1);
      }
      assert.ok(moved.every((length) => length <= size));
      for (let at = 0; at < size; at++)
        if (at < start || at >= end) {
          if (at < 0x100 || at > 0x109) assert.equal(bytes[at], 0x55, `${at}`);
        }
    }),
    { numRuns: 300 },
  );
});

test("results", () => {
  const { bytes, calls } = machine();
  const at = BigInt(start);
  assert.deepEqual(calls.solo5_clock_monotonic([]), { value: 5_000_000n });
  assert.deepEqual(calls.solo5_clock_wall([]), { value: 7_000_000n });
  assert.deepEqual(calls.solo5_set_tls_base([1n]), { value: 3n });
  assert.deepEqual(calls.solo5_block_acquire([0x100n, at, at + 8n]), { value: 0n });
  assert.deepEqual(calls.solo5_block_acquire([0x105n, at, at + 8n]), { value: 2n });
  assert.deepEqual(calls.solo5_block_read([1n, 0n, at, 1024n]), { value: 0n });
  assert.ok(bytes.subarray(start, start + 1024).every((byte) => byte === 9));
  for (const [offset, length] of [
    [0n, 0n],
    [0n, 100n],
    [1n, 512n],
    [4096n, 512n],
    [3584n, 1024n],
    [2n ** 64n - 512n, 512n],
  ] as const)
    // prettier-ignore
    assert.deepEqual(calls.solo5_block_write([1n, offset, at, length]), { value: 2n });
  assert.deepEqual(calls.solo5_net_read([2n, at, 60n, at + 2048n]), { value: 0n });
  assert.equal(bytes[start + 59], 7);
  assert.equal(bytes[start + 60], 9);
  assert.equal(bytes[start + 2048], 60);
  assert.deepEqual(calls.solo5_block_read([1n, 0n, 0n, 512n]), { badAccess: 0n });
});
