// SSE floating point: arithmetic, comparison, conversion, rounding. `nearest` means MXCSR's rounding mode; what else MXCSR
// says is the emitter's. Specification: Intel SDM volume 2 and volume 1, 11.5.
import type { Emitter } from "../emitter.js";
import { type Feature, type Instruction, type Row, rows, type Semantics } from "../instruction.js";
import { operand, read, widthOf, write } from "../operands.js";
import type { VectorOperation } from "../operation.js";
import {
  byteLanes,
  floatConstant,
  imm8,
  readLow,
  readPart,
  readVector,
  splatBytes,
  xmmOf,
  zero,
} from "../vector-operands.js";

type Scalar = "f32" | "f64";
const packedOf = { f32: "f32x4", f64: "f64x2" } as const;

const packed =
  (operation: <V>(e: Emitter<V>, a: V, b: V, i: Instruction) => V): Semantics =>
  (e, i) => {
    const to = xmmOf(operand(i, 0));
    const source = readVector(e, operand(i, 1));
    e.setXmm(to, operation(e, e.xmm(to), source, i));
  };

const scalar =
  (type: Scalar, operation: <V>(e: Emitter<V>, a: V, b: V, i: Instruction) => V): Semantics =>
  (e, i) => {
    const to = xmmOf(operand(i, 0));
    const source = readLow(e, operand(i, 1), type);
    e.setXmmLow(type, to, operation(e, e.xmmLow(type, to), source, i));
  };

const splatLow = <V>(e: Emitter<V>, type: Scalar, value: V): V => e.vector(`${packedOf[type]}.splat`, value);
const lowOf = <V>(e: Emitter<V>, type: Scalar, vector: V): V =>
  e.extractLane(`${packedOf[type]}.extract_lane`, 0, vector);

/** Packed and scalar, of singles and doubles: NP, 66, F3 and F2 before one opcode. */
function four(
  name: string,
  opcode: string,
  packedRun: (t: Scalar) => Semantics,
  scalarRun: (t: Scalar) => Semantics,
) {
  return [
    ...rows(`${name}PS`, { run: packedRun("f32"), feature: "SSE" }, `NP 0F ${opcode} | xmm1, xmm2/m128`),
    ...rows(`${name}PD`, { run: packedRun("f64"), feature: "SSE2" }, `66 0F ${opcode} | xmm1, xmm2/m128`),
    ...rows(`${name}SS`, { run: scalarRun("f32"), feature: "SSE" }, `F3 0F ${opcode} | xmm1, xmm2/m32`),
    ...rows(`${name}SD`, { run: scalarRun("f64"), feature: "SSE2" }, `F2 0F ${opcode} | xmm1, xmm2/m64`),
  ];
}

const arithmetic = (name: string, opcode: string, operation: "add" | "sub" | "mul" | "div") =>
  four(
    name,
    `${opcode} /r`,
    (t) => packed((e, a, b) => e.vector(`${packedOf[t]}.${operation}`, a, b)),
    (t) => scalar(t, (e, a, b) => e.float(`${t}.${operation}`, a, b)),
  );

/** A scalar operation by a packed one: where there is one instruction for all lanes and none for one. */
const byLanes = (type: Scalar, operation: "pmin" | "pmax"): Semantics =>
  scalar(type, (e, a, b) =>
    lowOf(e, type, e.vector(`${packedOf[type]}.${operation}`, splatLow(e, type, b), splatLow(e, type, a))),
  );

/** The second operand where either is a NaN or both are zero. */
const minimum = four(
  "MIN",
  "5D /r",
  (t) => packed((e, a, b) => e.vector(`${packedOf[t]}.pmin`, b, a)),
  (t) => byLanes(t, "pmin"),
);
const maximum = four(
  "MAX",
  "5F /r",
  (t) => packed((e, a, b) => e.vector(`${packedOf[t]}.pmax`, b, a)),
  (t) => byLanes(t, "pmax"),
);
const squareRoot = four(
  "SQRT",
  "51 /r",
  (t) => packed((e, _a, b) => e.vector(`${packedOf[t]}.sqrt`, b)),
  (t) => scalar(t, (e, _a, b) => e.float(`${t}.sqrt`, b)),
);

const one = <V>(e: Emitter<V>) => e.vector("f32x4.splat", floatConstant(e, "f32", 1));

