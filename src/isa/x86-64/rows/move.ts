// Data movement without arithmetic: MOV, MOVZX, MOVSX, LEA, XCHG, XADD, CMPXCHG, CMOVcc, SETcc, BSWAP, MOVBE, CBW to CQO,
// PUSH, POP, LEAVE, LAHF, SAHF. Specification: Intel SDM volume 2.
import { conditions, type Emitter, type Width } from "../emitter.js";
import { type Instruction, rows, type Semantics } from "../instruction.js";
import {
  addressOf,
  effectiveAddress,
  offsetOf,
  operand,
  pop,
  push,
  read,
  widthOf,
  write,
} from "../operands.js";

const RAX = 0;
const RDX = 2;
const RSP = 4;
const RBP = 5;

const mov: Semantics = (e, i) => {
  const destination = operand(i, 0);
  const width = widthOf(destination);
  write(e, destination, read(e, operand(i, 1), width), width);
};

/** Extends a value or leaves it, where the widths are the same (MOVSXD r32, r/m32). */
function extend<V>(e: Emitter<V>, signed: boolean, to: Width, from: Width, a: V): V {
  if (to <= from) return to === from ? a : e.truncate(to, from, a);
  return signed ? e.extendSigned(to, from, a) : e.extendUnsigned(to, from, a);
}

const movExtended =
  (signed: boolean): Semantics =>
  (e, i) => {
    const to = widthOf(operand(i, 0));
    const from = widthOf(operand(i, 1));
    write(e, operand(i, 0), extend(e, signed, to, from, read(e, operand(i, 1))));
  };

const lea: Semantics = (e, i) => {
  const destination = operand(i, 0);
  const source = operand(i, 1);
  if (source.kind !== "memory") throw new RangeError("LEA of a register");
  const width = widthOf(destination);
  write(e, destination, extend(e, false, width, 64, offsetOf(e, source)), width);
};

const xchg: Semantics = (e, i) => {
  const [first, second] = [operand(i, 0), operand(i, 1)];
  const width = widthOf(first);
  const address = addressOf(e, first);
  const a = read(e, first, width, address);
  const b = read(e, second, width);
  write(e, first, b, width, address);
  write(e, second, a, width);
};

const xadd: Semantics = (e, i) => {
  const [first, second] = [operand(i, 0), operand(i, 1)];
  const width = widthOf(first);
  const address = addressOf(e, first);
  const a = read(e, first, width, address);
  const b = read(e, second, width);
  const result = e.add(width, a, b);
  if (first.kind === "memory") write(e, first, result, width, address);
  write(e, second, a, width);
  if (first.kind !== "memory") write(e, first, result, width);
  e.flagsAdd(width, a, b, result);
};

/** Memory is written in any case, with its old value where the comparison fails; a register only where it holds. */
const cmpxchg: Semantics = (e, i) => {
  const destination = operand(i, 0);
  const width = widthOf(destination);
  const address = addressOf(e, destination);
  const old = read(e, destination, width, address);
  const expected = e.register(width, RAX);
  const equal = e.equal(width, expected, old);
  const source = read(e, operand(i, 1), width);
  if (destination.kind === "memory") {
    write(e, destination, e.select(width, equal, source, old), width, address);
    setUnless(e, width, RAX, equal, old);
  } else {
    setUnless(e, width, RAX, equal, old);
    // The accumulator itself as destination always equals itself.
    if (destination.kind === "register" && !destination.high) {
      setUnless(e, width, destination.index, e.xor(32, equal, e.constant(32, 1)), source);
    } else write(e, destination, e.select(width, equal, source, old), width);
  }
  e.flagsSub(width, expected, old, e.sub(width, expected, old));
};

/** Writes a register where a bit is 0; otherwise it keeps all 64 bits, even at width 32. */
function setUnless<V>(e: Emitter<V>, width: Width, index: number, bit: V, value: V): void {
  if (width === 32) {
    const whole = e.register(64, index);
    e.setRegister(64, index, e.select(64, bit, whole, e.extendUnsigned(64, 32, value)));
  } else e.setRegister(width, index, e.select(width, bit, e.register(width, index), value));
}

