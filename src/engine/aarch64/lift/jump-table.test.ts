// Jumps by tables as compilers write them, and what only looks like one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "../../../isa/aarch64/decoder.js";
import type { JumpTable } from "../../portable/guest-isa.js";
import { TablePath } from "./jump-table.js";

const SIZE = 0x1_0000;
const CODE = 0x1000;
const TABLE = 0x4000;
/** Code is executable up to here, and memory may be written from there on. */
const [EXECUTABLE, WRITABLE] = [0x4000, 0x8000];

interface Given {
  readonly entries: readonly number[];
  readonly entryBytes: 1 | 2 | 4;
  readonly at?: number;
  readonly registers?: Readonly<Record<number, number>>;
  readonly known?: readonly JumpTable[];
  /** The instructions at which another path begins. */
  readonly starts?: readonly number[];
}

/** Looks for the table of the last of some instructions. */
function search(
  words: readonly number[],
  { entries, entryBytes, at = TABLE, registers = {}, known = [], starts = [] }: Given,
): JumpTable | undefined {
  const bytes = new Uint8Array(SIZE);
  const view = new DataView(bytes.buffer);
  entries.forEach((entry, n) => {
    if (entryBytes === 1) view.setUint8(at + n, entry);
    else if (entryBytes === 2) view.setUint16(at + 2 * n, entry, true);
    else view.setInt32(at + 4 * n, entry, true);
  });
  const path = new TablePath();
  words.forEach((word, n) => {
    const i = decode(word, CODE + 4 * n);
    assert.ok(i !== undefined, word.toString(16));
    path.follow(i, n === 0 || starts.includes(n));
  });
  const around = {
    bytes,
    shape: { base: 0, size: SIZE, readable: 0x1000, writable: WRITABLE },
    isExecutable: (address: number) => address >= CODE && address < EXECUTABLE,
    registerNow: (index: number) => registers[index] ?? 0,
  };
  return path.find(around, new Map(known.map((one) => [one.load, one])));
}

const compare = 0x7100_0dff; // CMP W15, #3
const label = 0x1000_008d; // ADR X13, 16 bytes on
const page = 0xf000_0009; // ADRP X9, three pages on: TABLE
const loadByte = 0x386f_6930; // LDRB W16, [X9, X15]
const loadHalf = 0x786f_7930; // LDRH W16, [X9, X15, LSL #1]
const loadWord = 0xb8af_7930; // LDRSW X16, [X9, X15, LSL #2]
const addScaled = 0x8b10_09ad; // ADD X13, X13, X16, LSL #2
const addTable = 0x8b10_012d; // ADD X13, X9, X16
const jump = 0xd61f_01a0; // BR X13

/** The second instruction is ADR. */
const LABEL = CODE + 4 + 16;
const targetsFrom = (at: number, entries: readonly number[], shift: number): number[] =>
  entries.map((entry) => at + entry * 2 ** shift);

test("tables of distances from a label, as long as the comparison says", () => {
  const entries = [1, 3, 5, 7, 9];
  const taken = entries.slice(0, 4);
  for (const [entryBytes, load] of [
    [1, loadByte],
    [2, loadHalf],
  ] as const) {
    const table = search([compare, label, page, load, addScaled, jump], { entries, entryBytes });
    assert.deepEqual(table, {
      load: CODE + 12,
      index: 15,
      base: 9,
      label: { register: 13, value: LABEL },
      at: TABLE,
      sizeBytes: 4 * entryBytes,
      targets: targetsFrom(LABEL, taken, 2),
      entries: taken,
      isBounded: true,
    });
  }
});

test("a table of distances from itself, with a comparison or as long as it leads to code", () => {
  const targets = [0x1100, 0x1200, 0x1300, 0x1100, 0x1500];
  const entries = targets.map((target) => target - TABLE);
  const given = { entries, entryBytes: 4 } as const;
  assert.deepEqual(search([compare, page, loadWord, addTable, jump], given)?.targets, targets.slice(0, 4));
  // Zeros behind it lead to the table, which is no code.
  assert.deepEqual(search([page, loadWord, addTable, jump], given)?.targets, targets);
  // ADD X9, X9, #1, LSL #12 from two pages on; ADD X9, X9, #0.
  assert.deepEqual(
    search([0xd000_0009, 0x9140_0529, 0x9100_0129, loadWord, addTable, jump], given)?.targets,
    targets,
  );
  const registers = { 9: TABLE };
  assert.deepEqual(search([loadWord, addTable, jump], { ...given, registers })?.targets, targets);
});

test("the comparison may be before a branch that leads there", () => {
  const entries = [1, 3, 5, 7, 9];
  // B.HI to the next instruction, where another path begins.
  const words = [compare, label, 0x5400_0028, page, loadByte, addScaled, jump];
  const table = search(words, { entries, entryBytes: 1, starts: [3] });
  assert.deepEqual(table?.targets, targetsFrom(LABEL, entries.slice(0, 4), 2));
});

test("a table that was met before is known by its load", () => {
  const entries = [1, 3, 5];
  const words = [compare, label, page, loadByte, addScaled, jump];
  const table = search(words, { entries, entryBytes: 1 });
  assert.ok(table !== undefined);
  assert.equal(search(words, { entries: [], entryBytes: 1, known: [table] }), table);
});

test("what may change, leads nowhere or is none", () => {
  const entries = [1, 3, 5, 7];
  const bytes = { entries, entryBytes: 1 } as const;
  const none = (words: readonly number[], given: Given = bytes): void =>
    assert.equal(search(words, given), undefined);
  none([label, page, loadByte, addScaled, jump]); // no comparison
  none([compare, page, loadByte, addScaled, jump]); // no label
  none([compare, label, loadByte, addScaled, jump], { ...bytes, registers: { 9: 0x800 } }); // not to be read
  none([compare, label, loadByte, addScaled, jump], { ...bytes, registers: { 9: WRITABLE } });
  none([compare, label, page, loadByte, addScaled, jump], { ...bytes, entries: [1, 3, 1, 3] }); // two ways
  none([compare, label, page, loadByte, addScaled, 0xd61f_01c0]); // BR X14
  none([compare, label, page, loadByte, 0x8b50_09ad, jump]); // LSR #2
  none([compare, label, page, loadByte, 0x0b10_09ad, jump]); // W13
  none([compare, label, page, 0x3940_0530, addScaled, jump]); // LDRB W16, [X9, #1]
  none([compare, label, page, 0x786f_6930, addScaled, jump], { ...bytes, entryBytes: 2 }); // without LSL #1
  none([compare, label, page, addScaled, jump]); // no load
  const words = [0x2000, 0x8000, 0x9000].map((target) => target - TABLE);
  none([page, loadWord, addTable, jump], { entries: words, entryBytes: 4 }); // not code
});