/** RCPPS and RSQRTPS promise 12 bits; these give all 24. */
const reciprocal = (root: boolean) => {
  const argument = <V>(e: Emitter<V>, b: V) => (root ? e.vector("f32x4.sqrt", b) : b);
  const [name, opcode] = root ? ["RSQRT", "52"] : ["RCP", "53"];
  return [
    ...rows(
      `${name}PS`,
      { run: packed((e, _a, b) => e.vector("f32x4.div", one(e), argument(e, b))), feature: "SSE" },
      `NP 0F ${opcode} /r | xmm1, xmm2/m128`,
    ),
    ...rows(
      `${name}SS`,
      {
        run: scalar("f32", (e, _a, b) =>
          e.float("f32.div", floatConstant(e, "f32", 1), root ? e.float("f32.sqrt", b) : b),
        ),
        feature: "SSE",
      },
      `F3 0F ${opcode} /r | xmm1, xmm2/m32`,
    ),
  ];
};

const bitwise = (name: string, opcode: string, operation: <V>(e: Emitter<V>, a: V, b: V) => V) => [
  ...rows(`${name}PS`, { run: packed(operation), feature: "SSE" }, `NP 0F ${opcode} /r | xmm1, xmm2/m128`),
  ...rows(`${name}PD`, { run: packed(operation), feature: "SSE2" }, `66 0F ${opcode} /r | xmm1, xmm2/m128`),
];

/** The eight predicates: EQ LT LE UNORD, and their opposites. */
function compareVectors<V>(e: Emitter<V>, type: Scalar, predicate: number, a: V, b: V): V {
  const shape = packedOf[type];
  const of = (name: "eq" | "lt" | "le" | "ne") => e.vector(`${shape}.${name}`, a, b);
  const ordered = () => e.vector("v128.and", e.vector(`${shape}.eq`, a, a), e.vector(`${shape}.eq`, b, b));
  const not = (v: V) => e.vector("v128.not", v);
  const [equal, less, lessOrEqual, unordered, notEqual, notLess, notLessOrEqual] = [0, 1, 2, 3, 4, 5, 6];
  switch (predicate & 7) {
    case equal:
      return of("eq");
    case less:
      return of("lt");
    case lessOrEqual:
      return of("le");
    case unordered:
      return not(ordered());
    case notEqual:
      return of("ne");
    case notLess:
      return not(of("lt"));
    case notLessOrEqual:
      return not(of("le"));
    default:
      return ordered();
  }
}

const comparePacked = (type: Scalar): Semantics =>
  packed((e, a, b, i) => compareVectors(e, type, imm8(i, 2), a, b));

const compareScalar =
  (type: Scalar): Semantics =>
  (e, i) => {
    const to = xmmOf(operand(i, 0));
    const source = splatLow(e, type, readLow(e, operand(i, 1), type));
    const mask = compareVectors(e, type, imm8(i, 2), splatLow(e, type, e.xmmLow(type, to)), source);
    e.setXmmLow(type, to, lowOf(e, type, mask));
  };

/** COMISD and its kin: unordered sets all three flags. By < and <= alone, which hosts do in one instruction each. */
const compareToFlags =
  (type: Scalar): Semantics =>
  (e, i) => {
    const a = e.xmmLow(type, xmmOf(operand(i, 0)));
    const b = readLow(e, operand(i, 1), type);
    const not = (bit: typeof a) => e.xor(32, bit, e.constant(32, 1));
    const above = e.float(`${type}.lt`, b, a);
    const aboveOrEqual = e.float(`${type}.le`, b, a);
    const zf = not(e.or(32, e.float(`${type}.lt`, a, b), above));
    const pf = not(e.or(32, e.float(`${type}.le`, a, b), aboveOrEqual));
    e.setFlagsZPC(zf, pf, not(aboveOrEqual), above);
  };

/** The integer nearest or truncated; what does not fit is the smallest integer, as is NaN. */
function toInteger<V>(e: Emitter<V>, type: Scalar, width: 32 | 64, truncates: boolean, x: V): V {
  const rounded = truncates ? x : e.float(`${type}.nearest`, x);
  // Below the range, saturation gives the smallest already.
  const fits = e.float(`${type}.lt`, rounded, floatConstant(e, type, 2 ** (width - 1)));
  const indefinite = width === 32 ? e.constant(32, -0x8000_0000) : e.constant(64, 0, -0x8000_0000);
  return e.select(width, fits, e.float(`i${width}.trunc_sat_${type}_s`, rounded), indefinite);
}

