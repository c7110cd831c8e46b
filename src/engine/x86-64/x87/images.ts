// The x87's state in memory: control and status words, FNSTENV and FNSAVE images, FXSAVE's with the SSE state.
// Specification: Intel SDM volume 1, 8.1.10 and 10.5.1.
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import { generalProtection } from "../fault.js";
import { addressOf, readOperand, type Slow, writeOperand } from "../machine.js";
import { requireAlignment } from "../memory-access.js";
import { state } from "../state.js";
import { isNan, isInfinity, isUnsupported, isZero, isDenormal } from "./f80.js";
import { unitOf, x87Control } from "./instruction.js";
import type { Unit } from "./unit.js";

/** Two bits a register: valid, zero, special, empty. */
export function fullTags(u: Unit): number {
  let tags = 0;
  for (let n = 7; n >= 0; n--) {
    const x = u.raw(n);
    const special = isNan(x) || isInfinity(x) || isUnsupported(x) || isDenormal(x);
    const tag = ((u.used >> n) & 1) === 0 ? 3 : isZero(x) ? 1 : special ? 2 : 0;
    tags = (tags << 2) | tag;
  }
  return tags;
}

export function setTags(u: Unit, tags: number): void {
  let used = 0;
  for (let n = 0; n < 8; n++) if (((tags >> (2 * n)) & 3) !== 3) used |= 1 << n;
  u.used = used;
}

/** Sizes of the environment, and of each of the eight registers behind it. */
const sizesOf = (i: Instruction) => (i.operandWidth === 16 ? { word: 2, all: 14 } : { word: 4, all: 28 });
const REGISTER = 10;

/**
 * Seven words of 16 or 32 bits: control, status, tags, pointers. Upper halves of the first three and the last are ones.
 * Selectors are 0, as CPUID says; the opcode stands above one.
 */
function writeEnvironment(u: Unit, i: Instruction, view: DataView, at: number): void {
  const [ip, dp] = [Number(u.pointer & 0xffff_ffffn), Number(u.operand & 0xffff_ffffn)];
  const words = [u.control, u.status, fullTags(u), ip, u.opcode << 16, dp, 0];
  const { word } = sizesOf(i);
  words.forEach((value, n) => {
    if (word === 2) view.setUint16(at + 2 * n, value & 0xffff, true);
    else view.setUint32(at + 4 * n, n < 3 || n === 6 ? (0xffff_0000 | value) >>> 0 : value, true);
  });
}

function readEnvironment(u: Unit, i: Instruction, view: DataView, at: number): void {
  const { word } = sizesOf(i);
  const half = (n: number) => view.getUint16(at + word * n, true);
  const whole = (n: number) => (word === 2 ? half(n) : view.getUint32(at + word * n, true));
  u.control = half(0);
  setTags(u, half(2));
  u.status = half(1);
  u.pointer = BigInt(whole(3));
  u.opcode = word === 2 ? 0 : whole(4) >>> 16;
  u.operand = BigInt(whole(5));
}

const storeEnvironment = x87Control((u, m, i) => {
  m.memory.writeBytes(addressOf(m, i.operands[0]), sizesOf(i).all, (view, at) =>
    writeEnvironment(u, i, view, at),
  );
  // All exceptions are masked afterwards.
  u.control |= 0x3f;
}, false);

const save = x87Control((u, m, i) => {
  const { all } = sizesOf(i);
  m.memory.writeBytes(addressOf(m, i.operands[0]), all + 8 * REGISTER, (view, at) => {
    writeEnvironment(u, i, view, at);
    for (let n = 0; n < 8; n++) {
      const { sign, exponent, significand } = u.get(n);
      view.setBigUint64(at + all + REGISTER * n, significand, true);
      view.setUint16(at + all + 8 + REGISTER * n, (sign << 15) | exponent, true);
    }
  });
  u.reset();
}, false);

const restore = x87Control((u, m, i) => {
  const { all } = sizesOf(i);
  const [view, at] = m.memory.readable(addressOf(m, i.operands[0]), all + 8 * REGISTER);
  readEnvironment(u, i, view, at);
  for (let n = 0; n < 8; n++) {
    const upper = view.getUint16(at + all + 8 + REGISTER * n, true);
    const significand = view.getBigUint64(at + all + REGISTER * n, true);
    u.setRaw((u.top + n) & 7, { sign: (upper >> 15) as 0 | 1, exponent: upper & 0x7fff, significand });
  }
}, false);

