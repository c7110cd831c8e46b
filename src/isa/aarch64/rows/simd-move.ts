// Advanced SIMD without arithmetic: copies of lanes, immediates, permutations, tables. Specification: Arm ARM (DDI 0487), C4.1.94, C7.2.
import type { Emitter } from "../emitter.js";
import { immediateBits } from "../float-operands.js";
import { type Fields, type Instruction, type Row, rows, type Semantics } from "../instruction.js";
import { read, write } from "../operands.js";
import {
  byteLanes,
  extract,
  extractTo,
  laneBits,
  laneCount,
  lanesOf,
  replace,
  setVector,
  splat,
  splatConstant,
  valueWidth,
  zeros,
} from "../vector-operands.js";

/** The lowest bit that is set in imm5 says the lanes' size, what is above it the lane. */
export const copySize = ({ imm }: Pick<Fields, "imm">): number => 31 - Math.clz32(imm & -imm);
export const copyLane = (i: Pick<Fields, "imm">): number => i.imm >> (copySize(i) + 1);

const allocated = ({ imm, Q }: Fields): boolean => (imm & 15) !== 0 && ((imm & 15) !== 8 || Q === 1);

const duplicateElement: Semantics = (e, i) =>
  setVector(e, i, splat(e, copySize(i), extract(e, copySize(i), copyLane(i), e.simd(i.Rn))));

const duplicate: Semantics = (e, i) => {
  const size = copySize(i);
  setVector(e, i, splat(e, size, read(e, valueWidth(size), i.Rn)));
};

const toScalar: Semantics = (e, i) => {
  const size = copySize(i);
  e.setSimd(i.Rd, replace(e, size, 0, zeros(e), extract(e, size, copyLane(i), e.simd(i.Rn))));
};

const insert: Semantics = (e, i) => {
  const size = copySize(i);
  const value = read(e, valueWidth(size), i.Rn);
  e.setSimd(i.Rd, replace(e, size, copyLane(i), e.simd(i.Rd), value));
};

const insertElement: Semantics = (e, i) => {
  const size = copySize(i);
  const value = extract(e, size, i.index4 >> size, e.simd(i.Rn));
  e.setSimd(i.Rd, replace(e, size, copyLane(i), e.simd(i.Rd), value));
};

const toGeneral =
  (isSigned: boolean): Semantics =>
  (e, i) => {
    const width = i.Q === 1 ? 64 : 32;
    write(e, width, i.Rd, extractTo(e, copySize(i), copyLane(i), e.simd(i.Rn), width, isSigned));
  };

const copies = [
  ...rows(
    "DUP",
    { run: duplicateElement, only: allocated },
    "0 Q 0 01110000 imm5 0 0000 1 Rn Rd | Vd.Tc, Vn[c]",
  ),
  ...rows("DUP", { run: duplicate, only: allocated }, "0 Q 0 01110000 imm5 0 0001 1 Rn Rd | Vd.Tc, Gn"),
  ...rows(
    "SMOV",
    { run: toGeneral(true), only: (i) => allocated(i) && copySize(i) < 2 + i.Q },
    "0 Q 0 01110000 imm5 0 0101 1 Rn Rd | Qd?, Vn[c]",
  ),
  ...rows(
    "UMOV",
    // Each size into the narrowest register that takes it.
    { run: toGeneral(false), only: (i) => allocated(i) && (copySize(i) === 3) === (i.Q === 1) },
    "0 Q 0 01110000 imm5 0 0111 1 Rn Rd | Qd?, Vn[c]",
  ),
  ...rows(
    "INS",
    { run: insert, only: ({ imm }) => (imm & 15) !== 0 },
    "0 1 0 01110000 imm5 0 0011 1 Rn Rd | Vd[c], Gn",
  ),
  ...rows(
    "INS",
    { run: insertElement, only: ({ imm }) => (imm & 15) !== 0 },
    "0 1 1 01110000 imm5 0 index4 1 Rn Rd | Vd[c], Vn[index4]",
  ),
  ...rows(
    "DUP",
    { run: toScalar, only: ({ imm }) => (imm & 15) !== 0 },
    "01 0 11110000 imm5 0 0000 1 Rn Rd | Cd, Vn[c]",
  ),
];

