// Advanced SIMD on singles and doubles, and its scalar forms. Specification: Arm ARM (DDI 0487), C4.1.94, C7.2.
import type { Emitter } from "../emitter.js";
import {
  bitsOf,
  extreme,
  extremeNumber,
  fromInteger,
  type Rounding,
  roundToIntegral,
  toBits,
  toInteger,
  floatConstant,
} from "../float-operands.js";
import { type Fields, type Instruction, rows, type Semantics } from "../instruction.js";
import { neighbours } from "../simd-integers.js";
import {
  extract,
  type FloatType,
  floatShapes,
  lanesOf,
  mapLanes,
  setNarrow,
  setVector,
  splat,
  upperHalf,
  zeros,
} from "../vector-operands.js";
import { element } from "./simd-long.js";
import { immediateSize, rightDistance } from "./simd-shift.js";

const typeOf = (i: Instruction): FloatType => (i.sz === 1 ? "f64" : "f32");
const sizeOf = (type: FloatType): 2 | 3 => (type === "f64" ? 3 : 2);

type Packed = <V>(e: Emitter<V>, type: FloatType, a: V, b: V) => V;
type Scalar = <V>(e: Emitter<V>, type: FloatType, a: V, b: V) => V;

/** A lane as a number of its type. */
const laneAsFloat = <V>(e: Emitter<V>, type: FloatType, vector: V, lane: number): V =>
  e.extractLane(`${floatShapes[type]}.extract_lane`, lane, vector);

/** A packed operation by a scalar one. */
const byLanes =
  (operation: Scalar): Packed =>
  (e, type, a, b) => {
    const size = sizeOf(type);
    return mapLanes(e, size, 16 >> size, (lane) =>
      toBits(e, type, operation(e, type, laneAsFloat(e, type, a, lane), laneAsFloat(e, type, b, lane))),
    );
  };

const compare =
  (name: "eq" | "ge" | "gt", ofMagnitudes = false): Packed =>
  (e, type, a, b) => {
    const magnitude = (vector: typeof a) => (ofMagnitudes ? packedAbsolute(e, type, vector) : vector);
    return e.vector(`${floatShapes[type]}.${name}`, magnitude(a), magnitude(b));
  };

function packedSign<V>(e: Emitter<V>, type: FloatType): V {
  return splat(e, sizeOf(type), e.constant(bitsOf(type), type === "f32" ? -0x8000_0000 : 0, -0x8000_0000));
}
const packedAbsolute = <V>(e: Emitter<V>, type: FloatType, vector: V): V =>
  e.vector("v128.andnot", vector, packedSign(e, type));
const packedNegate = <V>(e: Emitter<V>, type: FloatType, vector: V): V =>
  e.vector("v128.xor", vector, packedSign(e, type));

const arithmetic =
  (name: "add" | "sub" | "mul" | "div"): Packed =>
  (e, type, a, b) =>
    e.vector(`${floatShapes[type]}.${name}`, a, b);

const two =
  (operation: Packed): Semantics =>
  (e, i) =>
    setVector(e, i, operation(e, typeOf(i), e.simd(i.Rn), e.simd(i.Rm)));

const pairwise =
  (operation: Packed): Semantics =>
  (e, i) => {
    const type = typeOf(i);
    const [even, odd] = neighbours(e, sizeOf(type), lanesOf(i, sizeOf(type)), e.simd(i.Rn), e.simd(i.Rm));
    setVector(e, i, operation(e, type, even, odd));
  };

/** The lowest lane of what a packed operation gives, the rest 0. */
const scalarOf =
  (operation: Packed): Semantics =>
  (e, i) => {
    const type = typeOf(i);
    const value = operation(e, type, e.simd(i.Rn), e.simd(i.Rm));
    e.setSimdLowZero(bitsOf(type), i.Rd, extract(e, sizeOf(type), 0, value));
  };

const maximum = byLanes((e, t, a, b) => extreme(e, t, "max", a, b));
const minimum = byLanes((e, t, a, b) => extreme(e, t, "min", a, b));
const maximumNumber = byLanes((e, t, a, b) => extremeNumber(e, t, "max", a, b));
const minimumNumber = byLanes((e, t, a, b) => extremeNumber(e, t, "min", a, b));
const difference: Packed = (e, type, a, b) => packedAbsolute(e, type, arithmetic("sub")(e, type, a, b));

