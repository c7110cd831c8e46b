// What an earlier run has left of its decoded records is taken only where heads and entries of the table are where there can be some.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FIRST, LONGEST, RECORD, table } from "./layout.js";
import { areSound, type StoredRecords } from "./records.js";

/** Two blocks, of one record and of two; each has a head before and an end behind. */
const counts = [1, 2] as const;
const heads = [FIRST, FIRST + 3 * RECORD] as const;

function recordsOf(
  changes: Partial<StoredRecords> = {},
  [first, second]: readonly number[] = counts,
): StoredRecords {
  const image = new Uint8Array(7 * RECORD);
  const view = new DataView(image.buffer);
  view.setUint32(0, first ?? 0, true);
  view.setUint32(3 * RECORD, second ?? 0, true);
  return {
    heads: Uint32Array.from(heads),
    image,
    entries: Uint32Array.of(table.start, heads[0], 0, table.start + table.entrySize, heads[0], heads[1]),
    pages: new Uint32Array(4),
    ran: new Uint8Array(512),
    called: new Uint32Array(),
    ...changes,
  };
}

test("records as they are kept are sound, as is nothing", () => {
  assert.ok(areSound(recordsOf()));
  const none = new Uint32Array();
  assert.ok(areSound(recordsOf({ heads: none, entries: none, pages: none, ran: new Uint8Array() })));
});

test("what cannot have been kept is not taken", () => {
  const entriesWith = (...words: number[]) => recordsOf({ entries: Uint32Array.from(words) });
  const headsAt = (...at: number[]) => recordsOf({ heads: Uint32Array.from(at) });
  const unsound = {
    "a part of a record": recordsOf({ image: new Uint8Array(7 * RECORD + 1) }),
    "a part of an entry": entriesWith(table.start, heads[0]),
    "a part of a page": recordsOf({ pages: new Uint32Array(3) }),
    "instructions of no page": recordsOf({ ran: new Uint8Array(1024) }),
    "an entry before the table": entriesWith(table.start - table.entrySize, heads[0], 0),
    "an entry behind the table": entriesWith(FIRST, heads[0], 0),
    "an entry between two": entriesWith(table.start + 1, heads[0], 0),
    "an entry's head before all": entriesWith(table.start, FIRST - RECORD, 0),
    "an entry's head amid a record": entriesWith(table.start, 0, FIRST + 1),
    "an entry's head behind all": entriesWith(table.start, FIRST + 7 * RECORD, 0),
    "a head amid a record": headsAt(FIRST + 8),
    "a head behind all": headsAt(FIRST + 7 * RECORD),
    "heads that do not ascend": headsAt(heads[1], heads[0]),
    "a head in another block": headsAt(FIRST, FIRST + RECORD),
    "a block of nothing": recordsOf({}, [0, 2]),
    "a block that goes on behind all": recordsOf({}, [1, 3]),
    "a block that is too long": recordsOf({ image: new Uint8Array(200 * RECORD).fill(LONGEST + 1, 0, 1) }),
  };
  for (const [what, records] of Object.entries(unsound)) assert.ok(!areSound(records), what);
});
