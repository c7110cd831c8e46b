// MMX: what SSE does, on registers of 64 bits that lie in the x87's. Specification: Intel SDM volume 2 and volume 1,
// chapter 9. The x87's registers follow XMM15 in the state area in the same shape, so MMn is number 16 + n to the emitter.
import type { Instruction, Operand, Semantics } from "../../../isa/x86-64/instruction.js";
import { effectiveAddress } from "../../../isa/x86-64/operands.js";
import { mmxPackedRows } from "../../../isa/x86-64/rows/mmx.js";
import { sseFloatRows } from "../../../isa/x86-64/rows/sse-float.js";
import { sseIntegerRows } from "../../../isa/x86-64/rows/sse-integer.js";
import { sseMoveRows } from "../../../isa/x86-64/rows/sse-move.js";
import type { VectorOperation } from "../../../isa/x86-64/operation.js";
import { byteLanes, imm8, splatBytes, zero } from "../../../isa/x86-64/vector-operands.js";
import type { Evaluator } from "../evaluator.js";
import { GuestFault, undefinedOpcode, vector } from "../fault.js";
import { type Machine, memoryOperand, readOperand, type Slow, writeOperand } from "../machine.js";
import { state } from "../state.js";
import { storeMasked } from "./text.js";
import { unitOf } from "../x87/instruction.js";

const FIRST = 16;
type Value = ReturnType<Evaluator["xmm"]>;

/** #UD, #NM and #MF come before everything else. */
function check(m: Machine): void {
  if ((m.cpu.cr0 & 4n) !== 0n) throw undefinedOpcode("MMX emulated by CR0.EM");
  if ((m.cpu.cr0 & 8n) !== 0n) throw new GuestFault(vector.NM, 0, "MMX switched off by CR0.TS");
  unitOf(m).check(true);
}

/** All registers are in use from now on, and MM0 is ST(0). */
function enter(m: Machine): void {
  const unit = unitOf(m);
  unit.top = 0;
  unit.used = 0xff;
}

const place = (index: number) => state.x87 + 16 * index;

/** What was written has an exponent of ones; nothing but 64 bits of it is ever looked at as a vector. */
function seal(m: Machine, index: number): void {
  m.cpu.u64[(place(index) >> 3) + 1] = 0xffffn;
}

/** Clears what lies above the 64 bits, for the time of an instruction. */
function open(m: Machine, index: number): bigint {
  const at = (place(index) >> 3) + 1;
  const above = m.cpu.u64[at] ?? 0n;
  m.cpu.u64[at] = 0n;
  return above;
}

const asVector = (o: Operand): Operand => (o.kind === "mm" ? { kind: "xmm", index: FIRST + o.index } : o);
const registersOf = (i: Instruction) => i.operands.flatMap((o) => (o.kind === "mm" ? [o.index] : []));

/** Runs semantics of XMM registers on MMX registers. */
const onVectors =
  (run: Semantics): Slow =>
  (m, i) => {
    check(m);
    const registers = new Set(registersOf(i));
    const above = [...registers].map((index) => [index, open(m, index)] as const);
    try {
      run(m.evaluator, { ...i, operands: i.operands.map(asVector) });
    } finally {
      for (const [index, value] of above) m.cpu.u64[(place(index) >> 3) + 1] = value;
    }
    enter(m);
    const [to] = i.operands;
    if (to?.kind === "mm") seal(m, to.index);
  };

/** 64 bits of a register or of memory, with zeros above; all of an XMM register. */
function readSource(m: Machine, o: Operand | undefined): Value {
  const e = m.evaluator;
  if (o?.kind === "xmm") return e.xmm(o.index);
  const low =
    o?.kind === "mm" ? e.xmmLow(64, FIRST + o.index) : e.load(64, effectiveAddress(e, memoryOperand(o)));
  return e.replaceLane("i64x2.replace_lane", 0, zero(e), low);
}