const scalarToInteger =
  (type: Scalar, truncates: boolean): Semantics =>
  (e, i) => {
    const width = widthOf(operand(i, 0)) === 64 ? 64 : 32;
    write(e, operand(i, 0), toInteger(e, type, width, truncates, readLow(e, operand(i, 1), type)));
  };

const integerToScalar =
  (type: Scalar): Semantics =>
  (e, i) => {
    const from = widthOf(operand(i, 1)) === 64 ? 64 : 32;
    e.setXmmLow(type, xmmOf(operand(i, 0)), e.float(`${type}.convert_i${from}_s`, read(e, operand(i, 1))));
  };

const widen: Semantics = (e, i) =>
  e.setXmmLow("f64", xmmOf(operand(i, 0)), e.float("f64.promote_f32", readLow(e, operand(i, 1), "f32")));
const narrow: Semantics = (e, i) =>
  e.setXmmLow("f32", xmmOf(operand(i, 0)), e.float("f32.demote_f64", readLow(e, operand(i, 1), "f64")));

const convertPacked = (operation: VectorOperation): Semantics => packed((e, _a, b) => e.vector(operation, b));
/** Of the low half of the source. */
const convertPart =
  (operation: VectorOperation): Semantics =>
  (e, i) =>
    e.setXmm(xmmOf(operand(i, 0)), e.vector(operation, readPart(e, operand(i, 1))));

const smallest = <V>(e: Emitter<V>) => splatBytes(e, 0, 0, 0, 0x80);

const singlesToIntegers = (truncates: boolean): Semantics =>
  packed((e, _a, b) => {
    const rounded = truncates ? b : e.vector("f32x4.nearest", b);
    const limit = e.vector("f32x4.splat", floatConstant(e, "f32", 2 ** 31));
    const fits = e.vector("f32x4.lt", rounded, limit);
    return e.vector("v128.bitselect", e.vector("i32x4.trunc_sat_f32x4_s", rounded), smallest(e), fits);
  });

const doublesToIntegers = (truncates: boolean): Semantics =>
  packed((e, _a, b) => {
    const rounded = truncates ? b : e.vector("f64x2.nearest", b);
    const limit = e.vector("f64x2.splat", floatConstant(e, "f64", 2 ** 31));
    const fits = e.vector("f64x2.lt", rounded, limit);
    const integers = e.vector("i32x4.trunc_sat_f64x2_s_zero", rounded);
    // The masks of two doubles as masks of the lower two integers, the upper ones zero.
    const chosen = e.shuffle(byteLanes(4, [0, 2, 4, 4]), fits, splatBytes(e, 0xff));
    return e.vector("v128.bitselect", integers, smallest(e), chosen);
  });

/** ADDSUB: the even lanes subtract. */
const addSubtract = (type: Scalar): Semantics =>
  packed((e, a, b) => {
    const shape = packedOf[type];
    const lanes = type === "f32" ? byteLanes(4, [0, 5, 2, 7]) : byteLanes(8, [0, 3]);
    // No lane is computed that is not used: it might raise an exception.
    const only = (v: typeof a, odd: boolean) => e.shuffle(lanes, odd ? zero(e) : v, odd ? v : zero(e));
    const difference = e.vector(`${shape}.sub`, only(a, false), only(b, false));
    return e.shuffle(lanes, difference, e.vector(`${shape}.add`, only(a, true), only(b, true)));
  });

/** HADD and HSUB: neighbours of the destination, then of the source. */
const horizontal = (type: Scalar, operation: "add" | "sub"): Semantics =>
  packed((e, a, b) => {
    const [even, odd] =
      type === "f32"
        ? [byteLanes(4, [0, 2, 4, 6]), byteLanes(4, [1, 3, 5, 7])]
        : [byteLanes(8, [0, 2]), byteLanes(8, [1, 3])];
    return e.vector(`${packedOf[type]}.${operation}`, e.shuffle(even, a, b), e.shuffle(odd, a, b));
  });

