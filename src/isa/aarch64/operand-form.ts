// Operands as text, by the names that rows have for them, in the syntax of binutils without aliases: `Rd` is Wd or Xd as `sf` says,
// `Vn.T` a vector with its arrangement, `[base, imm<<3]` a place in memory. Specification: Arm ARM (DDI 0487), C1.2.
import { conditions, SP } from "./emitter.js";
import { immediateBits } from "./float-operands.js";
import type { Field, Instruction } from "./instruction.js";
import { bitMask } from "./operands.js";
import { element } from "./rows/simd-long.js";
import { byteMask, copyLane, copySize, expanded, immediate8 } from "./rows/simd-move.js";
import { immediateSize, leftDistance, rightDistance } from "./rows/simd-shift.js";
import { systemName } from "./system-registers.js";

const hex = (value: bigint | number): string => `#0x${BigInt(value).toString(16)}`;
const decimal = (value: number): string => `#${value}`;

const addressText = (value: number): string => `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`;
/** Numbers in place of names have two digits. */
const nameless = (value: number): string => `#0x${value.toString(16).padStart(2, "0")}`;

/** The name of a general register. */
export function registerName(width: 32 | 64, index: number, isSp = false): string {
  if (index !== SP) return `${width === 64 ? "x" : "w"}${index}`;
  return isSp ? (width === 64 ? "sp" : "wsp") : width === 64 ? "xzr" : "wzr";
}

const letters = "bhsdq";

/** Lanes as `4s`, of all 16 bytes or of 8. */
const arrangement = (size: number, whole: number): string => `${(8 << whole) >> size}${letters[size] ?? ""}`;

/** Arrangements by what stands behind the dot. */
const arrangements: Readonly<Record<string, (i: Instruction) => string>> = {
  T: (i) => arrangement(i.size, i.Q),
  Tw: (i) => arrangement(i.size + 1, 1),
  Tp: (i) => arrangement(i.size + 1, i.Q),
  B: (i) => arrangement(0, i.Q),
  S: (i) => arrangement(2, i.Q),
  F: (i) => arrangement(2 + i.sz, i.Q),
  Fp: (i) => `2${letters[2 + i.sz] ?? ""}`,
  Ti: (i) => arrangement(immediateSize(i), i.Q),
  Tiw: (i) => arrangement(immediateSize(i) + 1, 1),
  Tc: (i) => arrangement(copySize(i), i.Q),
  Tm: (i) => arrangement(expanded(i)[0], i.Q),
};

/** Registers whose letter is no register's: how wide a scalar is, by size in powers of two bytes. */
const scalarSizes: Readonly<Record<string, (i: Instruction) => number>> = {
  B: () => 0,
  H: () => 1,
  S: () => 2,
  D: () => 3,
  Q: () => 4,
  C: copySize,
  E: ({ size }) => size,
  L: ({ size }) => size + 1,
  Z: ({ sz }) => 2 + sz,
  Y: immediateSize,
  N: (i) => immediateSize(i) + 1,
};

const isField = (i: Instruction, name: string): name is Field => name in i;

function indexOf(i: Instruction, name: string): number {
  const field = `R${name}`;
  if (!isField(i, field)) throw new RangeError(`no register ${name} in ${i.row.mnemonic}`);
  return i[field];
}

const shiftNames = ["lsl", "lsr", "asr", "ror"];
const extendNames = ["uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx"];

/** Rm extended: as a shift where an operand is SP and nothing is extended. */
function extendedText(i: Instruction): string {
  const width = i.sf === 1 && (i.option & 3) === 3 ? 64 : 32;
  const flags = (i.word & (1 << 29)) !== 0;
  const hasSp = i.Rn === SP || (i.Rd === SP && !flags);
  const plain = i.sf === 1 ? 3 : 2;
  const name = registerName(width, i.Rm);
  if (hasSp && i.option === plain) return i.imm === 0 ? name : `${name}, lsl #${i.imm}`;
  return `${name}, ${extendNames[i.option] ?? ""}${i.imm === 0 ? "" : ` #${i.imm}`}`;
}

/** An index: scaled where S says so. */
function indexText(i: Instruction, scale: number): string {
  const name = registerName((i.option & 1) === 1 ? 64 : 32, i.Rm);
  if (i.option === 3) return i.S === 0 ? name : `${name}, lsl #${scale}`;
  return `${name}, ${extendNames[i.option] ?? ""}${i.S === 0 ? "" : ` #${scale}`}`;
}

const barriers: Readonly<Record<number, string>> = {
  1: "oshld",
  2: "oshst",
  3: "osh",
  5: "nshld",
  6: "nshst",
  7: "nsh",
  9: "ishld",
  10: "ishst",
  11: "ish",
  13: "ld",
  14: "st",
  15: "sy",
};