/** CMOVcc reads its source and, at 32 bits, clears the upper half even where the condition does not hold. */
const cmov =
  (code: number): Semantics =>
  (e, i) => {
    const destination = operand(i, 0);
    const width = widthOf(destination);
    const source = read(e, operand(i, 1), width);
    write(e, destination, e.select(width, e.condition(code), source, read(e, destination)), width);
  };

const setcc =
  (code: number): Semantics =>
  (e, i) =>
    write(e, operand(i, 0), e.truncate(8, 32, e.condition(code)));

const bswap: Semantics = (e, i) => {
  const width = widthOf(operand(i, 0));
  write(e, operand(i, 0), e.byteSwap(width, read(e, operand(i, 0))), width);
};

const movbe: Semantics = (e, i) => {
  const width = widthOf(operand(i, 0));
  write(e, operand(i, 0), e.byteSwap(width, read(e, operand(i, 1), width)), width);
};

/** CBW, CWDE, CDQE: the accumulator's lower half, sign-extended. */
const extendAccumulator =
  (from: Width, to: Width): Semantics =>
  (e) =>
    e.setRegister(to, RAX, e.extendSigned(to, from, e.register(from, RAX)));

/** CWD, CDQ, CQO: the accumulator's sign throughout rDX. */
const signAccumulator =
  (width: 16 | 32 | 64): Semantics =>
  (e) => {
    const wide = width === 16 ? 32 : width;
    const value = e.register(width, RAX);
    const sign = e.sar(wide, width === 16 ? e.extendSigned(32, 16, value) : value, e.constant(32, wide - 1));
    e.setRegister(width, RDX, width === 16 ? e.truncate(16, 32, sign) : sign);
  };

/** What a push is wide by itself: rows of 32-bit mode say so. */
const stackWidth = (i: Instruction): 16 | 32 | 64 =>
  i.operandWidth === 16 ? 16 : i.row.traits.mode === 32 ? 32 : 64;

const pushOperand: Semantics = (e, i) => {
  const width = stackWidth(i);
  push(e, width, read(e, operand(i, 0), width));
};

/** POP to memory computes the address with the stack pointer already moved, but moves it only after the store. */
const popOperand: Semantics = (e, i) => {
  const width = stackWidth(i);
  const destination = operand(i, 0);
  if (destination.kind !== "memory") return write(e, destination, pop(e, width), width);
  const moved = destination.base === RSP ? destination.displacement + width / 8 : destination.displacement;
  const place = { ...destination, low: moved | 0, high: Math.floor(moved / 0x1_0000_0000) | 0 };
  const rsp = e.register(64, RSP);
  e.store(width, effectiveAddress(e, place), e.load(width, rsp));
  e.setRegister(64, RSP, e.add(64, rsp, e.constant(64, width / 8)));
};

const leave: Semantics = (e, i) => {
  const width = stackWidth(i);
  const rbp = e.register(64, RBP);
  const value = e.load(width, rbp);
  e.setRegister(64, RSP, e.add(64, rbp, e.constant(64, width / 8)));
  e.setRegister(width, RBP, value);
};

/** LAHF and SAHF's flags with their bits in AH; bit 1 is always set. */
const ahFlags = [
  ["CF", 0],
  ["PF", 2],
  ["AF", 4],
  ["ZF", 6],
  ["SF", 7],
] as const;

const lahf: Semantics = (e) => {
  let value = e.constant(32, 2);
  for (const [flag, bit] of ahFlags) value = e.or(32, value, e.shl(32, e.flag(flag), e.constant(32, bit)));
  e.setRegisterHigh(0, e.truncate(8, 32, value));
};

const sahf: Semantics = (e) => {
  const value = e.extendUnsigned(32, 8, e.registerHigh(0));
  for (const [flag, bit] of ahFlags) {
    e.setFlag(flag, e.and(32, e.shr(32, value, e.constant(32, bit)), e.constant(32, 1)));
  }
};

