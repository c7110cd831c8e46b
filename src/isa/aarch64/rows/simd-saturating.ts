// Advanced SIMD that stays within what a lane holds, and tells of it in FPSR.QC; polynomials over {0, 1}. What compilers emit of themselves
// has semantics here, where nobody asks for QC; the rest is slow. Specification: Arm ARM (DDI 0487), C4.1.94, C7.2.
import type { Emitter } from "../emitter.js";
import { type Fields, rows, type Semantics } from "../instruction.js";
import { add, extremeOf, greater, type Lanes, sub } from "../simd-integers.js";
import { laneBits, setNarrow, setVector, shapeOf, splatConstant, vectorShift } from "../vector-operands.js";
import { evenLanes, immediateSize, rightDistance, rounding, right } from "./simd-shift.js";

/** Where the sign of `overflow` is set, the end of the range on a's side. */
function saturated<V>(e: Emitter<V>, size: number, a: V, result: V, overflow: V): V {
  const bits = laneBits(size);
  const isOver = vectorShift(e, size, "shr_s", overflow, bits - 1);
  const sign = vectorShift(e, size, "shr_s", a, bits - 1);
  const end = e.vector("v128.xor", sign, splatConstant(e, size, (1n << BigInt(bits - 1)) - 1n));
  return e.vector("v128.bitselect", end, result, isOver);
}

const xor = <V>(e: Emitter<V>, a: V, b: V): V => e.vector("v128.xor", a, b);

const sum =
  (isSigned: boolean): Lanes =>
  (e, size, a, b) => {
    const shape = shapeOf(size);
    if (shape === "i8x16" || shape === "i16x8")
      return e.vector(`${shape}.add_sat_${isSigned ? "s" : "u"}`, a, b);
    const result = add(e, size, a, b);
    if (!isSigned) return e.vector("v128.or", result, greater(false)(e, size, a, result));
    return saturated(e, size, a, result, e.vector("v128.and", xor(e, a, result), xor(e, b, result)));
  };

const difference =
  (isSigned: boolean): Lanes =>
  (e, size, a, b) => {
    const shape = shapeOf(size);
    if (shape === "i8x16" || shape === "i16x8")
      return e.vector(`${shape}.sub_sat_${isSigned ? "s" : "u"}`, a, b);
    const result = sub(e, size, a, b);
    if (!isSigned) return e.vector("v128.andnot", result, greater(false)(e, size, b, a));
    return saturated(e, size, a, result, e.vector("v128.and", xor(e, a, b), xor(e, a, result)));
  };

const two =
  (operation: Lanes): Semantics =>
  (e, i) =>
    setVector(e, i, operation(e, i.size, e.simd(i.Rn), e.simd(i.Rm)));

/** How lanes twice as wide are read, and what they may become. */
type Range = "signed" | "unsigned" | "signed to unsigned";

function clamped<V>(e: Emitter<V>, size: number, range: Range, wide: V): V {
  const bits = BigInt(laneBits(size));
  const most = (1n << (range === "signed" ? bits - 1n : bits)) - 1n;
  const isSigned = range !== "unsigned";
  const limited = extremeOf("min", isSigned)(e, size + 1, wide, splatConstant(e, size + 1, most));
  if (!isSigned) return limited;
  const least = BigInt.asUintN(64, range === "signed" ? -most - 1n : 0n);
  return extremeOf("max", true)(e, size + 1, limited, splatConstant(e, size + 1, least));
}

const narrow =
  (range: Range): Semantics =>
  (e, i) =>
    setNarrow(e, i, evenLanes(e, i.size, clamped(e, i.size, range, e.simd(i.Rn))));

const shiftNarrow =
  (range: Range, rounds: boolean): Semantics =>
  (e, i) => {
    const size = immediateSize(i);
    const shift = rounds ? rounding(range !== "unsigned") : right(range !== "unsigned");
    const moved = shift(e, size + 1, e.simd(i.Rn), rightDistance(i));
    setNarrow(e, i, evenLanes(e, size, clamped(e, size, range, moved)));
  };

const wholes = ({ size, Q }: Fields): boolean => size !== 3 || Q === 1;
const halvesAndWords = ({ size }: Fields): boolean => size === 1 || size === 2;
const narrows = ({ size }: Fields): boolean => size !== 3;

/** U, the opcode, and whether only halves and words have it. */
const sameSize: readonly (readonly [
  u: 0 | 1,
  opcode: string,
  name: string,
  run?: Semantics | undefined,
  only?: "halves and words",
])[] = [
  [0, "00001", "SQADD", two(sum(true))],
  [1, "00001", "UQADD", two(sum(false))],
  [0, "00101", "SQSUB", two(difference(true))],
  [1, "00101", "UQSUB", two(difference(false))],
  [0, "01001", "SQSHL"],
  [1, "01001", "UQSHL"],
  [0, "01011", "SQRSHL"],
  [1, "01011", "UQRSHL"],
  [0, "10110", "SQDMULH", undefined, "halves and words"],
  [1, "10110", "SQRDMULH", undefined, "halves and words"],
];

const traits = (run: Semantics | undefined, only?: (i: Fields) => boolean) => ({
  ...(run === undefined ? {} : { run }),
  ...(only === undefined ? {} : { only }),
});

