// What the first tier keeps in the WebAssembly memory: a record for every decoded instruction, a head before each block,
// and a table of heads by address. Addresses of all of them are relative to the arena's start. All little endian.
import { state } from "../state.js";

/** The size of a record and of a head in bytes. */
export const RECORD = 48;

/** Offsets in a record; sizes in comments. */
export const record = {
  /** 4: the index of its handler in the table. */
  handler: 0,
  /** 2 each: where in the state area its registers are, in the order of its operands. */
  registers: 4,
  /** 4: the head where a jump leads, or the one last called indirectly; 0 is none. */
  link: 12,
  /** 8: a memory operand's displacement, signed; the target of a direct jump as a double. */
  displacement: 16,
  /** 8: an immediate, or the address after a call. */
  immediate: 24,
  /** 4: the head of the block behind a branch; `NEXT_STUB` is none. */
  next: 24,
  /** 8: its address, a double. */
  pc: 32,
  /** 4: its block's head. */
  head: 40,
  /** 2: how many instructions follow it in its block. */
  rest: 44,
  /** 1: its length in bytes; 0 for what stands for no instruction. */
  length: 46,
  /** 1: `recordFlags`. */
  flags: 47,
} as const;

export const REGISTERS = 4;
/** The most instructions of a block. */
export const LONGEST = 64;

export const recordFlags = {
  /** An indirect call that has been seen to go to many places. */
  megamorphic: 1,
  /** Its handler is not made yet. */
  pending: 2,
  /** How it ends its block, an index of `ends` from this bit on. */
  end: 4,
} as const;

/** The ways in which a record may lead to a head, by number. */
export const ends = ["none", "jump", "branch", "call", "indirect", "callTo", "link"] as const;
export type EndKind = (typeof ends)[number];

/** Offsets in a head. Its block's first record follows it. */
export const head = {
  /** 4: instructions in the block; `INVALID` where it must be decoded again. */
  count: 0,
  /** 4: jumps to it until JavaScript hears of it; signed. */
  countdown: 4,
  /** 4: 1 where there is translated code. */
  translated: 8,
  /** 8: its address, signed; -1 is none. */
  key: 16,
  /** 8: its address, a double. */
  pc: 32,
} as const;

/** No fuel is enough for so many. */
export const INVALID = 0x7fff_ffff;
/** A countdown that hardly ends. */
export const MAX_FUEL = 2 ** 30;

/** The heads that stand for none: where a jump leads, and what follows a branch. */
export const STUB = 0;
export const NEXT_STUB = RECORD;

/** Heads by address, in pairs: the latest first. */
export const table = { start: 4096, entries: 65536, entrySize: 8 } as const;
/** Where records begin. */
export const FIRST = table.start + table.entries * table.entrySize;
/** Less is not worth it. */
export const LEAST_ARENA = FIRST + (1 << 20);

/** The entry for an address: its low bits, with some above them mixed in. `hashShift` in code must do the same. */
export const HASH_SHIFT = 16;
export const entryOf = (low: number): number =>
  table.start + ((low ^ (low >>> HASH_SHIFT)) & (table.entries - 1)) * table.entrySize;

/** The tier's words in the state area, offsets in bytes. */
export const words = {
  /** 4: the record whose jump left, and the head that could not be entered. */
  from: state.threaded,
  head: state.threaded + 4,
  /** 4: instructions left. */
  fuel: state.threaded + 8,
  /** 8: where an indirect jump goes. */
  target: state.threaded + 16,
} as const;