/** U, the bit that tells two groups apart, and the opcode. */
const threes: readonly (readonly [
  u: 0 | 1,
  a: 0 | 1,
  opcode: string,
  name: string,
  run: Semantics,
  scalar?: Semantics,
])[] = [
  [0, 0, "11000", "FMAXNM", two(maximumNumber)],
  [0, 1, "11000", "FMINNM", two(minimumNumber)],
  [0, 0, "11010", "FADD", two(arithmetic("add"))],
  [0, 1, "11010", "FSUB", two(arithmetic("sub"))],
  [0, 0, "11100", "FCMEQ", two(compare("eq")), scalarOf(compare("eq"))],
  [0, 0, "11110", "FMAX", two(maximum)],
  [0, 1, "11110", "FMIN", two(minimum)],
  [1, 0, "11000", "FMAXNMP", pairwise(maximumNumber)],
  [1, 1, "11000", "FMINNMP", pairwise(minimumNumber)],
  [1, 0, "11010", "FADDP", pairwise(arithmetic("add"))],
  [1, 1, "11010", "FABD", two(difference), scalarOf(difference)],
  [1, 0, "11011", "FMUL", two(arithmetic("mul"))],
  [1, 0, "11100", "FCMGE", two(compare("ge")), scalarOf(compare("ge"))],
  [1, 1, "11100", "FCMGT", two(compare("gt")), scalarOf(compare("gt"))],
  [1, 0, "11101", "FACGE", two(compare("ge", true)), scalarOf(compare("ge", true))],
  [1, 1, "11101", "FACGT", two(compare("gt", true)), scalarOf(compare("gt", true))],
  [1, 0, "11110", "FMAXP", pairwise(maximum)],
  [1, 1, "11110", "FMINP", pairwise(minimum)],
  [1, 0, "11111", "FDIV", two(arithmetic("div"))],
];

/** Doubles only in whole registers. */
const allocated = ({ sz, Q }: Fields): boolean => sz === 0 || Q === 1;

const threeRows = threes.flatMap(([u, a, opcode, name, run, scalar]) => [
  ...rows(name, { run, only: allocated }, `0 Q ${u} 01110 ${a} sz 1 Rm ${opcode} 1 Rn Rd | Vd.F, Vn.F, Vm.F`),
  ...(scalar === undefined
    ? []
    : rows(name, { run: scalar }, `01 ${u} 11110 ${a} sz 1 Rm ${opcode} 1 Rn Rd | Zd, Zn, Zm`)),
]);

/** Vd plus, or minus, a product of lanes: rounded once. */
function accumulate<V>(
  e: Emitter<V>,
  i: Instruction,
  type: FloatType,
  lanes: number,
  negates: boolean,
  m: V,
): V {
  const [n, d] = [e.simd(i.Rn), e.simd(i.Rd)];
  return e.fusedMultiplyAddLanes(type, lanes, d, negates ? packedNegate(e, type, n) : n, m);
}

const fused =
  (negates: boolean): Semantics =>
  (e, i) => {
    const type = typeOf(i);
    setVector(e, i, accumulate(e, i, type, lanesOf(i, sizeOf(type)), negates, e.simd(i.Rm)));
  };

const fusedRows = ["FMLA", "FMLS"].flatMap((name, a) => [
  ...rows(
    name,
    { run: fused(a === 1), only: allocated },
    `0 Q 0 01110 ${a} sz 1 Rm 11001 1 Rn Rd | Vd.F, Vn.F, Vm.F`,
  ),
]);

type One = <V>(e: Emitter<V>, type: FloatType, value: V) => V;

/** On all lanes at once, where there is an instruction for that. */
const onePacked =
  (operation: One): Semantics =>
  (e, i) =>
    setVector(e, i, operation(e, typeOf(i), e.simd(i.Rn)));

/** Lane by lane: the operation gives bits. */
const oneByLanes =
  (operation: One): Semantics =>
  (e, i) => {
    const type = typeOf(i);
    const n = e.simd(i.Rn);
    const value = mapLanes(e, sizeOf(type), lanesOf(i, sizeOf(type)), (lane) =>
      operation(e, type, laneAsFloat(e, type, n, lane)),
    );
    setVector(e, i, value);
  };