const FXSAVE_SIZE = 512;

const fxsave: Slow = (m, i) => {
  const u = unitOf(m);
  const linear = addressOf(m, i.operands[0]);
  requireAlignment(linear, 16);
  const old = m.memory.readable(linear, FXSAVE_SIZE);
  const image = new Uint8Array(old[0].buffer, old[0].byteOffset + old[1], FXSAVE_SIZE).slice();
  const view = new DataView(image.buffer);
  view.setUint16(0, u.control, true);
  view.setUint16(2, u.status, true);
  view.setUint16(4, u.used, true);
  view.setUint16(6, u.opcode, true);
  // Without REX.W, pointers have 32 bits and a selector each.
  const bits = i.operandWidth === 64 ? 64 : 32;
  view.setBigUint64(8, BigInt.asUintN(bits, u.pointer), true);
  view.setBigUint64(16, BigInt.asUintN(bits, u.operand), true);
  view.setUint32(24, m.cpu.i32[state.mxcsr >> 2] ?? 0, true);
  view.setUint32(28, 0xffff, true);
  for (let n = 0; n < 8; n++) {
    const { sign, exponent, significand } = u.get(n);
    view.setBigUint64(32 + 16 * n, significand, true);
    view.setBigUint64(40 + 16 * n, BigInt((sign << 15) | exponent), true);
  }
  image.set(m.cpu.u8.subarray(state.xmm, state.xmm + 256), 160);
  m.memory.writeBytes(linear, FXSAVE_SIZE, (to, at) => {
    new Uint8Array(to.buffer, to.byteOffset + at, FXSAVE_SIZE).set(image);
  });
};

const fxrstor: Slow = (m, i) => {
  const u = unitOf(m);
  const linear = addressOf(m, i.operands[0]);
  requireAlignment(linear, 16);
  const [from, at] = m.memory.readable(linear, FXSAVE_SIZE);
  const image = new Uint8Array(from.buffer, from.byteOffset + at, FXSAVE_SIZE).slice();
  const view = new DataView(image.buffer);
  const mxcsr = view.getUint32(24, true);
  if ((mxcsr & ~0xffff) !== 0) throw generalProtection("reserved bits of MXCSR");
  u.control = view.getUint16(0, true);
  u.used = view.getUint16(4, true) & 0xff;
  u.status = view.getUint16(2, true);
  u.opcode = view.getUint16(6, true);
  const bits = i.operandWidth === 64 ? 64 : 32;
  u.pointer = BigInt.asUintN(bits, view.getBigUint64(8, true));
  u.operand = BigInt.asUintN(bits, view.getBigUint64(16, true));
  m.cpu.i32[state.mxcsr >> 2] = mxcsr;
  for (let n = 0; n < 8; n++) {
    const upper = view.getUint16(40 + 16 * n, true);
    const significand = view.getBigUint64(32 + 16 * n, true);
    u.setRaw((u.top + n) & 7, { sign: (upper >> 15) as 0 | 1, exponent: upper & 0x7fff, significand });
  }
  m.cpu.u8.set(image.subarray(160, 416), state.xmm);
};

export const x87Images: Record<string, Slow> = {
  FLDCW: x87Control((u, m, i) => {
    u.control = Number(readOperand(m, i.operands[0]));
  }, true),
  FNSTCW: x87Control((u, m, i) => writeOperand(m, i.operands[0], BigInt(u.control)), false),
  FNSTSW: x87Control((u, m, i) => writeOperand(m, i.operands[0], BigInt(u.status)), false),
  FLDENV: x87Control((u, m, i) => {
    const [view, at] = m.memory.readable(addressOf(m, i.operands[0]), sizesOf(i).all);
    readEnvironment(u, i, view, at);
  }, false),
  FNSTENV: storeEnvironment,
  FNSAVE: save,
  FRSTOR: restore,
  FNCLEX: x87Control((u) => {
    u.status &= 0x7f00;
  }, false),
  FNINIT: x87Control((u) => u.reset(), false),
  FXSAVE: fxsave,
  FXRSTOR: fxrstor,
};