const hex = (value: number) => value.toString(16).toUpperCase();

export const moveRows = [
  ...rows(
    "MOV",
    { run: mov },
    "88 /r | r/m8, r8",
    "89 /r | r/mv, rv",
    "8A /r | r8, r/m8",
    "8B /r | rv, r/mv",
    "A0 mo | AL, moffs8",
    "A1 mo | rAX, moffsv",
    "A2 mo | moffs8, AL",
    "A3 mo | moffsv, rAX",
    "B0+r ib | r8, imm8",
    "B8+r iv | rv, immv",
    "C6 /0 ib | r/m8, imm8",
    "C7 /0 iz | r/mv, immz",
  ),
  ...rows("MOVZX", { run: movExtended(false) }, "0F B6 /r | rv, r/m8", "0F B7 /r | rv, r/m16"),
  ...rows("MOVSX", { run: movExtended(true) }, "0F BE /r | rv, r/m8", "0F BF /r | rv, r/m16"),
  ...rows("MOVSXD", { run: movExtended(true), mode: 64 }, "63 /r | rv, r/m32"),
  ...rows("LEA", { run: lea }, "8D /r | rv, m"),
  ...rows("XCHG", { run: xchg, lock: true }, "86 /r | r/m8, r8", "87 /r | r/mv, rv", "90+r | rv, rAX"),
  ...rows("XADD", { run: xadd, lock: true }, "0F C0 /r | r/m8, r8", "0F C1 /r | r/mv, rv"),
  ...rows("CMPXCHG", { run: cmpxchg, lock: true }, "0F B0 /r | r/m8, r8", "0F B1 /r | r/mv, rv"),
  ...conditions.flatMap((name, code) =>
    rows(`CMOV${name}`, { run: cmov(code) }, `0F ${hex(0x40 + code)} /r | rv, r/mv`),
  ),
  ...conditions.flatMap((name, code) =>
    rows(`SET${name}`, { run: setcc(code) }, `0F ${hex(0x90 + code)} /r | r/m8`),
  ),
  ...rows("BSWAP", { run: bswap }, "0F C8+r | ry"),
  ...rows("MOVBE", { run: movbe, feature: "MOVBE" }, "NFx 0F 38 F0 /r | rv, mv", "NFx 0F 38 F1 /r | mv, rv"),
  ...rows("CBW", { run: extendAccumulator(8, 16) }, "66 98"),
  ...rows("CWDE", { run: extendAccumulator(16, 32) }, "98"),
  ...rows("CDQE", { run: extendAccumulator(32, 64) }, "REX.W + 98"),
  ...rows("CWD", { run: signAccumulator(16) }, "66 99"),
  ...rows("CDQ", { run: signAccumulator(32) }, "99"),
  ...rows("CQO", { run: signAccumulator(64) }, "REX.W + 99"),
  ...rows(
    "PUSH",
    { run: pushOperand, mode: 64 },
    "66 50+r | r16",
    "50+r | r64",
    "66 FF /6 | r/m16",
    "FF /6 | r/m64",
    "6A ib | imm8",
    "68 iz | immz",
  ),
  ...rows(
    "POP",
    { run: popOperand, mode: 64 },
    "66 58+r | r16",
    "58+r | r64",
    "66 8F /0 | r/m16",
    "8F /0 | r/m64",
  ),
  ...rows("LEAVE", { run: leave, mode: 64 }, "C9"),
  ...rows(
    "PUSH",
    { run: pushOperand, mode: 32 },
    "50+r | rv",
    "FF /6 | r/mv",
    "6A ib | imm8",
    "68 iz | immz",
  ),
  ...rows("POP", { run: popOperand, mode: 32 }, "58+r | rv", "8F /0 | r/mv"),
  ...rows("LEAVE", { run: leave, mode: 32 }, "C9"),
  ...rows("LAHF", { run: lahf }, "9F"),
  ...rows("SAHF", { run: sahf }, "9E"),
];
