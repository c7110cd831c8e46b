// What SSE's floating-point instructions do besides their result: exception flags in MXCSR, and #XM where one is not masked.
// Operations tell of their own (exact-float.ts); comparisons and conversions to integers are looked at here, as whole
// instructions. Specification: Intel SDM volume 1, 11.5 and E.4; volume 2 for the exceptions of each.
import { type Instruction, type Operand } from "../../isa/x86-64/instruction.js";
import { readLow, readPart, readVector } from "../../isa/x86-64/vector-operands.js";
import type { Step } from "./code-cache.js";
import type { Cpu } from "./cpu.js";
import type { Evaluator } from "./evaluator.js";
import { type Arithmetic, moderately } from "../portable/values/moderate.js";
import { exception } from "./values/exact-float.js";
import { GuestFault, undefinedOpcode, vector } from "./fault.js";
import { nearest } from "./values/float-operations.js";
import type { FloatSlots } from "./values/float-slots.js";
import { state } from "./state.js";

const { IE, DE, ZE, PE } = exception;
/** Those that are known before anything is computed. */
const BEFORE = IE | DE | ZE;
const OSXMMEXCPT = 1n << 10n;

/** The elements that an instruction looks at: of which width, and how many. */
interface Elements {
  readonly width: 32 | 64;
  readonly count: number;
}

function elementsOf(letters: string): Elements {
  const width = letters.endsWith("D") ? 64 : 32;
  return { width, count: letters.startsWith("S") ? 1 : 128 / width };
}

const isQuiet = (s: FloatSlots, width: 32 | 64, at: number): boolean =>
  width === 64 ? ((s.i32[at + 1] ?? 0) & 0x8_0000) !== 0 : ((s.i32[at] ?? 0) & 0x40_0000) !== 0;

const valueAt = (s: FloatSlots, width: 32 | 64, at: number): number =>
  (width === 64 ? s.f64[at >> 1] : s.f32[at]) ?? 0;

const smallest = { 32: 2 ** -126, 64: 2 ** -1022 } as const;

/** Of a comparison of two elements; a quiet NaN is invalid only where the comparison asks for order. */
function compared(s: FloatSlots, width: 32 | 64, a: number, b: number, orders: boolean): number {
  const [x, y] = [valueAt(s, width, a), valueAt(s, width, b)];
  if (Number.isNaN(x) || Number.isNaN(y)) {
    const signals = (v: number, at: number) => Number.isNaN(v) && (orders || !isQuiet(s, width, at));
    return signals(x, a) || signals(y, b) ? IE : 0;
  }
  const isDenormal = (v: number) => v !== 0 && Math.abs(v) < smallest[width];
  return !s.daz && (isDenormal(x) || isDenormal(y)) ? DE : 0;
}

const byMode = [nearest, Math.floor, Math.ceil, Math.trunc] as const;

/** Of a conversion to an integer of `bits`. */
function converted(s: FloatSlots, width: 32 | 64, at: number, bits: number, truncates: boolean): number {
  const x = valueAt(s, width, at);
  if (Number.isNaN(x)) return IE;
  if (s.daz && Math.abs(x) < smallest[width]) return 0;
  const whole = truncates ? Math.trunc(x) : (byMode[s.rounding] ?? nearest)(x);
  if (whole >= 2 ** (bits - 1) || whole < -(2 ** (bits - 1))) return IE;
  return whole === x ? 0 : PE;
}

/** Of rounding to an integer of the same type; bit 3 of the immediate keeps quiet about what is lost. */
function roundedOff(s: FloatSlots, width: 32 | 64, at: number, imm: number): number {
  const x = valueAt(s, width, at);
  if (Number.isNaN(x)) return isQuiet(s, width, at) ? 0 : IE;
  if ((imm & 8) !== 0 || (s.daz && Math.abs(x) < smallest[width])) return 0;
  return Number.isInteger(x) || !Number.isFinite(x) ? 0 : PE;
}

type Look = (e: Evaluator, i: Instruction) => number;

/** A vector whose low elements are the operand's. */
const read = (e: Evaluator, o: Operand): number =>
  o.kind === "memory" && o.width < 128 ? readPart(e, o) : readVector(e, o);

const each = ({ width, count }: Elements, f: (n: number) => number): number => {
  let flags = 0;
  for (let n = 0; n < count; n++) flags |= f((n * width) / 32);
  return flags;
};

const ofPair =
  (elements: Elements, orders: (i: Instruction) => boolean): Look =>
  (e, i) => {
    const [to, from] = i.operands;
    if (to === undefined || from === undefined) return 0;
    const [a, b] = [read(e, to), read(e, from)];
    const isOrdered = orders(i);
    return each(elements, (n) => compared(e.slots, elements.width, a + n, b + n, isOrdered));
  };

const ofSource =
  (elements: Elements, f: (s: FloatSlots, at: number, i: Instruction) => number): Look =>
  (e, i) => {
    const from = i.operands[1];
    if (from === undefined) return 0;
    const b = read(e, from);
    return each(elements, (n) => f(e.slots, b + n, i));
  };

const immediateOf = (i: Instruction): number => {
  const o = i.operands[2];
  return o?.kind === "immediate" ? o.low : 0;
};

