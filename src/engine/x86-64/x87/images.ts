// The x87's state in memory: control and status words, FNSTENV and FNSAVE images, FXSAVE's with the SSE state.
// Instruction and operand pointers are kept as zero. Specification: Intel SDM volume 1, 8.1.10 and 10.5.1.
import { generalProtection } from "../fault.js";
import { addressOf, readOperand, type Slow, writeOperand } from "../machine.js";
import { requireAlignment } from "../memory-access.js";
import { state } from "../state.js";
import { isNan, isInfinity, isUnsupported, isZero, isDenormal } from "./f80.js";
import { unitOf, x87 } from "./instructions.js";
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

/** The environment in 32-bit form: seven words, their upper halves ones where unused. */
function writeEnvironment(u: Unit, view: DataView, at: number): void {
  const words = [u.control, u.status, fullTags(u)];
  words.forEach((word, n) => view.setUint32(at + 4 * n, (0xffff_0000 | word) >>> 0, true));
  for (let n = 3; n < 7; n++) view.setUint32(at + 4 * n, n === 6 ? 0xffff_0000 : 0, true);
}

function readEnvironment(u: Unit, view: DataView, at: number): void {
  u.control = view.getUint16(at, true);
  setTags(u, view.getUint16(at + 8, true));
  u.status = view.getUint16(at + 4, true);
}

const storeEnvironment = x87((u, m, i) => {
  m.memory.writeBytes(addressOf(m, i.operands[0]), 28, (view, at) => writeEnvironment(u, view, at));
  // All exceptions are masked afterwards.
  u.control |= 0x3f;
}, false);

const save = x87((u, m, i) => {
  m.memory.writeBytes(addressOf(m, i.operands[0]), 108, (view, at) => {
    writeEnvironment(u, view, at);
    for (let n = 0; n < 8; n++) {
      const { sign, exponent, significand } = u.get(n);
      view.setBigUint64(at + 28 + 10 * n, significand, true);
      view.setUint16(at + 36 + 10 * n, (sign << 15) | exponent, true);
    }
  });
  u.reset();
}, false);

const restore = x87((u, m, i) => {
  const [view, at] = m.memory.readable(addressOf(m, i.operands[0]), 108);
  readEnvironment(u, view, at);
  for (let n = 0; n < 8; n++) {
    const upper = view.getUint16(at + 36 + 10 * n, true);
    const significand = view.getBigUint64(at + 28 + 10 * n, true);
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
  image.fill(0, 6, 24);
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
  m.cpu.i32[state.mxcsr >> 2] = mxcsr;
  for (let n = 0; n < 8; n++) {
    const upper = view.getUint16(40 + 16 * n, true);
    const significand = view.getBigUint64(32 + 16 * n, true);
    u.setRaw((u.top + n) & 7, { sign: (upper >> 15) as 0 | 1, exponent: upper & 0x7fff, significand });
  }
  m.cpu.u8.set(image.subarray(160, 416), state.xmm);
};

export const x87Images: Record<string, Slow> = {
  FLDCW: x87((u, m, i) => {
    u.control = Number(readOperand(m, i.operands[0]));
  }),
  FNSTCW: x87((u, m, i) => writeOperand(m, i.operands[0], BigInt(u.control)), false),
  FNSTSW: x87((u, m, i) => writeOperand(m, i.operands[0], BigInt(u.status)), false),
  FLDENV: x87((u, m, i) => {
    const [view, at] = m.memory.readable(addressOf(m, i.operands[0]), 28);
    readEnvironment(u, view, at);
  }, false),
  FNSTENV: storeEnvironment,
  FNSAVE: save,
  FRSTOR: restore,
  FNCLEX: x87((u) => {
    u.status &= 0x7f00;
  }, false),
  FNINIT: x87((u) => u.reset(), false),
  FXSAVE: fxsave,
  FXRSTOR: fxrstor,
};