function prefetchText({ Rt }: Instruction): string {
  const kind = ["pld", "pli", "pst"][Rt >> 3];
  const level = (Rt >> 1) & 3;
  if (kind === undefined || level === 3) return nameless(Rt);
  return `${kind}l${level + 1}${(Rt & 1) === 1 ? "strm" : "keep"}`;
}

/** A number as binutils write floating-point immediates. */
function floatText(bits: bigint, isDouble: boolean): string {
  const view = new DataView(new ArrayBuffer(8));
  if (isDouble) view.setBigUint64(0, bits);
  else view.setUint32(0, Number(bits));
  const value = isDouble ? view.getFloat64(0) : view.getFloat32(0);
  const [mantissa = "", exponent = "0"] = value.toExponential(18).split("e");
  const sign = exponent.startsWith("-") ? "-" : "+";
  return `#${mantissa}e${sign}${exponent.replace(/^[-+]/, "").padStart(2, "0")}`;
}

/** `{v0.16b-v3.16b}` from a register on. */
function listText(first: number, count: number, of: string): string {
  const last = (first + count - 1) & 31;
  const name = (n: number) => `v${n & 31}${of}`;
  if (count === 1) return `{${name(first)}}`;
  if (count > 2 && last > first) return `{${name(first)}-${name(last)}}`;
  return `{${Array.from({ length: count }, (_, n) => name(first + n)).join(", ")}}`;
}

const stepText = (i: Instruction, bytes: number): string =>
  i.Rm === 31 ? decimal(bytes) : registerName(64, i.Rm);

const fixed: Readonly<Record<string, (i: Instruction) => string>> = {
  "#imm": ({ imm }) => hex(imm),
  "#decimal": ({ imm }) => decimal(imm),
  "#nzcv": ({ nzcv }) => hex(nzcv),
  "#immr": ({ immr }) => decimal(immr),
  "#imms": ({ imms }) => decimal(imms),
  "#mask": (i) => hex(bitMask(i.sf === 1 ? 64 : 32, i.N, i.imms, i.immr) ?? 0n),
  "#hint": (i) => hex(i.CRm * 8 + i.op2),
  "#CRm": ({ CRm }) => (CRm === 15 ? "" : hex(CRm)),
  "#op1": ({ op1 }) => decimal(op1),
  "#op2": ({ op2 }) => decimal(op2),
  "#fbits": ({ scale }) => decimal(64 - scale),
  "#bit": (i) => decimal(i.b5 * 32 + i.b40),
  "#left": (i) => decimal(leftDistance(i)),
  "#right": (i) => decimal(rightDistance(i)),
  "#bits": ({ size }) => decimal(8 << size),
  "#imm8": (i) => hex(immediate8(i)),
  "#mask8": (i) => hex(byteMask(immediate8(i))),
  "#float": (i) => floatText(immediateBits("f64", i.imm), true),
  "#float8": (i) => floatText(immediateBits("f64", immediate8(i)), true),
  sh: ({ sh }) => (sh === 1 ? "lsl #12" : ""),
  hw: ({ hw }) => (hw === 0 ? "" : `lsl #${hw * 16}`),
  sh8: ({ cmode }) => {
    if (cmode >= 14) return "";
    if (cmode >= 12) return `msl #${(cmode & 1) * 8 + 8}`;
    const amount = 8 * ((cmode >> 1) & (cmode < 8 ? 3 : 1));
    return amount === 0 ? "" : `lsl #${amount}`;
  },
  shift: ({ shift, imm }) => (shift === 0 && imm === 0 ? "" : `${shiftNames[shift] ?? ""} #${imm}`),
  extended: extendedText,
  cond: ({ cond }) => conditions[cond] ?? "",
  target: (i) => addressText(i.pc + i.imm * 4),
  address: (i) => addressText(i.pc + (((i.immhi << 13) >> 11) | i.immlo)),
  page: (i) => addressText(Math.floor(i.pc / 4096) * 4096 + (((i.immhi << 13) >> 11) | i.immlo) * 4096),
  barrier: ({ CRm }) => barriers[CRm] ?? nameless(CRm),
  isb: ({ CRm }) => (CRm === 15 ? "" : hex(CRm)),
  CRn: ({ CRn }) => `C${CRn}`,
  CRm: ({ CRm }) => `C${CRm}`,
  prefetch: prefetchText,
  system: systemName,
  // What is left out where it is what is meant anyway.
  "Xn?": ({ Rn }) => (Rn === 30 ? "" : registerName(64, Rn)),
  "Xt?": ({ Rt }) => (Rt === 31 ? "" : registerName(64, Rt)),
  bRt: (i) => registerName(i.b5 === 1 ? 64 : 32, i.Rt),
  Gn: (i) => registerName(copySize(i) === 3 ? 64 : 32, i.Rn),
  "Qd?": (i) => registerName(i.Q === 1 ? 64 : 32, i.Rd),
  element(i) {
    const [register, lane] = element(i);
    return `v${register}.${letters[i.size] ?? ""}[${lane}]`;
  },
  table: (i) => listText(i.Rn, i.size + 1, ".16b"),
};

