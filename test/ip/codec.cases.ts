// What every format of messages is held to: what is written is read, and anything may be read.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";

interface Codec<T> {
  readonly message: fc.Arbitrary<T>;
  readonly write: (message: T) => Uint8Array;
  /** Undefined where it is refused. */
  readonly read: (bytes: Uint8Array) => T | undefined;
  /** What holds of a message that was understood, whoever wrote it. */
  readonly understood?: (message: T) => void;
}

export function codecCases<T>({ message, write, read, understood = () => {} }: Codec<T>): void {
  test("what is written is read, and every beginning of it is refused or read", () => {
    fc.assert(
      fc.property(message, (it) => {
        const bytes = write(it);
        assert.deepEqual(read(bytes), it);
        for (let size = 0; size < bytes.length; size++) read(bytes.subarray(0, size));
      }),
    );
  });

  test("anything may be read", () => {
    const change = fc.tuple(fc.nat(600), fc.nat(255));
    const changed = fc.tuple(message, fc.array(change, { maxLength: 6 })).map(([it, changes]) => {
      const bytes = write(it);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), changed), (bytes) => {
        const it = read(bytes);
        if (it !== undefined) understood(it);
      }),
      { numRuns: 1000 },
    );
  });
}