function writeLow(m: Machine, o: Operand | undefined, value: Value): void {
  const e = m.evaluator;
  const low = e.extractLane("i64x2.extract_lane", 0, value);
  if (o?.kind === "xmm") return e.setXmmLow(64, o.index, low);
  if (o?.kind !== "mm") throw new RangeError("not a vector register");
  e.setXmmLow(64, FIRST + o.index, low);
  seal(m, o.index);
}

type Operation = (e: Evaluator, a: Value, b: Value, i: Instruction) => Value;

/** A new destination from both operands. */
const combine =
  (f: Operation): Slow =>
  (m, i) => {
    check(m);
    const [to, from] = i.operands;
    const b = readSource(m, from);
    const result = f(m.evaluator, readSource(m, to), b, i);
    // An operand in memory makes no MMX register of an x87 register.
    if (to?.kind === "mm" || from?.kind === "mm") enter(m);
    writeLow(m, to, result);
  };

/** Both operands as one vector: what instructions of SSE take from two registers. */
const joined = (e: Evaluator, low: Value, high: Value) => e.shuffle(byteLanes(8, [0, 2]), low, high);

const pack = (operation: VectorOperation) =>
  combine((e, a, b) => e.vector(operation, joined(e, a, b), zero(e)));

/** Neighbours of the destination, then of the source. */
const horizontal = (size: 2 | 4, operation: VectorOperation) =>
  combine((e, a, b) => {
    const both = joined(e, a, b);
    const lanes = (odd: number) =>
      byteLanes(
        size,
        Array.from({ length: 16 / size }, (_, n) => (2 * n + odd) % (16 / size)),
      );
    return e.vector(operation, e.shuffle(lanes(0), both, both), e.shuffle(lanes(1), both, both));
  });

/** The upper halves' lanes in turn. */
const unpackHigh = (size: 1 | 2 | 4) =>
  combine((e, a, b) => {
    const count = 4 / size;
    const lanes = Array.from({ length: count }, (_, n) => [count + n, count + n + 16 / size]).flat();
    return e.shuffle([...byteLanes(size, lanes), ...byteLanes(8, [0])], a, b);
  });

/** Lanes are numbered with two bits, not three. */
const ofLane =
  (run: Slow): Slow =>
  (m, i) =>
    run(m, {
      ...i,
      operands: i.operands.map((o) => (o.kind === "immediate" ? { ...o, low: o.low & 3 } : o)),
    });

const semantics = new Map(
  [...sseMoveRows, ...sseIntegerRows].flatMap(({ mnemonic, traits: { run } }) =>
    run === undefined ? [] : [[mnemonic, onVectors(run)] as const],
  ),
);
const likeSse = (mnemonic: string): Slow => {
  const found = semantics.get(mnemonic);
  if (found === undefined) throw new RangeError(`SSE has no ${mnemonic}`);
  return found;
};

/** What is not SSE's on half as much: two operands become one vector, or lanes are numbered otherwise. */
const special: Readonly<Record<string, Slow>> = {
  PACKSSWB: pack("i8x16.narrow_i16x8_s"),
  PACKSSDW: pack("i16x8.narrow_i32x4_s"),
  PACKUSWB: pack("i8x16.narrow_i16x8_u"),
  PHADDW: horizontal(2, "i16x8.add"),
  PHADDD: horizontal(4, "i32x4.add"),
  PHADDSW: horizontal(2, "i16x8.add_sat_s"),
  PHSUBW: horizontal(2, "i16x8.sub"),
  PHSUBD: horizontal(4, "i32x4.sub"),
  PHSUBSW: horizontal(2, "i16x8.sub_sat_s"),
  PUNPCKHBW: unpackHigh(1),
  PUNPCKHWD: unpackHigh(2),
  PUNPCKHDQ: unpackHigh(4),
  PALIGNR: combine((e, a, b, i) => {
    const by = imm8(i, 2);
    const lanes = Array.from({ length: 16 }, (_, n) => Math.min(n + by, 16));
    return e.shuffle(lanes, joined(e, b, a), zero(e));
  }),
  PSHUFB: combine((e, a, b) => {
    const selectors = e.vector("v128.and", b, splatBytes(e, 0x87));
    return e.vector("i8x16.swizzle", a, selectors);
  }),
  PINSRW: ofLane(likeSse("PINSRW")),
  PEXTRW: ofLane(likeSse("PEXTRW")),
};

