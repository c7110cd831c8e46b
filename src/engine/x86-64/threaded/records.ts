// What is decoded, as a later run can take it: the arena's bytes as they are, where the heads are in it, and the pages that
// the code is in. Blocks are taken whose pages hold now what they held when the first of their code was decoded.
import { pageSize } from "../../../bytes/align.js";
import type { Core } from "../core.js";
import type { Arena } from "./arena.js";
import type { Blocks } from "./blocks.js";
import { FIRST, head as headOffset, INVALID, LONGEST, RECORD, recordFlags, table } from "./layout.js";

export interface StoredRecords {
  /** Offsets of heads in the arena, ascending. */
  readonly heads: Uint32Array;
  /** The arena from `FIRST` on. */
  readonly image: Uint8Array;
  /** Entries of the table of heads, three words each: where it is, and its two heads. */
  readonly entries: Uint32Array;
  /** Pages, four words each: the number, linear and physical, the hash, and which lines hold code. */
  readonly pages: Uint32Array;
  /** Which instructions of these pages have run, `ranBytes` each. */
  readonly ran: Uint8Array;
  /** What they call. */
  readonly called: Uint32Array;
}

/** More is not worth its reading. */
const MOST_BYTES = 16 << 20;
const ranBytes = pageSize / 8;
const PAGE_WORDS = 4;

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
      words.setInt32(head - FIRST + headOffset.translated, 0, true);
      bytes += (arena.count(head) + 2) * RECORD;
    } else words.setInt32(head - FIRST + headOffset.count, INVALID, true);
  }
  if (bytes < used / 2) return none;
  return {
    heads: Uint32Array.from(kept).sort(),
    image,
    entries: Uint32Array.from(arena.entries()),
    pages: Uint32Array.from(pages.flatMap(([page, hash]) => [page, hash, ...core.mmu.linesOf(page)])),
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

/**
 * Whether heads and entries are where there can be some. Records are not looked at: a handler that is none, or a head elsewhere, can do no
 * more than a handler's own code could.
 */
export function areSound({ heads, image, entries, pages, ran }: StoredRecords): boolean {
  if (image.length % RECORD !== 0 || entries.length % 3 !== 0) return false;
  if (pages.length % PAGE_WORDS !== 0 || ran.length !== (pages.length / PAGE_WORDS) * ranBytes) return false;
  const end = FIRST + image.length;
  const isPlace = (at: number) => at >= FIRST && at < end && (at - FIRST) % RECORD === 0;
  for (let index = 0; index < entries.length; index++) {
    const value = entries[index] ?? 0;
    if (index % 3 === 0 ? !isEntry(value) : value !== 0 && !isPlace(value)) return false;
  }
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  let least: number = FIRST;
  for (const head of heads) {
    if (head < least || !isPlace(head)) return false;
    const count = view.getUint32(head - FIRST, true);
    least = head + (count + 2) * RECORD;
    if (count === 0 || count > LONGEST || least > end) return false;
  }
  return true;
}

/** Takes pages that hold what they held; gives their numbers. */
function takePages(stored: StoredRecords, core: Core, blocks: Blocks): ReadonlySet<number> {
  const { pages } = stored;
  const taken = new Set<number>();
  for (let index = 0; PAGE_WORDS * index < pages.length; index++) {
    const [page = 0, hash = 0, low = 0, high = 0] = pages.subarray(PAGE_WORDS * index);
    if (!isPage(core, page, hash)) continue;
    taken.add(page);
    blocks.hashes.set(page, hash);
    core.mmu.holdsLines(page, low, high);
    core.ran.add(page, stored.ran.subarray(index * ranBytes, (index + 1) * ranBytes));
  }
  for (const pc of stored.called) core.ran.markCalled(pc);
  return taken;
}

/** Takes blocks whose code is as it was, into an arena without any. `countdown`: jumps to each until it is hot. */
export function takeRecords(
  stored: StoredRecords,
  core: Core,
  arena: Arena,
  blocks: Blocks,
  countdown: (pc: number) => number,
): void {
  const { heads, image, entries, pages } = stored;
  if (!arena.fill(image, entries)) return;
  const taken = takePages(stored, core, blocks);
  const areAll = PAGE_WORDS * taken.size === pages.length;
  for (const head of heads) {
    const pc = arena.pc(head);
    if (areAll || (taken.has(pageOf(pc)) && taken.has(pageOf(endOf(arena, head) - 1)))) {
      blocks.take(pc, head);
      arena.setWord(head + headOffset.countdown, countdown(pc));
    } else arena.setWord(head + headOffset.count, INVALID);
  }
}
