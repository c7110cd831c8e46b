// What the first tier keeps for a later run: handlers, the forms that they are of, and what is decoded.
import { decodeSections, encodeSections } from "../../../bytes/sections.js";
import type { StoredHandlers } from "./handlers.js";
import { areSound, copy, type StoredRecords } from "./records.js";

/** What handlers and records depend on beside the guest's code and the engine's version. */
export interface TierKey {
  readonly arena: number;
  readonly base: number;
  readonly size: number;
  readonly memoryPages: number;
  readonly tailCalls: boolean;
}

export interface StoredTier {
  readonly handlers: StoredHandlers;
  /** As `encodeForms` makes them. */
  readonly forms: Uint8Array;
  readonly records: StoredRecords;
  /** How often it has been stored, by one run after the other. */
  readonly stores: number;
}

const names = [
  "key",
  "base",
  "module",
  "forms",
  "heads",
  "image",
  "entries",
  "pages",
  "ran",
  "called",
] as const;

const wordsOf = (
  { arena, base, size, memoryPages, tailCalls }: TierKey,
  counts: readonly number[],
): Float64Array => Float64Array.of(arena, base, size, memoryPages, tailCalls ? 1 : 0, ...counts);

export function encodeTier({ handlers, forms, records, stores }: StoredTier, key: TierKey): Uint8Array {
  const { base, module, count } = handlers;
  return encodeSections(names, {
    ...records,
    key: asBytes(wordsOf(key, [count, stores])),
    base,
    module,
    forms,
    heads: asBytes(records.heads),
    entries: asBytes(records.entries),
    pages: asBytes(records.pages),
    called: asBytes(records.called),
  });
}

/** What the bytes say; undefined where they are not for this key, or not what `encodeTier` makes. */
export function decodeTier(bytes: Uint8Array, key: TierKey): StoredTier | undefined {
  const found = decodeSections(names, bytes);
  if (found === undefined) return undefined;
  const { base, module, forms, image, ran } = found;
  const [count = 0, stores = 0] = new Float64Array(whole(found.key, 8)).subarray(-2);
  const expected = asBytes(wordsOf(key, [count, stores]));
  const isFor = found.key.length === expected.length && found.key.every((byte, at) => byte === expected[at]);
  if (!isFor || !Number.isInteger(count)) return undefined;
  const words = (name: (typeof names)[number]) => new Uint32Array(whole(found[name], 4));
  const [heads, entries] = [words("heads"), words("entries")];
  const records = { heads, entries, image, ran, pages: words("pages"), called: words("called") };
  if (!areSound(records)) return undefined;
  return { handlers: { base, module, count }, forms, records, stores };
}

const asBytes = ({ buffer, byteOffset, byteLength }: Uint32Array | Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** A copy of as many bytes as whole words are. */
const whole = (bytes: Uint8Array, wordBytes: number): ArrayBuffer =>
  copy(bytes.subarray(0, bytes.length - (bytes.length % wordBytes)));