/** The eight bits of a modified immediate. */
export const immediate8 = ({ abc, defgh }: Pick<Fields, "abc" | "defgh">): number => abc * 32 + defgh;

/** The lanes' size and one lane's bits. Specification: AdvSIMDExpandImm, but for the complement that op asks for. */
export function expanded(i: Fields): readonly [size: number, value: bigint] {
  const imm = BigInt(immediate8(i));
  const { cmode } = i;
  if (cmode < 8) return [2, imm << BigInt(8 * (cmode >> 1))];
  if (cmode < 12) return [1, imm << BigInt(8 * ((cmode >> 1) & 1))];
  if (cmode < 14) {
    const bits = BigInt(8 * ((cmode & 1) + 1));
    return [2, (imm << bits) | ((1n << bits) - 1n)];
  }
  return [0, imm];
}

/** Each bit of the immediate as a byte. */
const byteMask = (imm: number): bigint =>
  [0, 1, 2, 3, 4, 5, 6, 7].reduce(
    (sum, n) => sum | (((imm >> n) & 1) === 1 ? 0xffn << BigInt(8 * n) : 0n),
    0n,
  );

type Immediate = <V>(e: Emitter<V>, i: Instruction) => V;

const plain: Immediate = (e, i) => splatConstant(e, ...expanded(i));
const inverted: Immediate = (e, i) => {
  const [size, value] = expanded(i);
  return splatConstant(e, size, ~value);
};

const put =
  (make: Immediate): Semantics =>
  (e, i) =>
    setVector(e, i, make(e, i));

const orInto: Semantics = (e, i) => setVector(e, i, e.vector("v128.or", e.simd(i.Rd), plain(e, i)));
const clearFrom: Semantics = (e, i) => setVector(e, i, e.vector("v128.andnot", e.simd(i.Rd), plain(e, i)));

const head = (op: 0 | 1) => `0 Q ${op} 0111100000 abc`;

const modified = (
  name: string,
  op: 0 | 1,
  run: Semantics,
  only: (cmode: number) => boolean,
): readonly Row[] =>
  rows(name, { run, only: ({ cmode }) => only(cmode) }, `${head(op)} cmode 01 defgh Rd | Vd.Tm, #imm8, sh8`);

const isMove = (cmode: number) => (cmode < 12 && (cmode & 1) === 0) || cmode === 12 || cmode === 13;
const isBits = (cmode: number) => cmode < 12 && (cmode & 1) === 1;

const immediates = [
  ...modified("MOVI", 0, put(plain), (cmode) => isMove(cmode) || cmode === 14),
  ...modified("MVNI", 1, put(inverted), isMove),
  ...modified("ORR", 0, orInto, isBits),
  ...modified("BIC", 1, clearFrom, isBits),
  ...rows(
    "MOVI",
    { run: (e, i) => e.setSimdLowZero("f64", i.Rd, lowDouble(e, i)) },
    "0 0 1 0111100000 abc 1110 01 defgh Rd | Dd, #mask8",
  ),
  ...rows(
    "MOVI",
    { run: put((e, i) => splatConstant(e, 3, byteMask(immediate8(i)))) },
    "0 Q=1 1 0111100000 abc 1110 01 defgh Rd | Vd.2D, #mask8",
  ),
  ...rows(
    "FMOV",
    { run: put((e, i) => splatConstant(e, 2, immediateBits("f32", immediate8(i)))) },
    `${head(0)} 1111 01 defgh Rd | Vd.S, #float8`,
  ),
  ...rows(
    "FMOV",
    { run: put((e, i) => splatConstant(e, 3, immediateBits("f64", immediate8(i)))) },
    "0 Q=1 1 0111100000 abc 1111 01 defgh Rd | Vd.2D, #float8",
  ),
];

