// Multiboot headers: what is read, and that no file makes the reader do anything but refuse it.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { multibootHeader, multibootMagic } from "../abi/multiboot.js";
import { Solo5Error } from "../bytes/error.js";
import { viewOf } from "../bytes/struct.js";
import { readMultiboot } from "./multiboot.js";

const good = {
  magic: multibootMagic,
  flags: 0x10003,
  checksum: 2 ** 32 - (multibootMagic + 0x10003),
  headerAddr: 0x100020,
  loadAddr: 0x100000,
  loadEndAddr: 0x100100,
  bssEndAddr: 0x102000,
  entryAddr: 0x100040,
};

/** A file whose header is at 0x1020, and which is loaded from 0x1000 on. */
function file(changes: Partial<typeof good> = {}): Uint8Array {
  const bytes = new Uint8Array(0x1200).map((_, i) => i);
  const header = { ...good, ...changes };
  const checksum = changes.checksum ?? (2 ** 33 - header.magic - header.flags) % 2 ** 32;
  multibootHeader.write(viewOf(bytes), 0x1020, { ...header, checksum });
  return bytes;
}

test("what is loaded", () => {
  const { data, ...rest } = readMultiboot(file(), "f");
  assert.deepEqual(rest, { loadAddr: 0x100000, bssEnd: 0x102000, entry: 0x100040 });
  assert.equal(data.byteOffset, 0x1000);
  assert.equal(data.length, 0x100);
  const whole = readMultiboot(file({ loadEndAddr: 0, bssEndAddr: 0 }), "f");
  assert.equal(whole.data.length, 0x200);
  assert.equal(whole.bssEnd, 0x100200);
});

test("what is refused", () => {
  const refused = (changes: Partial<typeof good>, why: RegExp): void =>
    assert.throws(() => readMultiboot(file(changes), "f"), { code: "NOT_MULTIBOOT", message: why });
  refused({ magic: 1 }, /^f: there is no multiboot header/);
  refused({ checksum: 1 }, /no multiboot header/);
  refused({ flags: 3 }, /no load addresses/);
  refused({ flags: 0x10007 }, /flags 0x10007/);
  refused({ loadEndAddr: 0x100201 }, /0x100000 to 0x100201/);
  refused({ loadEndAddr: 0x100000 }, /wants/);
  refused({ loadAddr: 0x100021 }, /wants/);
  refused({ headerAddr: 0x101021 }, /wants/);
  refused({ bssEndAddr: 0x1000ff }, /before what is loaded/);
  refused({ entryAddr: 0x100100 }, /entry 0x100100/);
  refused({ entryAddr: 0xfffff }, /entry/);
});

test("a file cut anywhere, or anything in the header, is read or refused", () => {
  const bytes = file();
  for (let length = 0; length < 0x1100; length++) {
    assert.throws(() => readMultiboot(bytes.subarray(0, length), "f"), Solo5Error);
  }
  const word = fc.nat({ max: 0xffffffff });
  const words = fc.record({
    headerAddr: word,
    loadAddr: word,
    loadEndAddr: word,
    bssEndAddr: word,
    entryAddr: word,
  });
  fc.assert(
    fc.property(words, (changes) => {
      try {
        const { data, loadAddr, bssEnd, entry } = readMultiboot(file(changes), "f");
        assert.ok(entry >= loadAddr && entry < loadAddr + data.length && bssEnd >= loadAddr + data.length);
      } catch (error) {
        assert.ok(error instanceof Solo5Error, String(error));
      }
    }),
  );
});
