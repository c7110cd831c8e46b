// The log of a recording: what is written is read, cut off at every byte, and hostile bytes are an error or the end.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Solo5Error } from "../../bytes/error.js";
import { createLogReader, createLogWriter, EndOfLog, type LogReader } from "./log.js";

const written = (work: (log: ReturnType<typeof createLogWriter>) => void): Uint8Array => {
  const pieces: number[] = [];
  const log = createLogWriter({ a: 1 }, Uint8Array.of(7, 8, 9), (data) => void pieces.push(...data));
  work(log);
  log.flush();
  return Uint8Array.from(pieces);
};
const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const event = fc.oneof(
  fc.record({ name: fc.constantFrom("monotonic", "wall"), value: fc.bigInt({ min: 0n, max: 1n << 62n }) }),
  fc.record({ name: fc.constantFrom("random", "result"), value: u64 }),
  fc.record({ name: fc.constantFrom("frame", "sectors"), value: fc.uint8Array({ maxLength: 300 }) }),
  fc.record({ name: fc.constantFrom("readable", "noFrame"), value: fc.boolean() }),
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;
const write = (log: ReturnType<typeof createLogWriter>, { name, value }: Event): void => {
  if (typeof value === "bigint") log.number(name as "random", value);
  else if (typeof value === "boolean") log.truth(name as "readable", value);
  else log.bytes(name as "frame", value);
};
const read = (log: LogReader, { name, value }: Event): unknown => {
  if (typeof value === "bigint") return log.number(name as "random");
  if (typeof value === "boolean") return log.truth(name as "readable");
  return log.bytes(name as "frame");
};

test("what is written is read, and again after going back", () => {
  fc.assert(
    fc.property(fc.array(event), (events) => {
      const log = createLogReader(
        written((log) => events.forEach((one) => write(log, one))),
        "log",
      );
      assert.deepEqual(log.header, { a: 1 });
      assert.deepEqual(log.file, Uint8Array.of(7, 8, 9));
      const here = log.stateful.save();
      for (const one of events) assert.deepEqual(read(log, one), one.value);
      assert.throws(() => log.truth("readable"), EndOfLog);
      log.stateful.restore(here);
      for (const one of events) assert.deepEqual(read(log, one), one.value);
    }),
  );
});

test("a small difference takes two bytes", () => {
  const [one, two] = [1, 2].map((count) =>
    written((log) => {
      for (let i = 0; i < count; i++) log.number("monotonic", 10n ** 15n + BigInt(i * 50));
    }),
  );
  assert.equal((two?.length ?? 0) - (one?.length ?? 0), 2);
});

test("a log that was cut off ends there; one cut in its head is none", () => {
  const whole = written((log) => {
    log.number("wall", 1n << 60n);
    log.bytes("frame", new Uint8Array(20).fill(1));
    log.truth("readable", true);
  });
  const head = 16 + '{"a":1}'.length + 3;
  for (let size = 0; size < whole.length; size++) {
    const cut = whole.subarray(0, size);
    if (size < head) {
      assert.throws(() => createLogReader(cut, "cut"), Solo5Error);
      continue;
    }
    const log = createLogReader(cut, "cut");
    assert.throws(() => {
      log.number("wall");
      log.bytes("frame");
      log.truth("readable");
    }, EndOfLog);
  }
});

test("another event than the guest asks for is a divergence", () => {
  const log = createLogReader(
    written((log) => log.truth("readable", true)),
    "log",
  );
  assert.throws(() => log.number("wall"), { code: "DIVERGED" });
});

test("no bytes make the reader throw anything else", () => {
  const head = written(() => {});
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(event), (tail, events) => {
      const log = createLogReader(Uint8Array.of(...head, ...tail), "log");
      try {
        for (const one of events) read(log, one);
      } catch (error) {
        assert.ok(error instanceof EndOfLog || error instanceof Solo5Error, String(error));
      }
    }),
  );
});
