// Advanced SIMD shifts by immediates, which stand beside the lanes' size: bits as immh says, and the distance in what is
// below. Specification: Arm ARM (DDI 0487), C4.1.94 (Advanced SIMD shift by immediate), C7.2.
import type { Emitter } from "../emitter.js";
import { type Fields, rows, type Semantics } from "../instruction.js";
import { add } from "../simd-integers.js";
import {
  byteLanes,
  laneBits,
  laneCount,
  setNarrow,
  setVector,
  splatConstant,
  vectorShift,
  widenHalf,
} from "../vector-operands.js";

export const immediateSize = ({ immh }: Pick<Fields, "immh">): number => 31 - Math.clz32(immh);
const together = ({ immh, immb }: Fields): number => immh * 8 + immb;
export const rightDistance = (i: Fields): number => 2 * laneBits(immediateSize(i)) - together(i);
export const leftDistance = (i: Fields): number => together(i) - laneBits(immediateSize(i));

type Shift = <V>(e: Emitter<V>, size: number, a: V, distance: number) => V;

export const right =
  (isSigned: boolean): Shift =>
  (e, size, a, distance) =>
    vectorShift(e, size, isSigned ? "shr_s" : "shr_u", a, distance);

/** The last bit that is shifted out rounds up. */
export const rounding =
  (isSigned: boolean): Shift =>
  (e, size, a, distance) => {
    const last = vectorShift(e, size, isSigned ? "shr_s" : "shr_u", a, distance - 1);
    const bit = e.vector("v128.and", last, splatConstant(e, size, 1n));
    return add(e, size, right(isSigned)(e, size, a, distance), bit);
  };

const shift =
  (operation: Shift, distance: (i: Fields) => number, accumulates: boolean): Semantics =>
  (e, i) => {
    const size = immediateSize(i);
    const result = operation(e, size, e.simd(i.Rn), distance(i));
    setVector(e, i, accumulates ? add(e, size, e.simd(i.Rd), result) : result);
  };

/** SLI and SRI keep the bits of Vd that nothing is shifted to. */
const insert =
  (isLeft: boolean): Semantics =>
  (e, i) => {
    const size = immediateSize(i);
    const distance = isLeft ? leftDistance(i) : rightDistance(i);
    const bits = BigInt(laneBits(size));
    const all = (1n << bits) - 1n;
    const mask = isLeft ? (all << BigInt(distance)) & all : all >> BigInt(distance);
    const moved = vectorShift(e, size, isLeft ? "shl" : "shr_u", e.simd(i.Rn), distance);
    setVector(e, i, e.vector("v128.bitselect", moved, e.simd(i.Rd), splatConstant(e, size, mask)));
  };

/** Whole registers for doubles. */
const allocated = ({ immh, Q }: Fields): boolean => immh !== 0 && (immh < 8 || Q === 1);

const left: Shift = (e, size, a, distance) => vectorShift(e, size, "shl", a, distance);

const sameSize = (
  [
    [0, "00000", "SSHR", shift(right(true), rightDistance, false)],
    [1, "00000", "USHR", shift(right(false), rightDistance, false)],
    [0, "00010", "SSRA", shift(right(true), rightDistance, true)],
    [1, "00010", "USRA", shift(right(false), rightDistance, true)],
    [0, "00100", "SRSHR", shift(rounding(true), rightDistance, false)],
    [1, "00100", "URSHR", shift(rounding(false), rightDistance, false)],
    [0, "00110", "SRSRA", shift(rounding(true), rightDistance, true)],
    [1, "00110", "URSRA", shift(rounding(false), rightDistance, true)],
    [1, "01000", "SRI", insert(false)],
    [0, "01010", "SHL", shift(left, leftDistance, false)],
    [1, "01010", "SLI", insert(true)],
  ] as const
).flatMap(([u, opcode, name, run]) => {
  const distance = /^(SHL|SLI)$/.test(name) ? "#left" : "#right";
  return [
    ...rows(
      name,
      { run, only: allocated },
      `0 Q ${u} 011110 immh immb ${opcode} 1 Rn Rd | Vd.Ti, Vn.Ti, ${distance}`,
    ),
    ...rows(
      name,
      { run, only: ({ immh }) => immh >= 8 },
      `01 ${u} 111110 immh immb ${opcode} 1 Rn Rd | Dd, Dn, ${distance}`,
    ),
  ];
});

/** Even lanes of a size, in the lower half. */
export function evenLanes<V>(e: Emitter<V>, size: number, a: V): V {
  const half = laneCount(size) / 2;
  const lanes = Array.from({ length: laneCount(size) }, (_, n) => 2 * (n % half));
  return e.shuffle(byteLanes(size, lanes), a, a);
}

const narrow =
  (operation: Shift): Semantics =>
  (e, i) => {
    const size = immediateSize(i);
    const moved = operation(e, size + 1, e.simd(i.Rn), rightDistance(i));
    setNarrow(e, i, evenLanes(e, size, moved));
  };

const widen =
  (isSigned: boolean): Semantics =>
  (e, i) => {
    const size = immediateSize(i);
    const wide = widenHalf(e, i, e.simd(i.Rn), size, isSigned);
    e.setSimd(i.Rd, vectorShift(e, size + 1, "shl", wide, leftDistance(i)));
  };

const otherSize = ({ immh }: Fields): boolean => immh !== 0 && immh < 8;

export const simdShiftRows = [
  ...sameSize,
  ...rows(
    "SHRN{2}",
    { run: narrow(right(false)), only: otherSize },
    "0 Q 0 011110 immh immb 10000 1 Rn Rd | Vd.Ti, Vn.Tiw, #right",
  ),
  ...rows(
    "RSHRN{2}",
    { run: narrow(rounding(false)), only: otherSize },
    "0 Q 0 011110 immh immb 10001 1 Rn Rd | Vd.Ti, Vn.Tiw, #right",
  ),
  ...rows(
    "SSHLL{2}",
    { run: widen(true), only: otherSize },
    "0 Q 0 011110 immh immb 10100 1 Rn Rd | Vd.Tiw, Vn.Ti, #left",
  ),
  ...rows(
    "USHLL{2}",
    { run: widen(false), only: otherSize },
    "0 Q 1 011110 immh immb 10100 1 Rn Rd | Vd.Tiw, Vn.Ti, #left",
  ),
];