/** By the immediate's low two bits; bit 2 means MXCSR's mode, which is to nearest. */
const roundings = ["nearest", "floor", "ceil", "trunc"] as const;
const roundingOf = (imm: number) => ((imm & 4) !== 0 ? "nearest" : (roundings[imm & 3] ?? "nearest"));
const roundPacked = (type: Scalar): Semantics =>
  packed((e, _a, b, i) => e.vector(`${packedOf[type]}.${roundingOf(imm8(i, 2))}`, b));
const roundScalar = (type: Scalar): Semantics =>
  scalar(type, (e, _a, b, i) => e.float(`${type}.${roundingOf(imm8(i, 2))}`, b));

/** DPPS and DPPD: products of the chosen lanes, summed in pairs, into the chosen lanes. */
const dotProduct = (type: Scalar): Semantics =>
  packed((e, a, b, i) => {
    const imm = imm8(i, 2);
    const shape = packedOf[type];
    const size = type === "f32" ? 4 : 8;
    const count = 16 / size;
    const ones = (bits: number) =>
      e.constantVector(Array.from({ length: 16 }, (_, n) => ((bits >> Math.floor(n / size)) & 1 ? 255 : 0)));
    const swap = (v: typeof a, by: number) =>
      e.shuffle(
        byteLanes(
          size,
          Array.from({ length: count }, (_, n) => n ^ by),
        ),
        v,
        v,
      );
    const add = (x: typeof a, y: typeof a) => e.vector(`${shape}.add`, x, y);
    // What is not chosen is not multiplied either, and raises nothing.
    const chosen = (v: typeof a) => e.vector("v128.and", v, ones(imm >> 4));
    const products = e.vector(`${shape}.mul`, chosen(a), chosen(b));
    let sum = add(products, swap(products, 1));
    if (count === 4) sum = add(sum, swap(sum, 2));
    const lowest = e.shuffle(
      byteLanes(
        size,
        Array.from({ length: count }, () => 0),
      ),
      sum,
      zero(e),
    );
    return e.vector("v128.and", lowest, ones(imm));
  });

const of = (feature: Feature, run: Semantics) => ({ feature, run });
const computing = (list: readonly Row[]): readonly Row[] =>
  list.map((row) => ({ ...row, traits: { ...row.traits, mxcsr: true } }));