const oneScalar =
  (operation: One): Semantics =>
  (e, i) => {
    const type = typeOf(i);
    e.setSimdLowZero(bitsOf(type), i.Rd, operation(e, type, e.simdLow(type, i.Rn)));
  };

const round =
  (rounding: Rounding): One =>
  (e, type, value) => {
    const shape = floatShapes[type];
    if (rounding === "P") return e.vector(`${shape}.ceil`, value);
    if (rounding === "M") return e.vector(`${shape}.floor`, value);
    if (rounding === "Z") return e.vector(`${shape}.trunc`, value);
    return e.vector(`${shape}.nearest`, value);
  };

const convert =
  (rounding: Rounding, isSigned: boolean): One =>
  (e, type, value) => {
    const whole = rounding === "Z" ? value : roundToIntegral(e, type, rounding, value);
    return toInteger(e, type, bitsOf(type), isSigned, whole);
  };

/** From integers as wide: the lane's bits are one. */
const convertBack =
  (isSigned: boolean): One =>
  (e, type, value) =>
    toBits(e, type, fromInteger(e, type, bitsOf(type), isSigned, toBits(e, type, value)));

const withZero =
  (name: "eq" | "ge" | "gt" | "le" | "lt"): Semantics =>
  (e, i) =>
    setVector(e, i, e.vector(`${floatShapes[typeOf(i)]}.${name}`, e.simd(i.Rn), zeros(e)));
const withZeroScalar =
  (name: "eq" | "ge" | "gt" | "le" | "lt"): Semantics =>
  (e, i) => {
    const type = typeOf(i);
    const value = e.vector(`${floatShapes[type]}.${name}`, e.simd(i.Rn), zeros(e));
    e.setSimdLowZero(bitsOf(type), i.Rd, extract(e, sizeOf(type), 0, value));
  };

interface Misc {
  readonly bits: readonly [u: 0 | 1, a: 0 | 1, opcode: string];
  readonly name: string;
  readonly run: Semantics;
  readonly scalar?: Semantics;
  readonly more?: string;
}

const conversions: readonly Misc[] = (
  [
    ["N", 0, "11010"],
    ["M", 0, "11011"],
    ["A", 0, "11100"],
    ["P", 1, "11010"],
    ["Z", 1, "11011"],
  ] as const
).flatMap(([rounding, a, opcode]) =>
  ([0, 1] as const).map((u) => ({
    bits: [u, a, opcode] as const,
    name: `FCVT${rounding}${u === 0 ? "S" : "U"}`,
    run: oneByLanes(convert(rounding, u === 0)),
    scalar: oneScalar(convert(rounding, u === 0)),
  })),
);

const roundings: readonly Misc[] = (
  [
    ["N", 0, 0, "11000"],
    ["M", 0, 0, "11001"],
    ["P", 0, 1, "11000"],
    ["Z", 0, 1, "11001"],
    ["A", 1, 0, "11000"],
    ["X", 1, 0, "11001"],
    ["I", 1, 1, "11001"],
  ] as const
).map(([rounding, u, a, opcode]) => ({
  bits: [u, a, opcode] as const,
  name: `FRINT${rounding}`,
  run:
    rounding === "A"
      ? oneByLanes((e, type, value) => toBits(e, type, roundToIntegral(e, type, "A", value)))
      : onePacked(round(rounding)),
}));

const zeroComparisons: readonly Misc[] = (
  [
    [0, "01100", "FCMGT", "gt"],
    [0, "01101", "FCMEQ", "eq"],
    [0, "01110", "FCMLT", "lt"],
    [1, "01100", "FCMGE", "ge"],
    [1, "01101", "FCMLE", "le"],
  ] as const
).map(([u, opcode, name, operation]) => ({
  bits: [u, 1, opcode] as const,
  name,
  run: withZero(operation),
  scalar: withZeroScalar(operation),
  more: ", #0.0",
}));

const miscs: readonly Misc[] = [
  ...conversions,
  ...roundings,
  ...zeroComparisons,
  ...([0, 1] as const).map((u): Misc => ({
    bits: [u, 0, "11101"],
    name: u === 0 ? "SCVTF" : "UCVTF",
    run: oneByLanes(convertBack(u === 0)),
    scalar: oneScalar(convertBack(u === 0)),
  })),
  { bits: [0, 1, "01111"], name: "FABS", run: onePacked(packedAbsolute) },
  { bits: [1, 1, "01111"], name: "FNEG", run: onePacked(packedNegate) },
  {
    bits: [1, 1, "11111"],
    name: "FSQRT",
    run: onePacked((e, type, value) => e.vector(`${floatShapes[type]}.sqrt`, value)),
  },
];