/** LT, LE and their opposites ask for order; EQ and UNORD and theirs do not. */
const asksForOrder = (i: Instruction): boolean => [1, 2, 5, 6].includes(immediateOf(i) & 7);

/** What is looked at before an instruction is done, by its mnemonic; undefined where its operations say all. */
function lookOf(mnemonic: string): Look | undefined {
  let match = /^CMP([SP][SD])$/.exec(mnemonic);
  if (match) return ofPair(elementsOf(match[1] ?? ""), asksForOrder);
  match = /^(?:MIN|MAX|COMI)([SP][SD])$/.exec(mnemonic);
  if (match) return ofPair(elementsOf(match[1] ?? ""), () => true);
  match = /^UCOMI([SP][SD])$/.exec(mnemonic);
  if (match) return ofPair(elementsOf(match[1] ?? ""), () => false);
  match = /^ROUND([SP][SD])$/.exec(mnemonic);
  if (match) {
    const elements = elementsOf(match[1] ?? "");
    return ofSource(elements, (s, at, i) => roundedOff(s, elements.width, at, immediateOf(i)));
  }
  match = /^CVT(T?)([SP][SD])2(SI|DQ|PI)$/.exec(mnemonic);
  if (match === null) return undefined;
  const [, truncates = "", letters = "", to = ""] = match;
  const { width, count } = elementsOf(letters);
  const elements = { width, count: to === "PI" ? 2 : count };
  return ofSource(elements, (s, at, i) => {
    const [destination] = i.operands;
    const bits = to === "SI" && destination?.kind === "register" ? destination.width : 32;
    return converted(s, width, at, bits, truncates === "T");
  });
}

const MXCSR = state.mxcsr >> 2;
const MASKED = 0x1f80;

/** A scalar operation on numbers of moderate exponents, exceptions masked: done and told true, or nothing is changed. */
function scalarOf(mnemonic: string, cpu: Cpu): ((e: Evaluator, i: Instruction) => boolean) | undefined {
  const match = /^(ADD|SUB|MUL|DIV|SQRT)S([SD])$/.exec(mnemonic);
  if (match === null) return undefined;
  const operation = (match[1] ?? "").toLowerCase() as Arithmetic;
  const isDouble = match[2] === "D";
  const [width, type] = isDouble ? ([64, "f64"] as const) : ([32, "f32"] as const);
  const doubles = cpu.f64;
  const singles = new Float32Array(doubles.buffer, doubles.byteOffset, doubles.length * 2);
  const registers = isDouble ? doubles : singles;
  const place = (o: Operand) => (o.kind === "xmm" ? (state.xmm + 16 * o.index) / (width / 8) : -1);
  return (e, i) => {
    const [to, from] = i.operands;
    if (to === undefined || from === undefined) return false;
    const { slots } = e;
    const at = place(to);
    const other = place(from);
    const loaded = other < 0 ? readLow(e, from, type) : 0;
    const y = other < 0 ? valueAt(slots, width, loaded) : (registers[other] ?? 0);
    const x = operation === "sqrt" ? y : (registers[at] ?? 0);
    const found = moderately(slots, exception.PE, operation, width, x, y);
    if (Number.isNaN(found)) return false;
    registers[at] = found;
    return true;
  };
}

/** What exceptions need to know of a core. */
interface Host {
  readonly cpu: Cpu;
  readonly isProcess: boolean;
  readonly isExact: boolean;
  readonly keepsExceptions: boolean;
}

/** `execute` with the exceptions of its row, whose traits say that it has some. */
export function withExceptions(mnemonic: string, host: Host, execute: Step["execute"]): Step["execute"] {
  const look = lookOf(mnemonic);
  const { cpu, isProcess } = host;
  const scalar = scalarOf(mnemonic, cpu);
  return (e, i) => {
    if (!host.keepsExceptions && !host.isExact) return execute(e, i);
    const { slots } = e;
    const mxcsr = cpu.i32[MXCSR] ?? 0;
    if (mxcsr !== slots.mxcsr) slots.configure(mxcsr);
    slots.flags = 0;
    if (scalar !== undefined && (mxcsr & MASKED) === MASKED && scalar(e, i)) {
      if (slots.flags !== 0) cpu.i32[MXCSR] = mxcsr | slots.flags;
      return;
    }
    const looked = look === undefined ? 0 : look(e, i);
    const isMasked = (mxcsr & 0x1f80) === 0x1f80;
    const before = isMasked ? undefined : cpu.u8.slice(0, state.translator);
    execute(e, i);
    const flags = slots.flags | looked;
    if (flags === 0) return;
    const unmasked = flags & ~(mxcsr >> 7);
    if (before === undefined || unmasked === 0) {
      cpu.i32[MXCSR] = mxcsr | flags;
      return;
    }
    cpu.u8.set(before);
    // One that is known before anything is computed leaves nothing to be told of the result.
    cpu.i32[MXCSR] = mxcsr | ((unmasked & BEFORE) !== 0 ? flags & BEFORE : flags);
    if (!isProcess && (cpu.cr4 & OSXMMEXCPT) === 0n)
      throw undefinedOpcode("an SSE exception without CR4.OSXMMEXCPT");
    throw new GuestFault(vector.XM, 0, "an SSE exception that is not masked");
  };
}
