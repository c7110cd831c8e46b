// Channels as a hostile guest leaves them: whatever stands in the header, the machine reads elements in place, so many as the
// channel holds at most, and comes to an end.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { plainMemory } from "../../../image/memory.js";
import { channelReader, channelWriter } from "./channel.js";

const protocol = { number: 0x1234n, elementSize: 100 };
const place = { address: 0x1000, size: 0x1000 };
/** (4096 - 64) / 100. */
const elements = 40;
/** Offsets by docs/abi.md 9.3: transport, epoch, protocol, size, elements, write start, written. */
const at = { transport: 0, epoch: 8, protocol: 16, size: 24, elements: 32, start: 48, written: 56 } as const;
const transport = 0x487312b6b79a9b6dn;

function channel() {
  const memory = plainMemory(0x3000);
  const bytes = memory.bytes(place.address, place.size) ?? new Uint8Array();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const set = (fields: Partial<Record<keyof typeof at, bigint>>): void => {
    for (const [name, value] of Object.entries(fields))
      view.setBigUint64(at[name as keyof typeof at], BigInt.asUintN(64, value), true);
  };
  const speak = (written: bigint): void =>
    set({ transport, epoch: 5n, protocol: 0x1234n, size: 100n, elements: 40n, start: written, written });
  return { memory, bytes, view, set, speak };
}

test("what a guest writes is read in order, and what it has overwritten is left out", () => {
  const { memory, bytes, set, speak } = channel();
  const reader = channelReader(memory, place, protocol);
  assert.equal(reader.read(), undefined);
  speak(0n);
  for (let n = 0; n < 200; n++) {
    bytes.fill(n, 64 + (n % elements) * 100, 164 + (n % elements) * 100);
    set({ written: BigInt(n + 1) });
    if (n % 3 === 0 && n < 45) assert.equal(reader.read()?.[99], n < 3 ? 0 : n / 3);
  }
  const rest = [];
  for (let element = reader.read(); element !== undefined; element = reader.read()) rest.push(element[0]);
  assert.deepEqual(
    rest,
    Array.from({ length: elements }, (_, i) => 160 + i),
  );
  // A writer that begins anew.
  set({ epoch: 6n, written: 1n });
  assert.equal(reader.read()?.[0], 160);
  assert.equal(reader.read(), undefined);
});

test("counts that come to the end of 64 bits", () => {
  const { memory, speak } = channel();
  const reader = channelReader(memory, place, protocol);
  speak(2n ** 64n - 2n);
  let count = 0;
  while (reader.read() !== undefined) count++;
  assert.equal(count, elements);
  speak(3n);
  for (count = 0; reader.read() !== undefined;) count++;
  assert.equal(count, 5);
});

test("no header makes the machine read elsewhere, for ever, or throw", () => {
  const value = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.constantFrom(0n, 1n, 39n, 40n, 41n, 100n, 0x1234n, transport, 2n ** 63n, 2n ** 64n - 1n),
  );
  const header = fc.record(
    { transport: value, epoch: value, protocol: value, size: value, elements: value, written: value },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(header, { maxLength: 20 }), (headers) => {
      const { memory, bytes, set, speak } = channel();
      const reader = channelReader(memory, place, protocol);
      speak(1n);
      for (const one of headers) {
        set(one);
        for (let count = 0; ; count++) {
          const element = reader.read();
          if (element === undefined) break;
          assert.ok(count < elements);
          assert.equal(element.buffer, bytes.buffer);
          const start = element.byteOffset - bytes.byteOffset - 64;
          assert.ok(element.length === 100 && start >= 0 && start % 100 === 0 && start / 100 < elements);
        }
      }
    }),
  );
});

test("the writer's header is the protocol's, its epochs differ, and it stays in its place", () => {
  const { memory, view } = channel();
  const writer = channelWriter(memory, place, protocol);
  const word = (name: keyof typeof at): bigint => view.getBigUint64(at[name], true);
  const epochs = new Set<bigint>();
  for (let round = 0; round < 3; round++) {
    writer.begin();
    epochs.add(word("epoch"));
    assert.deepEqual(
      [word("transport"), word("protocol"), word("size"), word("elements"), word("written")],
      [transport, 0x1234n, 100n, 40n, 0n],
    );
    for (let n = 1; !writer.isFull; n++) {
      writer.write(new Uint8Array(100).fill(n));
      assert.deepEqual([word("written"), word("start")], [BigInt(n), BigInt(n)]);
      assert.equal(view.getUint8(64 + (n - 1) * 100 + 99), n);
      assert.equal(writer.isHalfFull, n >= 20);
    }
  }
  assert.equal(epochs.size, 3);
  assert.ok(!epochs.has(0n));
  assert.ok(memory.bytes(0x2000, 0x1000)?.every((byte) => byte === 0));
});
