// Advanced SIMD on integers: lanes of two registers, of one, across one. Specification: Arm ARM (DDI 0487), C4.1.94, C7.2.
import type { Emitter } from "../emitter.js";
import { type Instruction, rows, type Semantics } from "../instruction.js";
import {
  add,
  countBits,
  difference,
  equal,
  extremeOf,
  greater,
  greaterOrEqual,
  halvingAdd,
  halvingSub,
  type Lanes,
  leadingZeros,
  multiply,
  neighbours,
  reverseBits,
  roundingHalvingAdd,
  shiftByLanes,
  sub,
  test,
} from "../simd-integers.js";
import {
  byteLanes,
  extractTo,
  laneBits,
  laneCount,
  lanesOf,
  replace,
  setVector,
  shapeOf,
  valueWidth,
  vectorNot,
  vectorShift,
  zeros,
} from "../vector-operands.js";

const two =
  (operation: Lanes): Semantics =>
  (e, i) =>
    setVector(e, i, operation(e, i.size, e.simd(i.Rn), e.simd(i.Rm)));

/** Of neighbours. */
const pairwise =
  (operation: Lanes): Semantics =>
  (e, i) => {
    const [even, odd] = neighbours(e, i.size, lanesOf(i), e.simd(i.Rn), e.simd(i.Rm));
    setVector(e, i, operation(e, i.size, even, odd));
  };

/** Added to Vd, or taken from it. */
const accumulate =
  (operation: Lanes, sum: Lanes): Semantics =>
  (e, i) =>
    setVector(e, i, sum(e, i.size, e.simd(i.Rd), operation(e, i.size, e.simd(i.Rn), e.simd(i.Rm))));

/** Up to which size there are lanes, and whether there is a form of one lane of 64 bits. */
type Sizes = "all" | "no doubles" | "bytes";

interface Three {
  readonly u: 0 | 1;
  readonly opcode: string;
  readonly name: string;
  readonly run: Semantics;
  readonly sizes: Sizes;
  readonly hasScalar?: true;
}

const both = (
  opcode: string,
  names: readonly [string, string],
  make: (isSigned: boolean) => Semantics,
  sizes: Sizes,
) => names.map((name, u): Three => ({ u: u === 0 ? 0 : 1, opcode, name, run: make(u === 0), sizes }));

const scalar = (three: Three): Three => ({ ...three, hasScalar: true });

const threes: readonly Three[] = [
  ...both("00000", ["SHADD", "UHADD"], (s) => two(halvingAdd(s)), "no doubles"),
  ...both("00010", ["SRHADD", "URHADD"], (s) => two(roundingHalvingAdd(s)), "no doubles"),
  ...both("00100", ["SHSUB", "UHSUB"], (s) => two(halvingSub(s)), "no doubles"),
  ...both("00110", ["CMGT", "CMHI"], (s) => two(greater(s)), "all").map(scalar),
  ...both("00111", ["CMGE", "CMHS"], (s) => two(greaterOrEqual(s)), "all").map(scalar),
  ...both("01000", ["SSHL", "USHL"], (s) => two(shiftByLanes(s, false)), "all").map(scalar),
  ...both("01010", ["SRSHL", "URSHL"], (s) => two(shiftByLanes(s, true)), "all").map(scalar),
  ...both("01100", ["SMAX", "UMAX"], (s) => two(extremeOf("max", s)), "no doubles"),
  ...both("01101", ["SMIN", "UMIN"], (s) => two(extremeOf("min", s)), "no doubles"),
  ...both("01110", ["SABD", "UABD"], (s) => two(difference(s)), "no doubles"),
  ...both("01111", ["SABA", "UABA"], (s) => accumulate(difference(s), add), "no doubles"),
  ...both("10000", ["ADD", "SUB"], (s) => two(s ? add : sub), "all").map(scalar),
  ...both("10001", ["CMTST", "CMEQ"], (s) => two(s ? test : equal), "all").map(scalar),
  ...both("10010", ["MLA", "MLS"], (s) => accumulate(multiply, s ? add : sub), "no doubles"),
  { u: 0, opcode: "10011", name: "MUL", run: two(multiply), sizes: "no doubles" },
  ...both("10100", ["SMAXP", "UMAXP"], (s) => pairwise(extremeOf("max", s)), "no doubles"),
  ...both("10101", ["SMINP", "UMINP"], (s) => pairwise(extremeOf("min", s)), "no doubles"),
  { u: 0, opcode: "10111", name: "ADDP", run: pairwise(add), sizes: "all" },
];

/** Doubles only in whole registers. */
const allows =
  (sizes: Sizes) =>
  ({ size, Q }: Pick<Instruction, "size" | "Q">): boolean =>
    sizes === "bytes" ? size === 0 : size !== 3 || (sizes === "all" && Q === 1);