function lowDouble<V>(e: Emitter<V>, i: Instruction): V {
  const vector = splatConstant(e, 3, byteMask(immediate8(i)));
  return e.float("f64.reinterpret_i64", e.extractLane("i64x2.extract_lane", 0, vector));
}

export { byteMask };

/** Which lanes of Vn and, from `lanes` on, of Vm. */
const permutations: readonly (readonly [
  opcode: string,
  name: string,
  from: (n: number, lanes: number) => number,
])[] = [
  ["001", "UZP1", (n) => 2 * n],
  ["010", "TRN1", (n, lanes) => (n & ~1) + (n & 1) * lanes],
  ["011", "ZIP1", (n, lanes) => (n >> 1) + (n & 1) * lanes],
  ["101", "UZP2", (n) => 2 * n + 1],
  ["110", "TRN2", (n, lanes) => (n & ~1) + 1 + (n & 1) * lanes],
  ["111", "ZIP2", (n, lanes) => (lanes >> 1) + (n >> 1) + (n & 1) * lanes],
];

const permute =
  (from: (n: number, lanes: number) => number): Semantics =>
  (e, i) => {
    const lanes = lanesOf(i);
    const all = laneCount(i.size);
    const places = Array.from({ length: all }, (_, n) => {
      const place = from(n % lanes, lanes);
      return place < lanes ? place : all + place - lanes;
    });
    setVector(e, i, e.shuffle(byteLanes(i.size, places), e.simd(i.Rn), e.simd(i.Rm)));
  };

/** Bytes from a place in Vn on, and then of Vm. */
const extractBytes: Semantics = (e, i) => {
  const bytes = 8 << i.Q;
  const places = Array.from({ length: 16 }, (_, n) => {
    const place = (n % bytes) + i.imm;
    return place < bytes ? place : 16 + ((place - bytes) & 15);
  });
  setVector(e, i, e.shuffle(places, e.simd(i.Rn), e.simd(i.Rm)));
};

/** Bytes by their number in up to four registers; beyond them 0, or what was there. */
const lookup =
  (keeps: boolean): Semantics =>
  (e, i) => {
    const indices = e.simd(i.Rm);
    let result = zeros(e);
    let covered = 0;
    for (let n = 0; n <= i.size; n++, covered += 16) {
      const own = e.vector("i8x16.sub", indices, splatConstant(e, 0, BigInt(covered)));
      // A swizzle gives 0 for all that is beyond its register.
      result = e.vector("v128.or", result, e.vector("i8x16.swizzle", e.simd((i.Rn + n) & 31), own));
    }
    if (keeps) {
      const last = splatConstant(e, 0, BigInt(covered - 1));
      const isInside = e.vector("i8x16.eq", e.vector("i8x16.max_u", indices, last), last);
      result = e.vector("v128.bitselect", result, e.simd(i.Rd), isInside);
    }
    setVector(e, i, result);
  };

const hasLanes = ({ size, Q }: Fields): boolean => laneBits(size) < 64 || Q === 1;

export const simdMoveRows = [
  ...copies,
  ...immediates,
  ...permutations.flatMap(([opcode, name, from]) =>
    rows(
      name,
      { run: permute(from), only: hasLanes },
      `0 Q 001110 size 0 Rm 0 ${opcode} 10 Rn Rd | Vd.T, Vn.T, Vm.T`,
    ),
  ),
  ...rows(
    "EXT",
    { run: extractBytes, only: ({ imm, Q }) => Q === 1 || imm < 8 },
    "0 Q 101110 00 0 Rm 0 imm4 0 Rn Rd | Vd.B, Vn.B, Vm.B, #decimal",
  ),
  ...rows("TBL", { run: lookup(false) }, "0 Q 001110 00 0 Rm 0 size 0 00 Rn Rd | Vd.B, table, Vm.B"),
  ...rows("TBX", { run: lookup(true) }, "0 Q 001110 00 0 Rm 0 size 1 00 Rn Rd | Vd.B, table, Vm.B"),
];