const miscRows = miscs.flatMap(({ bits: [u, a, opcode], name, run, scalar, more = "" }) => [
  ...rows(
    name,
    { run, only: allocated },
    `0 Q ${u} 01110 ${a} sz 10000 ${opcode} 10 Rn Rd | Vd.F, Vn.F${more}`,
  ),
  ...(scalar === undefined
    ? []
    : rows(name, { run: scalar }, `01 ${u} 11110 ${a} sz 10000 ${opcode} 10 Rn Rd | Zd, Zn${more}`)),
]);

/** Fixed point: a power of two away from integers. */
const fixedRows = ([0, 1] as const).flatMap((u) => {
  const isSigned = u === 0;
  const typed = (i: Instruction): FloatType => (immediateSize(i) === 3 ? "f64" : "f32");
  const scaled = <V>(e: Emitter<V>, type: FloatType, value: V, power: number): V =>
    e.float(`${type}.mul`, value, floatConstant(e, type, 2 ** power));
  const toFixed = <V>(e: Emitter<V>, i: Instruction, value: V): V =>
    toInteger(e, typed(i), bitsOf(typed(i)), isSigned, scaled(e, typed(i), value, rightDistance(i)));
  const fromFixed = <V>(e: Emitter<V>, i: Instruction, value: V): V => {
    const type = typed(i);
    const whole = fromInteger(e, type, bitsOf(type), isSigned, toBits(e, type, value));
    return toBits(e, type, scaled(e, type, whole, -rightDistance(i)));
  };
  return (
    [
      ["11100", `${isSigned ? "S" : "U"}CVTF`, fromFixed],
      ["11111", `FCVTZ${isSigned ? "S" : "U"}`, toFixed],
    ] as const
  ).flatMap(([opcode, name, operation]) => [
    ...rows(
      name,
      {
        run: (e, i) => {
          const type = typed(i);
          const n = e.simd(i.Rn);
          const lanes = lanesOf(i, sizeOf(type));
          setVector(
            e,
            i,
            mapLanes(e, sizeOf(type), lanes, (lane) => operation(e, i, laneAsFloat(e, type, n, lane))),
          );
        },
        only: ({ immh, Q }) => immh >= 4 && (immh < 8 || Q === 1),
      },
      `0 Q ${u} 011110 immh immb ${opcode} 1 Rn Rd | Vd.Ti, Vn.Ti, #right`,
    ),
    ...rows(
      name,
      {
        run: (e, i) => e.setSimdLowZero(bitsOf(typed(i)), i.Rd, operation(e, i, e.simdLow(typed(i), i.Rn))),
        only: ({ immh }) => immh >= 4,
      },
      `01 ${u} 111110 immh immb ${opcode} 1 Rn Rd | Yd, Yn, #right`,
    ),
  ]);
});

/** FCVTL: singles to doubles; FCVTN: back. Halves are slow. */
const lengthen: Semantics = (e, i) => {
  const n = e.simd(i.Rn);
  e.setSimd(i.Rd, e.vector("f64x2.promote_low_f32x4", i.Q === 1 ? upperHalf(e, n) : n));
};
const shorten: Semantics = (e, i) => setNarrow(e, i, e.vector("f32x4.demote_f64x2_zero", e.simd(i.Rn)));

/** Of two lanes of one register. */
const ofPair =
  (operation: Scalar): Semantics =>
  (e, i) => {
    const type = typeOf(i);
    const n = e.simd(i.Rn);
    e.setSimdLowZero(type, i.Rd, operation(e, type, laneAsFloat(e, type, n, 0), laneAsFloat(e, type, n, 1)));
  };

/** Of four lanes: of the two pairs' results. */
const across =
  (operation: Scalar): Semantics =>
  (e, i) => {
    const n = e.simd(i.Rn);
    const lane = (at: number) => laneAsFloat(e, "f32", n, at);
    const low = operation(e, "f32", lane(0), lane(1));
    e.setSimdLowZero("f32", i.Rd, operation(e, "f32", low, operation(e, "f32", lane(2), lane(3))));
  };