export const sseFloatRows = [
  ...reciprocal(true),
  ...reciprocal(false),
  ...bitwise("AND", "54", (e, a, b) => e.vector("v128.and", a, b)),
  ...bitwise("ANDN", "55", (e, a, b) => e.vector("v128.andnot", b, a)),
  ...bitwise("OR", "56", (e, a, b) => e.vector("v128.or", a, b)),
  ...bitwise("XOR", "57", (e, a, b) => e.vector("v128.xor", a, b)),
  ...computing([
    ...arithmetic("ADD", "58", "add"),
    ...arithmetic("MUL", "59", "mul"),
    ...arithmetic("SUB", "5C", "sub"),
    ...arithmetic("DIV", "5E", "div"),
    ...minimum,
    ...maximum,
    ...squareRoot,
    ...rows("CMPPS", of("SSE", comparePacked("f32")), "NP 0F C2 /r ib | xmm1, xmm2/m128, imm8"),
    ...rows("CMPPD", of("SSE2", comparePacked("f64")), "66 0F C2 /r ib | xmm1, xmm2/m128, imm8"),
    ...rows("CMPSS", of("SSE", compareScalar("f32")), "F3 0F C2 /r ib | xmm1, xmm2/m32, imm8"),
    ...rows("CMPSD", of("SSE2", compareScalar("f64")), "F2 0F C2 /r ib | xmm1, xmm2/m64, imm8"),
    ...rows("UCOMISS", of("SSE", compareToFlags("f32")), "NP 0F 2E /r | xmm1, xmm2/m32"),
    ...rows("COMISS", of("SSE", compareToFlags("f32")), "NP 0F 2F /r | xmm1, xmm2/m32"),
    ...rows("UCOMISD", of("SSE2", compareToFlags("f64")), "66 0F 2E /r | xmm1, xmm2/m64"),
    ...rows("COMISD", of("SSE2", compareToFlags("f64")), "66 0F 2F /r | xmm1, xmm2/m64"),
    ...rows("CVTSI2SS", of("SSE", integerToScalar("f32")), "F3 0F 2A /r | xmm1, r/my"),
    ...rows("CVTSI2SD", of("SSE2", integerToScalar("f64")), "F2 0F 2A /r | xmm1, r/my"),
    ...rows("CVTTSS2SI", of("SSE", scalarToInteger("f32", true)), "F3 0F 2C /r | ry, xmm2/m32"),
    ...rows("CVTTSD2SI", of("SSE2", scalarToInteger("f64", true)), "F2 0F 2C /r | ry, xmm2/m64"),
    ...rows("CVTSS2SI", of("SSE", scalarToInteger("f32", false)), "F3 0F 2D /r | ry, xmm2/m32"),
    ...rows("CVTSD2SI", of("SSE2", scalarToInteger("f64", false)), "F2 0F 2D /r | ry, xmm2/m64"),
    ...rows("CVTSS2SD", of("SSE2", widen), "F3 0F 5A /r | xmm1, xmm2/m32"),
    ...rows("CVTSD2SS", of("SSE2", narrow), "F2 0F 5A /r | xmm1, xmm2/m64"),
    ...rows("CVTPS2PD", of("SSE2", convertPart("f64x2.promote_low_f32x4")), "NP 0F 5A /r | xmm1, xmm2/m64"),
    ...rows(
      "CVTPD2PS",
      of("SSE2", convertPacked("f32x4.demote_f64x2_zero")),
      "66 0F 5A /r | xmm1, xmm2/m128",
    ),
    ...rows("CVTDQ2PS", of("SSE2", convertPacked("f32x4.convert_i32x4_s")), "NP 0F 5B /r | xmm1, xmm2/m128"),
    ...rows("CVTPS2DQ", of("SSE2", singlesToIntegers(false)), "66 0F 5B /r | xmm1, xmm2/m128"),
    ...rows("CVTTPS2DQ", of("SSE2", singlesToIntegers(true)), "F3 0F 5B /r | xmm1, xmm2/m128"),
    ...rows("CVTDQ2PD", of("SSE2", convertPart("f64x2.convert_low_i32x4_s")), "F3 0F E6 /r | xmm1, xmm2/m64"),
    ...rows("CVTTPD2DQ", of("SSE2", doublesToIntegers(true)), "66 0F E6 /r | xmm1, xmm2/m128"),
    ...rows("CVTPD2DQ", of("SSE2", doublesToIntegers(false)), "F2 0F E6 /r | xmm1, xmm2/m128"),
    ...rows("ADDSUBPS", of("SSE3", addSubtract("f32")), "F2 0F D0 /r | xmm1, xmm2/m128"),
    ...rows("ADDSUBPD", of("SSE3", addSubtract("f64")), "66 0F D0 /r | xmm1, xmm2/m128"),
    ...rows("HADDPS", of("SSE3", horizontal("f32", "add")), "F2 0F 7C /r | xmm1, xmm2/m128"),
    ...rows("HADDPD", of("SSE3", horizontal("f64", "add")), "66 0F 7C /r | xmm1, xmm2/m128"),
    ...rows("HSUBPS", of("SSE3", horizontal("f32", "sub")), "F2 0F 7D /r | xmm1, xmm2/m128"),
    ...rows("HSUBPD", of("SSE3", horizontal("f64", "sub")), "66 0F 7D /r | xmm1, xmm2/m128"),
    ...rows("ROUNDPS", of("SSE4_1", roundPacked("f32")), "66 0F 3A 08 /r ib | xmm1, xmm2/m128, imm8"),
    ...rows("ROUNDPD", of("SSE4_1", roundPacked("f64")), "66 0F 3A 09 /r ib | xmm1, xmm2/m128, imm8"),
    ...rows("ROUNDSS", of("SSE4_1", roundScalar("f32")), "66 0F 3A 0A /r ib | xmm1, xmm2/m32, imm8"),
    ...rows("ROUNDSD", of("SSE4_1", roundScalar("f64")), "66 0F 3A 0B /r ib | xmm1, xmm2/m64, imm8"),
    ...rows("DPPS", of("SSE4_1", dotProduct("f32")), "66 0F 3A 40 /r ib | xmm1, xmm2/m128, imm8"),
    ...rows("DPPD", of("SSE4_1", dotProduct("f64")), "66 0F 3A 41 /r ib | xmm1, xmm2/m128, imm8"),
  ]),
];
