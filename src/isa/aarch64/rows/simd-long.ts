// Advanced SIMD between sizes: operations on lanes widened first, narrowing ones, and those by one element. Specification: Arm ARM
// (DDI 0487), C4.1.94 (three different, vector x indexed element), C7.2.
import type { Emitter } from "../emitter.js";
import { type Fields, type Instruction, rows, type Semantics } from "../instruction.js";
import { add, difference, type Lanes, multiply, sub } from "../simd-integers.js";
import {
  extract,
  laneBits,
  setNarrow,
  setVector,
  shapeOf,
  splat,
  splatConstant,
  vectorShift,
  widenHalf,
} from "../vector-operands.js";
import { evenLanes } from "./simd-shift.js";

const signs = [
  ["S", 0],
  ["U", 1],
] as const;

type Accumulator = "none" | "add" | "sub";

function accumulated<V>(e: Emitter<V>, i: Instruction, size: number, how: Accumulator, value: V): V {
  if (how === "none") return value;
  return (how === "add" ? add : sub)(e, size, e.simd(i.Rd), value);
}

/** Both operands widened. */
const long =
  (operation: Lanes, isSigned: boolean, how: Accumulator = "none"): Semantics =>
  (e, i) => {
    const wide = (index: number) => widenHalf(e, i, e.simd(index), i.size, isSigned);
    const size = i.size + 1;
    e.setSimd(i.Rd, accumulated(e, i, size, how, operation(e, size, wide(i.Rn), wide(i.Rm))));
  };

/** Only the second widened. */
const wide =
  (operation: Lanes, isSigned: boolean): Semantics =>
  (e, i) =>
    e.setSimd(i.Rd, operation(e, i.size + 1, e.simd(i.Rn), widenHalf(e, i, e.simd(i.Rm), i.size, isSigned)));

/** The upper halves of wide sums, rounded or not. */
const high =
  (operation: Lanes, rounds: boolean): Semantics =>
  (e, i) => {
    const size = i.size + 1;
    const bits = laneBits(i.size);
    let value = operation(e, size, e.simd(i.Rn), e.simd(i.Rm));
    if (rounds) value = add(e, size, value, splatConstant(e, size, 1n << BigInt(bits - 1)));
    setNarrow(e, i, evenLanes(e, i.size, vectorShift(e, size, "shr_u", value, bits)));
  };

const narrows = ({ size }: Fields): boolean => size !== 3;

const different = signs.flatMap(([sign, u]) => {
  const isSigned = sign === "S";
  const form = (opcode: string, name: string, run: Semantics, operands: string) =>
    rows(name, { run, only: narrows }, `0 Q ${u} 01110 size 1 Rm ${opcode} 00 Rn Rd | ${operands}`);
  const longOperands = "Vd.Tw, Vn.T, Vm.T";
  const narrowOperands = "Vd.T, Vn.Tw, Vm.Tw";
  const wideOperands = "Vd.Tw, Vn.Tw, Vm.T";
  const r = isSigned ? "" : "R";
  return [
    ...form("0000", `${sign}ADDL{2}`, long(add, isSigned), longOperands),
    ...form("0001", `${sign}ADDW{2}`, wide(add, isSigned), wideOperands),
    ...form("0010", `${sign}SUBL{2}`, long(sub, isSigned), longOperands),
    ...form("0011", `${sign}SUBW{2}`, wide(sub, isSigned), wideOperands),
    ...form("0100", `${r}ADDHN{2}`, high(add, !isSigned), narrowOperands),
    ...form("0110", `${r}SUBHN{2}`, high(sub, !isSigned), narrowOperands),
    ...form("0101", `${sign}ABAL{2}`, long(difference(isSigned), isSigned, "add"), longOperands),
    ...form("0111", `${sign}ABDL{2}`, long(difference(isSigned), isSigned), longOperands),
    ...form("1000", `${sign}MLAL{2}`, long(multiply, isSigned, "add"), longOperands),
    ...form("1010", `${sign}MLSL{2}`, long(multiply, isSigned, "sub"), longOperands),
    ...form("1100", `${sign}MULL{2}`, long(multiply, isSigned), longOperands),
  ];
});

/** Rm and the lane of it: halves are of V0 to V15, since a bit of Rm is one of the lane. */
export function element({ size, H, L, M, index4 }: Fields): readonly [register: number, lane: number] {
  if (size === 1) return [index4, H * 4 + L * 2 + M];
  const register = M * 16 + index4;
  return size === 2 ? [register, H * 2 + L] : [register, H];
}

function elements<V>(e: Emitter<V>, i: Instruction): V {
  const [register, lane] = element(i);
  return splat(e, i.size, extract(e, i.size, lane, e.simd(register)));
}

const byElement =
  (how: Accumulator): Semantics =>
  (e, i) => {
    const product = multiply(e, i.size, e.simd(i.Rn), elements(e, i));
    setVector(e, i, accumulated(e, i, i.size, how, product));
  };

const longByElement =
  (isSigned: boolean, how: Accumulator): Semantics =>
  (e, i) => {
    const widened = (vector: ReturnType<typeof e.simd>) => widenHalf(e, i, vector, i.size, isSigned);
    const product = multiply(e, i.size + 1, widened(e.simd(i.Rn)), widened(elements(e, i)));
    e.setSimd(i.Rd, accumulated(e, i, i.size + 1, how, product));
  };

const hasElement = ({ size }: Fields): boolean => size === 1 || size === 2;

const indexed = [
  ...(
    [
      [0, "1000", "MUL", "none"],
      [1, "0000", "MLA", "add"],
      [1, "0100", "MLS", "sub"],
    ] as const
  ).flatMap(([u, opcode, name, how]) =>
    rows(
      name,
      { run: byElement(how), only: hasElement },
      `0 Q ${u} 01111 size L M index4 ${opcode} H 0 Rn Rd | Vd.T, Vn.T, element`,
    ),
  ),
  ...signs.flatMap(([sign, u]) =>
    (
      [
        ["0010", "MLAL", "add"],
        ["0110", "MLSL", "sub"],
        ["1010", "MULL", "none"],
      ] as const
    ).flatMap(([opcode, name, how]) =>
      rows(
        `${sign}${name}{2}`,
        { run: longByElement(sign === "S", how), only: hasElement },
        `0 Q ${u} 01111 size L M index4 ${opcode} H 0 Rn Rd | Vd.Tw, Vn.T, element`,
      ),
    ),
  ),
];

const extractNarrow: Semantics = (e, i) => setNarrow(e, i, evenLanes(e, i.size, e.simd(i.Rn)));

const shiftLong: Semantics = (e, i) => {
  const widened = widenHalf(e, i, e.simd(i.Rn), i.size, false);
  const bits = laneBits(i.size);
  e.setSimd(i.Rd, e.vector(`${shapeOf(i.size + 1)}.shl`, widened, e.constant(32, bits)));
};

export const simdLongRows = [
  ...different,
  ...indexed,
  ...rows(
    "XTN{2}",
    { run: extractNarrow, only: narrows },
    "0 Q 0 01110 size 10000 10010 10 Rn Rd | Vd.T, Vn.Tw",
  ),
  ...rows(
    "SHLL{2}",
    { run: shiftLong, only: narrows },
    "0 Q 1 01110 size 10000 10011 10 Rn Rd | Vd.Tw, Vn.T, #bits",
  ),
];
