// What translated code takes for plain memory is what the page tables give: the MMU, which walks them for the interpreter, is asked for
// every page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../../test/x86-64/random.js";
import { pageSize } from "../../bytes/align.js";
import type { Access } from "../contract.js";
import { guestBase } from "../portable/memory/state.js";
import { Cpu } from "./cpu.js";
import { GuestFault } from "./fault.js";
import { plainMemory } from "./flat.js";
import { Mmu } from "./mmu.js";

const SIZE = 6 << 20;
const [PML4, PDPT, PD, PT] = [0x1000, 0x2000, 0x3000, 0x4000];
const [PRESENT, WRITABLE, USER, LARGE] = [1, 2, 4, 0x80];
const ALL = PRESENT | WRITABLE | USER;
const LARGE_PAGE = 0x20_0000;
const guest = { exceptions: "guest", protections: [] } as const;

/** Tables that map memory flat: its first two large pages in small ones. */
function flat(): { cpu: Cpu; mmu: Mmu; entry: (at: number, value: number) => void } {
  const buffer = new ArrayBuffer(guestBase(SIZE) + SIZE);
  const cpu = new Cpu(buffer);
  cpu.cr0 = 0x8001_0001n;
  cpu.efer = 0x500n;
  cpu.cr3 = BigInt(PML4);
  const mmu = new Mmu(buffer, SIZE, cpu, [], false);
  const entry = (at: number, value: number): void => {
    mmu.set(at, value);
    mmu.set(at + 4, 0);
  };
  entry(PML4, PDPT | ALL);
  entry(PDPT, PD | ALL);
  for (let n = 0; n < 2; n++) {
    entry(PD + 8 * n, (PT + n * pageSize) | ALL);
    for (let page = 0; page < 512; page++)
      entry(PT + n * pageSize + 8 * page, (n * LARGE_PAGE + page * pageSize) | ALL);
  }
  entry(PD + 16, (2 * LARGE_PAGE) | ALL | LARGE);
  return { cpu, mmu, entry };
}

/** From where on every page is its own, and may be accessed so. */
function plainFrom(mmu: Mmu, access: Access): number {
  for (let page = SIZE - pageSize; page >= 0; page -= pageSize) {
    try {
      if (mmu.byteAt(page, access) === mmu.base + page) continue;
    } catch (error) {
      if (!(error instanceof GuestFault)) throw error;
    }
    return page + pageSize;
  }
  return 0;
}

function agrees(cpu: Cpu, mmu: Mmu): void {
  const plain = plainMemory(cpu, mmu, guest);
  mmu.flush();
  const readable = plainFrom(mmu, "read");
  const writable = Math.max(readable, plainFrom(mmu, "write"));
  if (plain === undefined) assert.equal(readable, SIZE);
  else assert.deepEqual(plain, { size: SIZE, readable, writable });
}

test("flat tables are plain from the start", () => {
  const { cpu, mmu } = flat();
  assert.deepEqual(plainMemory(cpu, mmu, guest), { size: SIZE, readable: 0, writable: 0 });
  agrees(cpu, mmu);
});

test("tables with holes, and pages that are elsewhere or not for all, are plain above them", () => {
  const { below, pick } = random(1);
  for (let round = 0; round < 200; round++) {
    const { cpu, mmu, entry } = flat();
    if (below(2) === 0) cpu.cpl = 3;
    for (let edits = below(4); edits > 0; edits--) {
      const isSmall = below(3) > 0;
      const page = below(1024);
      const bits = pick([ALL, ALL & ~PRESENT, ALL & ~WRITABLE, ALL & ~USER]);
      const moved = pick([0, 0, pageSize]);
      if (isSmall) entry(PT + 8 * page, (page * pageSize + moved) | bits);
      else entry(PD + 16, (2 * LARGE_PAGE) | bits | LARGE);
      if (below(20) === 0) entry(pick([PML4, PDPT, PD]), pick([0, PDPT | PRESENT, PD | PRESENT | USER]));
    }
    agrees(cpu, mmu);
  }
});

test("nothing is plain without paging, without long mode, and with pages of 1 GiB", () => {
  const { cpu, mmu, entry } = flat();
  cpu.efer = 0x100n;
  assert.equal(plainMemory(cpu, mmu, guest), undefined);
  cpu.efer = 0x500n;
  cpu.cr0 = 1n;
  assert.equal(plainMemory(cpu, mmu, guest), undefined);
  cpu.cr0 = 0x8001_0001n;
  entry(PDPT, ALL | LARGE);
  assert.equal(plainMemory(cpu, mmu, guest), undefined);
});

test("a process's memory is plain above what the host protects", () => {
  const { cpu, mmu } = flat();
  const range = (start: number, end: number, read: boolean, write: boolean) => ({
    start,
    end,
    read,
    write,
    execute: false,
  });
  const protections = [
    range(0, 0x1000, false, false),
    range(0x2000, 0x3000, true, false),
    { ...range(0x4000, 0x5000, true, true), isSeldomWritten: true as const },
    range(0x9000, 0x9000, false, false),
  ];
  assert.deepEqual(plainMemory(cpu, mmu, { exceptions: "exit", protections }), {
    size: SIZE,
    readable: 0x1000,
    writable: 0x5000,
  });
});