const threeRows = threes.flatMap(({ u, opcode, name, run, sizes, hasScalar }) => [
  ...rows(
    name,
    { run, only: allows(sizes) },
    `0 Q ${u} 01110 size 1 Rm ${opcode} 1 Rn Rd | Vd.T, Vn.T, Vm.T`,
  ),
  ...(hasScalar === true
    ? rows(name, { run }, `01 ${u} 11110 size=11 1 Rm ${opcode} 1 Rn Rd | Dd, Dn, Dm`)
    : []),
]);

type Bits = <V>(e: Emitter<V>, n: V, m: V, d: V) => V;

const logical: readonly (readonly [u: 0 | 1, size: string, name: string, operation: Bits])[] = [
  [0, "00", "AND", (e, n, m) => e.vector("v128.and", n, m)],
  [0, "01", "BIC", (e, n, m) => e.vector("v128.andnot", n, m)],
  [0, "10", "ORR", (e, n, m) => e.vector("v128.or", n, m)],
  [0, "11", "ORN", (e, n, m) => e.vector("v128.or", n, vectorNot(e, m))],
  [1, "00", "EOR", (e, n, m) => e.vector("v128.xor", n, m)],
  [1, "01", "BSL", (e, n, m, d) => e.vector("v128.bitselect", n, m, d)],
  [1, "10", "BIT", (e, n, m, d) => e.vector("v128.bitselect", n, d, m)],
  [1, "11", "BIF", (e, n, m, d) => e.vector("v128.bitselect", d, n, m)],
];

const logicalVectorRows = logical.flatMap(([u, size, name, operation]) =>
  rows(
    name,
    { run: (e, i) => setVector(e, i, operation(e, e.simd(i.Rn), e.simd(i.Rm), e.simd(i.Rd))) },
    `0 Q ${u} 01110 ${size} 1 Rm 00011 1 Rn Rd | Vd.B, Vn.B, Vm.B`,
  ),
);

type One = <V>(e: Emitter<V>, size: number, a: V) => V;

const one =
  (operation: One): Semantics =>
  (e, i) =>
    setVector(e, i, operation(e, i.size, e.simd(i.Rn)));

/** Lanes of `container` bits with their parts of `size` the other way round. */
const reverseIn =
  (container: number): One =>
  (e, size, a) => {
    const parts = 1 << (container - size);
    const lanes = Array.from({ length: laneCount(size) }, (_, n) => n ^ (parts - 1));
    return e.shuffle(byteLanes(size, lanes), a, a);
  };

const withZero =
  (operation: Lanes, isSwapped = false): One =>
  (e, size, a) =>
    isSwapped ? operation(e, size, zeros(e), a) : operation(e, size, a, zeros(e));

/** CLS: what differs from the sign, counted from above. */
const leadingSigns: One = (e, size, a) => {
  const differing = e.vector("v128.xor", a, vectorShift(e, size, "shr_s", a, 1));
  // The top bit never differs.
  return sub(
    e,
    size,
    leadingZeros(e, size, differing),
    e.vector(`${shapeOf(size)}.splat`, e.constant(32, 1)),
  );
};

/** Neighbours added at twice their size. */
const longPairs =
  (isSigned: boolean, accumulates: boolean): Semantics =>
  (e, i) => {
    const { size } = i;
    const n = e.simd(i.Rn);
    const bits = laneBits(size);
    const kind = isSigned ? "shr_s" : "shr_u";
    const upper = vectorShift(e, size + 1, kind, n, bits);
    const lower = vectorShift(e, size + 1, kind, vectorShift(e, size + 1, "shl", n, bits), bits);
    const pairs = add(e, size + 1, lower, upper);
    setVector(e, i, accumulates ? add(e, size + 1, e.simd(i.Rd), pairs) : pairs);
  };

