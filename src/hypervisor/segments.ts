// Segments of x86-64 as hypervisors want them: what a selector names, spelt out, with the rights as VT-x has them. Intel SDM volume 3,
// 3.4.5 and 25.4.1.
import { viewOf } from "../bytes/struct.js";
import type { GuestMemory } from "../image/memory.js";

export interface SegmentState {
  readonly selector: number;
  readonly base: bigint;
  /** Bytes, less one. */
  readonly limit: number;
  readonly type: number;
  readonly s: number;
  readonly dpl: number;
  readonly present: number;
  readonly avl: number;
  readonly l: number;
  readonly db: number;
  readonly g: number;
  readonly unusable: number;
}

export const segmentNames = ["cs", "ds", "es", "fs", "gs", "ss"] as const;
export type SegmentName = (typeof segmentNames)[number];
export const isSegmentName = (name: string): name is SegmentName =>
  (segmentNames as readonly string[]).includes(name);

/** The segment that `selector` names in a table at `gdtBase`. */
export function segmentAt(memory: GuestMemory, gdtBase: bigint, selector: number): SegmentState {
  const entry = memory.bytes(gdtBase + BigInt(selector & ~7), 8);
  const raw = entry === undefined ? 0n : viewOf(entry).getBigUint64(0, true);
  const bits = (at: number, count: number): number =>
    Number((raw >> BigInt(at)) & ((1n << BigInt(count)) - 1n));
  const limit = bits(0, 16) | (bits(48, 4) << 16);
  const g = bits(55, 1);
  return {
    base: BigInt(bits(16, 24)) | (BigInt(bits(56, 8)) << 24n),
    limit: g === 1 ? ((limit << 12) | 0xfff) >>> 0 : limit,
    selector,
    type: bits(40, 4),
    s: bits(44, 1),
    dpl: bits(45, 2),
    present: bits(47, 1),
    avl: bits(52, 1),
    l: bits(53, 1),
    db: bits(54, 1),
    g,
    unusable: bits(47, 1) === 1 ? 0 : 1,
  };
}

const nothing = { selector: 0, base: 0n, limit: 0, type: 0, s: 0, dpl: 0, present: 0, avl: 0, l: 0, db: 0, g: 0, unusable: 1 } as const; // prettier-ignore

/** VM entry wants a busy task segment; the guest loads its own before it needs one. SDM volume 3, 27.3.1.2. */
export const taskSegment: SegmentState = { ...nothing, limit: 0xffff, type: 11, present: 1, unusable: 0 };
/** There is no local table. */
export const localTable: SegmentState = nothing;

/** Access rights in one word: SDM volume 3, table 25-2. */
export const accessRights = ({ type, s, dpl, present, avl, l, db, g, unusable }: SegmentState): number =>
  type | (s << 4) | (dpl << 5) | (present << 7) | (avl << 12) | (l << 13) | (db << 14) | (g << 15) | (unusable << 16); // prettier-ignore