const extremes: readonly (readonly [a: 0 | 1, opcode: string, name: string, operation: Scalar])[] = [
  [0, "01100", "FMAXNM", (e, t, a, b) => extremeNumber(e, t, "max", a, b)],
  [1, "01100", "FMINNM", (e, t, a, b) => extremeNumber(e, t, "min", a, b)],
  [0, "01111", "FMAX", (e, t, a, b) => extreme(e, t, "max", a, b)],
  [1, "01111", "FMIN", (e, t, a, b) => extreme(e, t, "min", a, b)],
];

const pairRows = [
  ...rows(
    "FADDP",
    { run: ofPair((e, t, a, b) => e.float(`${t}.add`, a, b)) },
    "01 1 11110 0 sz 11000 01101 10 Rn Rd | Zd, Vn.Fp",
  ),
  ...extremes.flatMap(([a, opcode, name, operation]) => [
    ...rows(
      `${name}P`,
      { run: ofPair(operation) },
      `01 1 11110 ${a} sz 11000 ${opcode} 10 Rn Rd | Zd, Vn.Fp`,
    ),
    ...rows(
      `${name}V`,
      { run: across(operation) },
      `0 1 1 01110 ${a} 0 11000 ${opcode} 10 Rn Rd | Sd, Vn.4S`,
    ),
  ]),
];

/** The element of Vm, in all lanes. */
function elements<V>(e: Emitter<V>, i: Instruction, type: FloatType): V {
  const [register, lane] = element(i);
  return splat(e, sizeOf(type), extract(e, sizeOf(type), lane, e.simd(register)));
}
const typeOfSize = ({ size }: Fields): FloatType => (size === 3 ? "f64" : "f32");

const fusedElement =
  (negates: boolean, isScalar: boolean): Semantics =>
  (e, i) => {
    const type = typeOfSize(i);
    const lanes = isScalar ? 1 : lanesOf(i);
    const value = accumulate(e, i, type, lanes, negates, elements(e, i, type));
    if (isScalar) e.setSimdLowZero(bitsOf(type), i.Rd, extract(e, sizeOf(type), 0, value));
    else setVector(e, i, value);
  };

const product =
  (isScalar: boolean): Semantics =>
  (e, i) => {
    const type = typeOfSize(i);
    const all = elements(e, i, type);
    const value = e.vector(`${floatShapes[type]}.mul`, e.simd(i.Rn), all);
    if (isScalar) e.setSimdLowZero(bitsOf(type), i.Rd, extract(e, sizeOf(type), 0, value));
    else setVector(e, i, value);
  };

/** Doubles have no bit L of the lane. */
const hasElement = ({ size, L }: Fields): boolean => size === 2 || (size === 3 && L === 0);

const indexedRows = [
  ...rows(
    "FMUL",
    { run: product(false), only: (i) => hasElement(i) && (i.size === 2 || i.Q === 1) },
    "0 Q 0 01111 size L M index4 1001 H 0 Rn Rd | Vd.T, Vn.T, element",
  ),
  ...rows(
    "FMUL",
    { run: product(true), only: hasElement },
    "01 0 11111 size L M index4 1001 H 0 Rn Rd | Ed, En, element",
  ),
  ...["FMLA", "FMLS"].flatMap((name, n) => [
    ...rows(
      name,
      { run: fusedElement(n === 1, false), only: (i) => hasElement(i) && (i.size === 2 || i.Q === 1) },
      `0 Q 0 01111 size L M index4 0${n}01 H 0 Rn Rd | Vd.T, Vn.T, element`,
    ),
    ...rows(
      name,
      { run: fusedElement(n === 1, true), only: hasElement },
      `01 0 11111 size L M index4 0${n}01 H 0 Rn Rd | Ed, En, element`,
    ),
  ]),
];

export const simdFloatRows = [
  ...threeRows,
  ...fusedRows,
  ...miscRows,
  ...fixedRows,
  ...pairRows,
  ...indexedRows,
  ...rows("FCVTL{2}", { run: lengthen }, "0 Q 0 01110 01 10000 10111 10 Rn Rd | Vd.2D, Vn.S"),
  ...rows("FCVTN{2}", { run: shorten }, "0 Q 0 01110 01 10000 10110 10 Rn Rd | Vd.S, Vn.2D"),
];
