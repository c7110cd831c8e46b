// The PC as a whole: what is saved of its devices is all that they know.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { result } from "../../../abi/start.js";
import { plainMemory } from "../../../image/memory.js";
import type { Guest, GuestHost } from "../../contract.js";
import { createPc } from "./pc.js";
import type { PortSize } from "./ports.js";

const memorySize = 1 << 16;

/** A machine with a disk and a network device that has a frame for each look at it; its clock goes on with every look. */
function machine() {
  let time = 0n;
  let frames = 0;
  let output = "";
  const memory = plainMemory(memorySize);
  const bytes = memory.bytes(0, memorySize) ?? new Uint8Array();
  const net = {
    mtu: 1500,
    get readable() {
      return frames > 0;
    },
    read: () => (frames-- > 0 ? Uint8Array.of(1, 2, 3) : undefined),
    write: () => result.ok,
    onReadable() {},
    close() {},
  };
  const block = {
    capacity: 4096n,
    blockSize: 512,
    read: () => result.ok,
    write: () => result.ok,
    close() {},
  };
  const host: GuestHost = {
    nets: new Map([[1, net]]),
    blocks: new Map([[2, block]]),
    console: { write: (data) => (output += data.join()) },
    clock: { monotonic: () => (time += 20_000n), wall: () => (time += 1_000_000n) },
    random: () => 4n,
  };
  const devices = [
    { handle: 1, name: "net", type: "NET_BASIC", mtu: 1500 },
    { handle: 2, name: "disk", type: "BLOCK_BASIC", capacity: 4096n, blockSize: 512 },
  ];
  const ends: number[] = [];
  const pc = createPc({ devices } as unknown as Guest, memory, host, ({ status }) => void ends.push(status));
  const poll = (): void => {
    frames = 1;
    pc.poll();
  };
  return {
    pc,
    save() {
      const state = pc.stateful.save();
      const [savedTime, savedBytes] = [time, bytes.slice()];
      return () => {
        pc.stateful.restore(state);
        time = savedTime;
        bytes.set(savedBytes);
      };
    },
    /** What a guest, the host and the CPU see while they do this. */
    trail(accesses: readonly Access[]): unknown {
      output = "";
      ends.length = 0;
      const seen = accesses.map(({ port, value, size, how }) => {
        const device = pc.ports.get(port);
        if (how === "out") device?.out(port, value, size);
        else if (how === "poll") poll();
        else if (how === "acknowledge") return pc.pic.isPending ? pc.pic.acknowledge() : undefined;
        else return device?.in(port, size);
        return pc.pit.due;
      });
      pc.uart.flush();
      return { seen, output, ends: [...ends], memory: bytes.slice() };
    },
  };
}

interface Access {
  readonly port: number;
  readonly value: number;
  readonly size: PortSize;
  readonly how: "in" | "out" | "poll" | "acknowledge";
}

// Those that drivers like; the queues then lie where memory is, and where it is not.
const values = fc.oneof(
  fc.constantFrom(0, 1, 2, 7, 0x20, 0x8000_1010, 0x8000_103c, 0x0a, 0x11, 0x30, 0x80),
  fc.nat(0xffff_ffff),
);
/** Of each device in turn, or the few ports of the smallest would hardly come. */
const ports = [...new Set(machine().pc.ports.values())].flatMap((device) =>
  device.ports.map(([min, max]) => fc.integer({ min, max })),
);
const access: fc.Arbitrary<Access> = fc.record({
  port: fc.oneof(...ports),
  value: values,
  size: fc.constantFrom<PortSize>(1, 2, 4),
  how: fc.constantFrom("in", "out", "out", "poll", "acknowledge"),
});

test("from what was saved all goes the same way, as often as one likes", () => {
  const accesses = fc.array(access, { maxLength: 60, size: "max" });
  fc.assert(
    fc.property(accesses, accesses, (before, after) => {
      const one = machine();
      one.trail(before);
      const restore = one.save();
      const first = one.trail(after);
      for (let round = 0; round < 2; round++) {
        restore();
        assert.deepEqual(one.trail(after), first);
      }
    }),
    { numRuns: 1000 },
  );
});
