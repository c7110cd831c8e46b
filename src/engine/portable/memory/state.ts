// The state area at the start of the one WebAssembly memory, shared by interpreter and translated code: the engine's own words,
// and room for the guest's registers. Guest-physical memory follows it. All little endian, offsets in bytes.
import { pageSize } from "../../../bytes/align.js";

/** Offsets of the engine's words; sizes in comments. What is below `translator` and not here is the ISA's. */
export const state = {
  /** 8: the address of the next instruction, signed. */
  pc: 128,
  /** 4: what set the status flags last, the ISA's number for it; 0 where its own word has them. */
  flagsOperation: 144,
  /** 8 each: operands and result of that. */
  flagsA: 152,
  flagsB: 160,
  flagsResult: 168,
  /** 8: instructions executed; a double, exact to 2^53. */
  instructions: 208,
  /** 8: instructions left before a `budget` exit; a double. */
  budget: 216,
  /** Free for the translator: spill areas, fuel, scratch. */
  translator: 1024,
  /** 64: words of the first tier. */
  threaded: 61440,
  /** Where translated code finds units: `link/lookup.ts`. */
  lookup: 65536,
  /** One byte for every guest-physical page: `pageBits`. */
  pages: 65536 + 1024 * 1024,
} as const;

/**
 * What may be done at once with the page of guest memory whose linear and physical addresses are the same; 0 where the
 * slow door must be asked (not mapped so, or not yet known, or watched).
 */
export const pageBits = {
  read: 1,
  write: 2,
  execute: 4,
  /** Holds decoded or translated code: a store must tell. Then `write` is clear. */
  code: 8,
  /** Written since it was last cleared (replay profile). */
  dirty: 16,
} as const;

/** WebAssembly's memory page, and the most that a memory holds. */
const WASM_PAGE = 65536;
const MOST = 2 ** 32;
/** Room for what the first tier decodes: address space, which costs nothing until it is touched. */
const ARENA = 32 << 20;

/** The part of the WebAssembly memory between page map and guest memory: what the first tier decodes; maybe little or none. */
export function arenaOf(sizeBytes: number): { readonly start: number; readonly size: number } {
  const start = state.pages + Math.ceil(sizeBytes / pageSize / WASM_PAGE) * WASM_PAGE;
  const room = Math.floor((MOST - start - sizeBytes) / WASM_PAGE) * WASM_PAGE;
  return { start, size: Math.max(0, Math.min(ARENA, room)) };
}

/** Where guest memory of a size begins: a multiple of 64 KiB. */
export function guestBase(sizeBytes: number): number {
  const { start, size } = arenaOf(sizeBytes);
  return start + size;
}