type Text = (i: Instruction) => string;

const base = (i: Instruction): string => registerName(64, i.Rn, true);
const offsetText = (value: number): string => (value === 0 ? "" : `, ${decimal(value)}`);

/** Forms that say a number of their own, by their pattern. */
const patterns: readonly (readonly [RegExp, (...parts: readonly string[]) => Text])[] = [
  [
    /^([RWX])(d|n|m|a|t|t2|s)(\|SP)?$/,
    (kind, name = "", sp) =>
      (i) =>
        registerName(
          kind === "X" || (kind === "R" && i.sf === 1) ? 64 : 32,
          indexOf(i, name),
          sp !== undefined,
        ),
  ],
  [
    /^([BHSDQCELZYN])(d|n|m|a|t|t2)$/,
    (kind = "", name = "") =>
      (i) =>
        `${letters[scalarSizes[kind]?.(i) ?? 0] ?? ""}${indexOf(i, name)}`,
  ],
  [
    /^V(d|n|m)\.([A-Z][a-z]*)$/,
    (name = "", kind = "") =>
      (i) =>
        `v${indexOf(i, name)}.${arrangements[kind]?.(i) ?? ""}`,
  ],
  [
    /^V(d|n|m)\.(\d+[BHSD])$/,
    (name = "", lanes = "") =>
      (i) =>
        `v${indexOf(i, name)}.${lanes.toLowerCase()}`,
  ],
  [
    /^V(d|n)\.D\[1\]$/,
    (name = "") =>
      (i) =>
        `v${indexOf(i, name)}.d[1]`,
  ],
  [
    /^V(d|n)\[(c|index4)\]$/,
    (name = "", where) =>
      (i) => {
        const size = copySize(i);
        const lane = where === "c" ? copyLane(i) : i.index4 >> size;
        return `v${indexOf(i, name)}.${letters[size] ?? ""}[${lane}]`;
      },
  ],
  [
    /^#(0(?:\.0)?)$/,
    (zero = "") =>
      () =>
        `#${zero}`,
  ],
  [/^\[base\]$/, () => (i) => `[${base(i)}]`],
  [/^\[base, imm<<(\d)\]$/, (scale) => (i) => `[${base(i)}${offsetText(i.imm * 2 ** Number(scale))}]`],
  [/^\[base, #imm\]!$/, () => (i) => `[${base(i)}, ${decimal(i.imm)}]!`],
  [/^\[base, #imm<<(\d)\]!$/, (scale) => (i) => `[${base(i)}, ${decimal(i.imm * 2 ** Number(scale))}]!`],
  [/^\[base, extended<<(\d)\]$/, (scale) => (i) => `[${base(i)}, ${indexText(i, Number(scale))}]`],
  [/^#imm<<(\d)$/, (scale) => (i) => decimal(i.imm * 2 ** Number(scale))],
  [/^\{(\d)\.T\}$/, (count) => (i) => listText(i.Rt, Number(count), `.${arrangement(i.size, i.Q)}`)],
  [
    /^\{(\d)\.([BHSD])\}\[lane\]$/,
    (count, letter = "") =>
      (i) => {
        const size = "BHSD".indexOf(letter);
        const lane = ((i.Q << 3) | (i.S << 2) | i.size) >> size;
        return `${listText(i.Rt, Number(count), `.${letter.toLowerCase()}`)}[${lane}]`;
      },
  ],
  [/^step\*(\d)$/, (count) => (i) => stepText(i, Number(count) * (8 << i.Q))],
  [/^step=(\d+)$/, (bytes) => (i) => stepText(i, Number(bytes))],
  [/^element\*(\d)$/, (count) => (i) => stepText(i, Number(count) << i.size)],
];

function parseForm(name: string, isPost: boolean): Text {
  // Behind a base register by itself an immediate is a distance.
  if (isPost && name === "#imm") return ({ imm }) => decimal(imm);
  const found = fixed[name];
  if (found !== undefined) return found;
  for (const [pattern, make] of patterns) {
    const match = pattern.exec(name);
    if (match !== null) return make(...match.slice(1));
  }
  // System registers that have rows of their own.
  if (/^[a-z_0-9]+$/.test(name)) return () => name;
  throw new SyntaxError(`operand ${name}`);
}

const forms = new Map<string, readonly Text[]>();

/** Splits at commas outside brackets. */
const split = (operands: string): string[] =>
  operands.match(/(\[[^\]]*\]!?|\{[^}]*\}[^,\s]*|[^,\s])+/g) ?? [];

/** The texts of a row's operands; throws SyntaxError on one that the notation does not have. */
export function operandTexts(operands: string): readonly Text[] {
  let texts = forms.get(operands);
  if (texts === undefined) {
    const names = split(operands);
    texts = names.map((name, n) => parseForm(name, names[n - 1] === "[base]"));
    forms.set(operands, texts);
  }
  return texts;
}