const sameRows = sameSize.flatMap(([u, opcode, name, run, only]) => [
  ...rows(
    name,
    traits(run, only === undefined ? wholes : halvesAndWords),
    `0 Q ${u} 01110 size 1 Rm ${opcode} 1 Rn Rd | Vd.T, Vn.T, Vm.T`,
  ),
  ...rows(
    name,
    traits(undefined, only === undefined ? undefined : halvesAndWords),
    `01 ${u} 11110 size 1 Rm ${opcode} 1 Rn Rd | Ed, En, Em`,
  ),
]);

const oneRows = (
  [
    [0, "00011", "SUQADD"],
    [1, "00011", "USQADD"],
    [0, "00111", "SQABS"],
    [1, "00111", "SQNEG"],
  ] as const
).flatMap(([u, opcode, name]) => [
  ...rows(name, { only: wholes }, `0 Q ${u} 01110 size 10000 ${opcode} 10 Rn Rd | Vd.T, Vn.T`),
  ...rows(name, {}, `01 ${u} 11110 size 10000 ${opcode} 10 Rn Rd | Ed, En`),
]);

const narrowRows = (
  [
    [0, "10100", "SQXTN", "signed"],
    [1, "10100", "UQXTN", "unsigned"],
    [1, "10010", "SQXTUN", "signed to unsigned"],
  ] as const
).flatMap(([u, opcode, name, range]) => [
  ...rows(
    `${name}{2}`,
    { run: narrow(range), only: narrows },
    `0 Q ${u} 01110 size 10000 ${opcode} 10 Rn Rd | Vd.T, Vn.Tw`,
  ),
  ...rows(name, { only: narrows }, `01 ${u} 11110 size 10000 ${opcode} 10 Rn Rd | Ed, Ln`),
]);

const shiftRows = (
  [
    [0, "01110", "SQSHL"],
    [1, "01110", "UQSHL"],
    [1, "01100", "SQSHLU"],
  ] as const
).flatMap(([u, opcode, name]) => [
  ...rows(
    name,
    { only: ({ immh, Q }) => immh !== 0 && (immh < 8 || Q === 1) },
    `0 Q ${u} 011110 immh immb ${opcode} 1 Rn Rd | Vd.Ti, Vn.Ti, #left`,
  ),
  ...rows(
    name,
    { only: ({ immh }) => immh !== 0 },
    `01 ${u} 111110 immh immb ${opcode} 1 Rn Rd | Yd, Yn, #left`,
  ),
]);

const shiftNarrowRows = (
  [
    [0, "1001", "SQ", "SHRN", "signed"],
    [1, "1001", "UQ", "SHRN", "unsigned"],
    [1, "1000", "SQ", "SHRUN", "signed to unsigned"],
  ] as const
).flatMap(([u, opcode, sign, name, range]) =>
  ["", "R"].flatMap((r, rounds) => [
    ...rows(
      `${sign}${r}${name}{2}`,
      { run: shiftNarrow(range, rounds === 1), only: ({ immh }) => immh !== 0 && immh < 8 },
      `0 Q ${u} 011110 immh immb ${opcode}${rounds} 1 Rn Rd | Vd.Ti, Vn.Tiw, #right`,
    ),
    ...rows(
      `${sign}${r}${name}`,
      { only: ({ immh }) => immh !== 0 && immh < 8 },
      `01 ${u} 111110 immh immb ${opcode}${rounds} 1 Rn Rd | Yd, Nn, #right`,
    ),
  ]),
);

const longRows = (
  [
    ["1001", "0011", "SQDMLAL"],
    ["1011", "0111", "SQDMLSL"],
    ["1101", "1011", "SQDMULL"],
  ] as const
).flatMap(([opcode, byElement, name]) => [
  ...rows(
    `${name}{2}`,
    { only: halvesAndWords },
    `0 Q 0 01110 size 1 Rm ${opcode} 00 Rn Rd | Vd.Tw, Vn.T, Vm.T`,
  ),
  ...rows(name, { only: halvesAndWords }, `01 0 11110 size 1 Rm ${opcode} 00 Rn Rd | Ld, En, Em`),
  ...rows(
    `${name}{2}`,
    { only: halvesAndWords },
    `0 Q 0 01111 size L M index4 ${byElement} H 0 Rn Rd | Vd.Tw, Vn.T, element`,
  ),
  ...rows(
    name,
    { only: halvesAndWords },
    `01 0 11111 size L M index4 ${byElement} H 0 Rn Rd | Ld, En, element`,
  ),
]);

const highByElement = (
  [
    ["1100", "SQDMULH"],
    ["1101", "SQRDMULH"],
  ] as const
).flatMap(([opcode, name]) => [
  ...rows(
    name,
    { only: halvesAndWords },
    `0 Q 0 01111 size L M index4 ${opcode} H 0 Rn Rd | Vd.T, Vn.T, element`,
  ),
  ...rows(name, { only: halvesAndWords }, `01 0 11111 size L M index4 ${opcode} H 0 Rn Rd | Ed, En, element`),
]);

export const simdSaturatingRows = [
  ...sameRows,
  ...oneRows,
  ...narrowRows,
  ...shiftRows,
  ...shiftNarrowRows,
  ...longRows,
  ...highByElement,
  // Of bytes; those of doubles are cryptography's.
  ...rows("PMUL", {}, "0 Q 1 01110 size=00 1 Rm 10011 1 Rn Rd | Vd.T, Vn.T, Vm.T"),
  ...rows("PMULL{2}", {}, "0 Q 0 01110 size=00 1 Rm 1110 00 Rn Rd | Vd.Tw, Vn.T, Vm.T"),
];
