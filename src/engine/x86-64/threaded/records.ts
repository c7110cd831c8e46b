// What is decoded, as a later run can take it: the arena's bytes as they are, where the heads are in it, and the pages that
// the code is in. Blocks are taken whose pages hold now what they held when the first of their code was decoded.
import { pageSize } from "../../../bytes/align.js";
import type { Core } from "../core.js";
import type { Arena } from "./arena.js";
import type { Blocks } from "./blocks.js";
import {
  FIRST,
  head as headOffset,
  INVALID,
  LONGEST,
  RECORD,
  record as recordOffset,
  recordFlags,
  table,
} from "./layout.js";

export interface StoredRecords {
  /** Offsets of heads in the arena, ascending. */
  readonly heads: Uint32Array;
  /** The arena from `FIRST` on. */
  readonly image: Uint8Array;
  /** Entries of the table of heads, three words each: where it is, and its two heads. */
  readonly entries: Uint32Array;
  /** Pages, two words each: the number, linear and physical, and the hash. */
  readonly pages: Uint32Array;
  /** Which instructions of these pages have run, `ranBytes` each. */
  readonly ran: Uint8Array;
  /** What they call. */
  readonly called: Uint32Array;
}

/** More is not worth its reading. */
const MOST_BYTES = 16 << 20;
const ranBytes = pageSize / 8;
/** Where records have their links, in words. */
const LINK = recordOffset.link >> 2;

const pageOf = (pc: number): number => Math.floor(pc / pageSize);

/** The address behind a block. */
const endOf = (arena: Arena, head: number): number => arena.pc(head + (arena.count(head) + 1) * RECORD);

/** Whether a page is where its address says, may be executed and has a hash. */
function isPage({ mmu }: Core, page: number, hash: number): boolean {
  const place = mmu.base + page * pageSize;
  try {
    if (mmu.byteAt(page * pageSize, "execute") !== place) return false;
  } catch {
    return false;
  }
  return mmu.hashOf(page) === hash;
}

/** Whether all records of a block have their handlers, or are slow. */
function isWhole(arena: Arena, head: number): boolean {
  const end = head + (arena.count(head) + 1) * RECORD;
  for (let at = head + RECORD; at < end; at += RECORD) {
    if (arena.hasFlag(at, recordFlags.pending)) return false;
  }
  return true;
}

const none: StoredRecords = {
  heads: new Uint32Array(),
  image: new Uint8Array(),
  entries: new Uint32Array(),
  pages: new Uint32Array(),
  ran: new Uint8Array(),
  called: new Uint32Array(),
};

/** What is decoded of code that has not changed; nothing where most of the arena is something else. */
export function storedRecords(core: Core, arena: Arena, blocks: Blocks): StoredRecords {
  const { used } = arena;
  if (used > MOST_BYTES) return none;
  const pages = [...blocks.hashes].filter(([page, hash]) => isPage(core, page, hash));
  const isKept = new Set(pages.map(([page]) => page));
  const kept: number[] = [];
  const image = arena.u8.slice(FIRST, FIRST + used);
  const words = new DataView(image.buffer);
  let bytes = 0;
  for (const [pc, head] of blocks.heads) {
    if (isKept.has(pageOf(pc)) && isKept.has(pageOf(endOf(arena, head) - 1)) && isWhole(arena, head)) {
      kept.push(head);
      bytes += (arena.count(head) + 2) * RECORD;
    } else words.setInt32(head - FIRST + headOffset.count, INVALID, true);
  }
  if (bytes < used / 2) return none;
  return {
    heads: Uint32Array.from(kept).sort(),
    image,
    entries: Uint32Array.from(arena.entries()),
    pages: Uint32Array.from(pages.flat()),
    ran: concatenated(pages.map(([page]) => core.ran.bitsOf(page) ?? new Uint8Array(ranBytes))),
    called: Uint32Array.from(core.ran.called),
  };
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.length * ranBytes);
  parts.forEach((part, index) => bytes.set(part, index * ranBytes));
  return bytes;
}

/** The bytes at a place of their own: not every `slice` makes one. */
export const copy = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

const isEntry = (at: number): boolean => at >= table.start && at < FIRST && at % table.entrySize === 0;

/** Whether numbers are such that taking them reads and writes nothing outside of the arena. `slots`: of handlers. */
export function areSound({ heads, image, entries, pages, ran }: StoredRecords, slots: number): boolean {
  if (image.length % RECORD !== 0 || entries.length % 3 !== 0) return false;
  if (pages.length % 2 !== 0 || ran.length !== (pages.length / 2) * ranBytes) return false;
  const end = FIRST + image.length;
  const isPlace = (at: number) => at >= FIRST && at < end && (at - FIRST) % RECORD === 0;
  for (let index = 0; index < entries.length; index++) {
    const value = entries[index] ?? 0;
    if (index % 3 === 0 ? !isEntry(value) : value !== 0 && !isPlace(value)) return false;
  }
  const { buffer, byteOffset, length } = image;
  // Words of the image, at a place of its own where it is not aligned.
  const words =
    byteOffset % 4 === 0 ? new Uint32Array(buffer, byteOffset, length / 4) : new Uint32Array(copy(image));
  let least: number = FIRST;
  for (const head of heads) {
    const count = words[(head - FIRST) >> 2] ?? 0;
    const next = head + (count + 2) * RECORD;
    if (head < least || !isPlace(head) || count === 0 || count > LONGEST || next > end) return false;
    least = next;
    // The handler and the link of each record: where handlers go without asking.
    const last = (next - FIRST) >> 2;
    for (let word = (head + RECORD - FIRST) >> 2; word < last; word += RECORD >> 2) {
      if ((words[word] ?? 0) >= slots || (words[word + LINK] ?? 0) >= end) return false;
    }
  }
  return true;
}

/** Takes blocks whose code is as it was, into an arena without any; `begin` is told of each head. */
export function takeRecords(
  stored: StoredRecords,
  core: Core,
  arena: Arena,
  blocks: Blocks,
  begin: (head: number, pc: number) => void,
): void {
  const { mmu, ran } = core;
  const { heads, image, entries, pages } = stored;
  if (!arena.fill(image, entries)) return;
  const good = new Set<number>();
  for (let at = 0; at < pages.length; at += 2) {
    const [page = 0, hash = 0] = [pages[at], pages[at + 1]];
    if (!isPage(core, page, hash)) continue;
    good.add(page);
    blocks.hashes.set(page, hash);
    ran.add(page, stored.ran.subarray((at / 2) * ranBytes, (at / 2 + 1) * ranBytes));
  }
  for (const pc of stored.called) ran.markCalled(pc);
  for (const head of heads) {
    const pc = arena.pc(head);
    const end = endOf(arena, head);
    const [first, last] = [pageOf(pc), pageOf(end - 1)];
    if (!good.has(first) || !good.has(last)) {
      arena.setWord(head + headOffset.count, INVALID);
      continue;
    }
    mmu.holdsCode(mmu.base + pc, end - pc);
    if (last !== first) mmu.holdsCode(mmu.base + last * pageSize, end - last * pageSize);
    blocks.take(pc, head, first, last);
    begin(head, pc);
  }
}