const misc: readonly (readonly [
  u: 0 | 1,
  opcode: string,
  name: string,
  run: Semantics,
  most: number,
  to: "T" | "Tp",
  hasScalar?: boolean,
])[] = [
  [0, "00000", "REV64", one(reverseIn(3)), 2, "T"],
  [0, "00001", "REV16", one(reverseIn(1)), 0, "T"],
  [1, "00000", "REV32", one(reverseIn(2)), 1, "T"],
  [0, "00010", "SADDLP", longPairs(true, false), 2, "Tp"],
  [1, "00010", "UADDLP", longPairs(false, false), 2, "Tp"],
  [0, "00110", "SADALP", longPairs(true, true), 2, "Tp"],
  [1, "00110", "UADALP", longPairs(false, true), 2, "Tp"],
  [0, "00100", "CLS", one(leadingSigns), 2, "T"],
  [1, "00100", "CLZ", one(leadingZeros), 2, "T"],
  [0, "00101", "CNT", one((e, _size, a) => countBits(e, a)), 0, "T"],
  [0, "01000", "CMGT", one(withZero(greater(true))), 3, "T", true],
  [0, "01001", "CMEQ", one(withZero(equal)), 3, "T", true],
  [0, "01010", "CMLT", one(withZero(greater(true), true)), 3, "T", true],
  [1, "01000", "CMGE", one(withZero(greaterOrEqual(true))), 3, "T", true],
  [1, "01001", "CMLE", one(withZero(greaterOrEqual(true), true)), 3, "T", true],
  [0, "01011", "ABS", one((e, size, a) => absolute(e, size, a)), 3, "T", true],
  [1, "01011", "NEG", one((e, size, a) => sub(e, size, zeros(e), a)), 3, "T", true],
];

function absolute<V>(e: Emitter<V>, size: number, a: V): V {
  const shape = shapeOf(size);
  return e.vector(`${shape}.abs`, a);
}

const isComparison = (name: string) => name.startsWith("CM");

const miscRows = misc.flatMap(([u, opcode, name, run, most, to, hasScalar]) => {
  const zero = isComparison(name) ? ", #0" : "";
  return [
    ...rows(
      name,
      { run, only: ({ size, Q }) => size <= most && (size !== 3 || Q === 1) },
      `0 Q ${u} 01110 size 10000 ${opcode} 10 Rn Rd | Vd.${to}, Vn.T${zero}`,
    ),
    ...(hasScalar === true
      ? rows(name, { run }, `01 ${u} 11110 size=11 10000 ${opcode} 10 Rn Rd | Dd, Dn${zero}`)
      : []),
  ];
});

const byteRows = [
  ...rows(
    "NOT",
    { run: one((e, _size, a) => vectorNot(e, a)) },
    "0 Q 1 01110 00 10000 00101 10 Rn Rd | Vd.B, Vn.B",
  ),
  ...rows(
    "RBIT",
    { run: one((e, _size, a) => reverseBits(e, a)) },
    "0 Q 1 01110 01 10000 00101 10 Rn Rd | Vd.B, Vn.B",
  ),
];

/** Across all lanes, to a scalar of their size, or of twice that. */
const across =
  (isLong: boolean, isSigned: boolean, operation: "add" | "max" | "min"): Semantics =>
  (e, i) => {
    const { size } = i;
    const n = e.simd(i.Rn);
    const width = isLong ? valueWidth(size + 1) : 32;
    const take = (lane: number) => extractTo(e, size, lane, n, width, isSigned);
    let result = take(0);
    for (let lane = 1; lane < lanesOf(i); lane++) {
      const next = take(lane);
      if (operation === "add") result = e.add(width, result, next);
      else {
        const isLess = isSigned ? e.lessSigned(width, result, next) : e.lessUnsigned(width, result, next);
        result =
          operation === "max" ? e.select(width, isLess, next, result) : e.select(width, isLess, result, next);
      }
    }
    const to = isLong ? size + 1 : size;
    e.setSimd(i.Rd, replace(e, to, 0, zeros(e), result));
  };

const acrossRows = (
  [
    ["0", "00011", "SADDLV", across(true, true, "add"), true],
    ["1", "00011", "UADDLV", across(true, false, "add"), true],
    ["0", "01010", "SMAXV", across(false, true, "max"), false],
    ["1", "01010", "UMAXV", across(false, false, "max"), false],
    ["0", "11010", "SMINV", across(false, true, "min"), false],
    ["1", "11010", "UMINV", across(false, false, "min"), false],
    ["0", "11011", "ADDV", across(false, false, "add"), false],
  ] as const
).flatMap(([u, opcode, name, run, isLong]) =>
  rows(
    name,
    { run, only: ({ size, Q }) => size < 2 || (size === 2 && Q === 1) },
    `0 Q ${u} 01110 size 11000 ${opcode} 10 Rn Rd | ${isLong ? "Ld" : "Ed"}, Vn.T`,
  ),
);

const addPair: Semantics = (e, i) => {
  const n = e.simd(i.Rn);
  const sum = e.add(64, e.extractLane("i64x2.extract_lane", 0, n), e.extractLane("i64x2.extract_lane", 1, n));
  e.setSimdLowZero(64, i.Rd, sum);
};

export const simdIntegerRows = [
  ...threeRows,
  ...logicalVectorRows,
  ...miscRows,
  ...byteRows,
  ...acrossRows,
  ...rows("ADDP", { run: addPair }, "01 0 11110 11 11000 11011 10 Rn Rd | Dd, Vn.2D"),
];
