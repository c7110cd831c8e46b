// Translated code as bytes that a later run can take: one module with all units, and what has to be known of them. The
// length of a JSON head in 4 bytes, the head, the module, what the first tier keeps. docs/engine.md.
import { pageSize } from "../../../bytes/align.js";
import type { MemoryShape } from "../ir/access.js";
import type { HeldPages } from "./held-pages.js";
import { pageHash } from "./page-hash.js";
import { CAREFUL_KEY } from "./protocol.js";
import { translatorVersion } from "./version.js";

/** What translated code depends on beside the guest's code: it fits only where all of it is the same. */
export interface StoredKey {
  readonly version: string;
  /** With the variant that the host's WebAssembly makes of its code. */
  readonly isa: string;
  readonly counts: boolean;
  readonly keepsFlags: boolean;
  readonly shape: MemoryShape;
}

/**
 * A unit: its entry, the bytes of guest code, how many other addresses it is entered at, and these; then two numbers for each
 * call: `CallSite`. In the module's order.
 */
export type StoredUnit = readonly number[];

interface Head {
  readonly key: StoredKey;
  /** Guest addresses of the table's slots, from slot 1 on. */
  readonly slots: readonly number[];
  /** Addresses known to be called. */
  readonly entries: readonly number[];
  /** Pages that code was translated from, each with the hash of its contents. */
  readonly pages: readonly number[];
  /** The same for pages with jump tables. */
  readonly tables: readonly number[];
  readonly units: readonly StoredUnit[];
}

export interface StoredCode extends Head {
  readonly module: Uint8Array;
}

/** With what the tiers below keep for themselves. */
export interface Stored {
  readonly code: StoredCode;
  /** Where calls and jumps went: two numbers each, the instruction's address and the target. */
  readonly calls: readonly number[];
  readonly jumps: readonly number[];
  readonly tier: Uint8Array | undefined;
}

const HEAD = 4;
const ALIGNMENT = 8;

export function encodeStored({ code: { module, ...head }, calls, jumps, tier }: Stored): Uint8Array {
  const { length } = module;
  const text = JSON.stringify({ ...head, calls, jumps, moduleBytes: length });
  // ASCII alone, and spaces behind it, so that typed arrays fit on what the tier has stored.
  const textBytes = text.length + ((-HEAD - text.length - length) & (ALIGNMENT - 1));
  const bytes = new Uint8Array(HEAD + textBytes + length + (tier?.length ?? 0));
  new DataView(bytes.buffer).setUint32(0, textBytes, true);
  bytes.set(new TextEncoder().encode(text.padEnd(textBytes)), HEAD);
  bytes.set(module, HEAD + textBytes);
  if (tier !== undefined) bytes.set(tier, HEAD + textBytes + length);
  return bytes;
}

/** What the bytes say, or undefined where they are not what `encodeStored` of this translator makes. */
export function decodeStored(bytes: Uint8Array): Stored | undefined {
  try {
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0, true);
    const text = new TextDecoder().decode(bytes.subarray(HEAD, HEAD + length));
    const { calls, jumps, moduleBytes, ...head } = JSON.parse(text) as Head &
      Pick<Stored, "calls" | "jumps"> & { readonly moduleBytes: number };
    const lists = [head.slots, head.entries, head.pages, head.tables, calls, jumps, ...head.units];
    const isSound = lists.every((list) => Array.isArray(list) && list.every(isAddress));
    if (!isSound || !isAddress(moduleBytes) || head.key.version !== translatorVersion) return undefined;
    const end = HEAD + length + moduleBytes;
    const tier = end < bytes.length ? bytes.subarray(end) : undefined;
    return { code: { ...head, module: bytes.subarray(HEAD + length, end) }, calls, jumps, tier };
  } catch {
    return undefined;
  }
}

const isAddress = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 * CAREFUL_KEY;

export const isSameKey = (a: StoredKey, b: StoredKey): boolean =>
  a.version === b.version &&
  a.isa === b.isa &&
  a.counts === b.counts &&
  a.keepsFlags === b.keepsFlags &&
  a.shape.base === b.shape.base &&
  a.shape.size === b.shape.size &&
  a.shape.readable === b.shape.readable &&
  a.shape.writable === b.shape.writable;

/** What has a key. */
export interface Keyed extends Omit<StoredKey, "version" | "isa"> {
  readonly isa: { readonly name: string; readonly codeVariant?: () => string };
}

export const keyOf = ({ isa, counts, keepsFlags, shape }: Keyed): StoredKey => ({
  version: translatorVersion,
  isa: `${isa.name}${isa.codeVariant?.() ?? ""}`,
  counts,
  keepsFlags,
  shape,
});

/** The page numbers of a list in which each is followed by its hash. */
export const pagesIn = (list: readonly number[]): number[] => list.filter((_, index) => index % 2 === 0);

/** Whether the guest's code is what stored code was made from. */
export function isUsable(
  { pages, tables }: StoredCode,
  { bytes, isExecutable }: { readonly bytes: Uint8Array; readonly isExecutable: (pc: number) => boolean },
): boolean {
  if (!holdSame(bytes, pages) || !holdSame(bytes, tables)) return false;
  return pagesIn(pages).every((page) => isExecutable(page * pageSize));
}

/** Page numbers with the hashes of what guest memory holds there. */
export const withHashes = (memory: Uint8Array, pages: Iterable<number>): number[] =>
  [...pages].flatMap((page) => [page, pageHash(memory, page)]);

/** What is stored of units, with what they follow from. */
export const storedWith = (
  code: Keyed & { readonly bytes: Uint8Array },
  entries: Iterable<number>,
  held: Pick<HeldPages, "code" | "tables">,
  units: Pick<StoredCode, "slots" | "units" | "module">,
): StoredCode => ({
  key: keyOf(code),
  entries: [...entries],
  pages: withHashes(code.bytes, held.code),
  tables: withHashes(code.bytes, held.tables),
  ...units,
});

/** Whether the pages hold what they held. */
export function holdSame(memory: Uint8Array, pages: readonly number[]): boolean {
  for (let index = 0; index + 1 < pages.length; index += 2) {
    if (pageHash(memory, pages[index] ?? 0) !== pages[index + 1]) return false;
  }
  return pages.length % 2 === 0;
}