/** SSE's conversion of whole registers on the low half. */
const convert = (mnemonic: string): Slow => {
  const run = sseFloatRows.find((row) => row.mnemonic === mnemonic)?.traits.run;
  if (run === undefined) throw new RangeError(`SSE has no ${mnemonic}`);
  return (m, i) => {
    check(m);
    const e = m.evaluator;
    const [to, from] = i.operands;
    const whole = from?.kind === "memory" && from.width === 128;
    const source = whole ? e.load("v128", effectiveAddress(e, from), true) : readSource(m, from);
    // XMM0 stands in for both operands.
    const before = e.xmm(0);
    e.setXmm(0, source);
    const register: Operand = { kind: "xmm", index: 0 };
    try {
      run(e, { ...i, operands: [register, register] });
    } finally {
      const after = e.xmm(0);
      e.setXmm(0, before);
      if (to?.kind === "mm" || from?.kind === "mm") enter(m);
      if (mnemonic === "CVTDQ2PD" && to?.kind === "xmm") e.setXmm(to.index, after);
      else writeLow(m, to, after);
    }
  };
};

const move: Slow = (m, i) => {
  check(m);
  const [to, from] = i.operands;
  if (to?.kind === "mm") {
    const value = from?.kind === "mm" || from?.kind === "xmm" ? lowOf(m, from) : readOperand(m, from);
    m.cpu.u64[place(to.index) >> 3] = value;
    enter(m);
    return seal(m, to.index);
  }
  const value = lowOf(m, from);
  if (to?.kind === "xmm") {
    m.cpu.u64[(state.xmm >> 3) + 2 * to.index] = value;
    m.cpu.u64[(state.xmm >> 3) + 2 * to.index + 1] = 0n;
  } else writeOperand(m, to, value);
  enter(m);
};

function lowOf(m: Machine, o: Operand | undefined): bigint {
  if (o?.kind === "xmm") return m.cpu.u64[(state.xmm >> 3) + 2 * o.index] ?? 0n;
  return o?.kind === "mm" ? (m.cpu.u64[place(o.index) >> 3] ?? 0n) : 0n;
}

const pshufw = combine((e, _a, b, i) => {
  const imm = imm8(i, 2);
  return e.shuffle(byteLanes(2, [imm & 3, (imm >> 2) & 3, (imm >> 4) & 3, imm >> 6, 4, 5, 6, 7]), b, b);
});

/** Bytes whose mask has its sign bit set go to DS:RDI. */
const maskmovq: Slow = (m, i) => {
  check(m);
  const [from, by] = i.operands;
  if (from?.kind !== "mm" || by?.kind !== "mm") return;
  const bytes = ({ index }: { readonly index: number }) => m.cpu.u8.subarray(place(index), place(index) + 8);
  storeMasked(m, i, bytes(from), bytes(by));
  enter(m);
};

export const mmxInstructions: Readonly<Record<string, Slow>> = {
  ...Object.fromEntries(
    mmxPackedRows.map(({ mnemonic }) => [mnemonic, special[mnemonic] ?? likeSse(mnemonic)] as const),
  ),
  EMMS: (m) => {
    check(m);
    enter(m);
    unitOf(m).used = 0;
  },
  MOVD: move,
  MOVQ: move,
  MOVNTQ: move,
  MOVQ2DQ: move,
  MOVDQ2Q: move,
  PSHUFW: pshufw,
  MASKMOVQ: maskmovq,
  CVTPI2PS: convert("CVTDQ2PS"),
  CVTPI2PD: convert("CVTDQ2PD"),
  CVTPS2PI: convert("CVTPS2DQ"),
  CVTTPS2PI: convert("CVTTPS2DQ"),
  CVTPD2PI: convert("CVTPD2DQ"),
  CVTTPD2PI: convert("CVTTPD2DQ"),
};
