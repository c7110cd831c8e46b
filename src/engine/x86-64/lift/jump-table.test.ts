// Jumps by tables as compilers write them, and what only looks like one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "../../../isa/x86-64/decoder.js";
import type { JumpTable } from "../../portable/guest-isa.js";
import { TablePath } from "./jump-table.js";

const SIZE = 0x10000;
const CODE = 0x1000;
const TABLE = 0x4000;
/** Code is executable up to here, and memory may be written from there on. */
const [EXECUTABLE, WRITABLE] = [0x4000, 0x8000];

interface Given {
  /** What is in the table: addresses of 8 bytes, or distances from it of 4. */
  readonly entries: readonly number[];
  readonly width: 4 | 8;
  readonly at?: number;
  readonly registers?: Readonly<Record<number, number>>;
  readonly known?: readonly JumpTable[];
}

/** In the list of instructions: what follows it is another path, as behind a branch. */
const path = "";

/** Looks for the table of the last of some instructions, given in hex; the address of each is given with the table's. */
function search(code: readonly string[], { entries, width, at = TABLE, registers = {}, known = [] }: Given) {
  const bytes = new Uint8Array(SIZE);
  const view = new DataView(bytes.buffer);
  entries.forEach((entry, index) => {
    if (width === 8) view.setBigUint64(at + 8 * index, BigInt.asUintN(64, BigInt(entry)), true);
    else view.setInt32(at + 4 * index, entry, true);
  });
  const found = new TablePath();
  const pcs: number[] = [];
  let pc = CODE;
  let isStart = true;
  for (const text of code) {
    if (text === path) {
      isStart = true;
      continue;
    }
    bytes.set(Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex")), pc);
    const i = decode(bytes, pc, pc);
    assert.ok(typeof i !== "string", text);
    found.follow(i, isStart);
    isStart = false;
    pcs.push(pc);
    pc = i.next;
  }
  const around = {
    bytes,
    shape: { base: 0, size: SIZE, readable: 0x1000, writable: WRITABLE },
    isExecutable: (address: number) => address >= CODE && address < EXECUTABLE,
    registerNow: (index: number) => registers[index] ?? 0,
  };
  return { table: found.find(around, new Map(known.map((one) => [one.load, one]))), pcs };
}

const cmp = "48 83 ff 03"; // cmp rdi, 3
const jumpAbsolute = "ff 24 fd 00 40 00 00"; // jmp [0x4000 + rdi * 8]
const lea = "48 8d 05 f5 2f 00 00"; // lea rax, [rip + 0x2ff5]
const load = "48 63 0c b8"; // movsxd rcx, [rax + rdi * 4]
const add = "48 01 c1"; // add rcx, rax
const jumpRegister = "ff e1"; // jmp rcx
const jb = "73 02"; // jae, over the rest

test("a table of addresses, as long as the comparison before says", () => {
  const entries = [0x1100, 0x1200, 0x1300, 0x1400, 0x1500];
  const { table, pcs } = search([cmp, jb, jumpAbsolute], { entries, width: 8 });
  assert.deepEqual(table, {
    at: TABLE,
    sizeBytes: 32,
    targets: entries.slice(0, 4),
    entries: entries.slice(0, 4),
    load: pcs[2],
    index: 7,
    base: -1,
    isBounded: true,
  });
  // Without one, as long as there are addresses of code.
  const { table: rest } = search([jumpAbsolute], { entries, width: 8 });
  assert.deepEqual([rest?.targets, rest?.isBounded], [entries, false]);
});

test("a comparison counts behind its branch, and so do bits that are cut", () => {
  // What belongs to another table follows at once, and would be code if it were distances from this one.
  const targets = [0x1100, 0x1200, 0x1300, 0x1400, 0x1500];
  const entries = targets.map((target) => target - TABLE);
  for (const bound of [[cmp, jb], ["83 e7 03"]]) {
    const { table } = search([...bound, path, load, add, jumpRegister], {
      entries,
      width: 4,
      registers: { 0: TABLE },
    });
    assert.deepEqual(
      [table?.targets, table?.isBounded],
      bound.length === 2 ? [targets.slice(0, 4), true] : [targets, false],
    );
  }
  const { table } = search(["83 e7 03", load, add, jumpRegister], {
    entries,
    width: 4,
    registers: { 0: TABLE },
  });
  assert.deepEqual([table?.targets, table?.isBounded], [targets.slice(0, 4), true]);
});

test("a table of distances, from a register that the function has set or that holds its address now", () => {
  const targets = [0x1100, 0x1200, 0x1300, 0x1100];
  const entries = targets.map((target) => target - TABLE);
  const { table, pcs } = search([cmp, lea, load, add, jumpRegister], { entries, width: 4 });
  assert.ok(table !== undefined);
  assert.deepEqual([table.at, table.load, table.base, table.index], [TABLE, pcs[2], 0, 7]);
  assert.deepEqual([table.targets, table.entries, table.sizeBytes], [targets, entries, 16]);
  const now = search([cmp, load, add, jumpRegister], { entries, width: 4, registers: { 0: TABLE } });
  assert.deepEqual(now.table?.targets, targets);
  // A table that was met before is known by the load, whatever the register holds.
  assert.deepEqual(search([cmp, load, add, jumpRegister], { entries, width: 4 }).table, undefined);
  const before = { ...table, load: CODE + 4 };
  const again = search([cmp, load, add, jumpRegister], { entries, width: 4, known: [before] });
  assert.equal(again.table, before);
});

test("a table whose length was not known when it was met is read again where it is", () => {
  const targets = [0x1100, 0x1200, 0x1300, 0x1400, 0x1500];
  const given = {
    entries: targets.map((target) => target - TABLE),
    width: 4,
    registers: { 0: TABLE },
  } as const;
  const jump = [path, load, add, jumpRegister];
  const { table: whole } = search(jump, given);
  assert.ok(whole !== undefined && !whole.isBounded);
  const known = [{ ...whole, load: CODE + 6 }];
  assert.deepEqual(search([cmp, jb, ...jump], { ...given, known }).table?.targets, targets.slice(0, 4));
});

test("what may change, leads nowhere or is none", () => {
  const entries = [0x1100, 0x1200, 0x1300];
  const far = "ff 24 fd 00 90 00 00";
  assert.equal(search([far], { entries, width: 8, at: 0x9000 }).table, undefined, "in writable memory");
  assert.equal(search([jumpAbsolute], { entries: [0x5000], width: 8 }).table, undefined, "no code");
  assert.equal(search([jumpAbsolute], { entries: [0x1100, 0x1200], width: 8 }).table, undefined, "two ways");
  assert.equal(
    search([jumpAbsolute], { entries: [2 ** 33, 0x1200, 0x1300, 0x1400], width: 8 }).table,
    undefined,
    "beyond 4 GiB",
  );
  assert.equal(search(["ff e0"], { entries, width: 8 }).table, undefined, "jmp rax");
  assert.equal(search(["ff 20"], { entries, width: 8 }).table, undefined, "jmp [rax]");
  const distances = entries.map((target) => target - TABLE);
  const other = "48 63 4c b8 08"; // movsxd rcx, [rax + rdi * 4 + 8]
  assert.equal(search([lea, other, add, jumpRegister], { entries: distances, width: 4 }).table, undefined);
  assert.equal(
    search([lea, load, "48 29 c1", jumpRegister], { entries: distances, width: 4 }).table,
    undefined,
  );
  assert.equal(search([load, add, "ff e2"], { entries: distances, width: 4 }).table, undefined, "jmp rdx");
});
