// Random cases for a row of the table: an encoding of it, and a state in which its memory operand mostly lies in the
// window that both sides have.
import { decode } from "../../src/isa/x86-64/decoder.js";
import type { Instruction, MemoryOperand } from "../../src/isa/x86-64/instruction.js";
import type { Encoding } from "../../src/isa/x86-64/notation.js";
import type { Random } from "./random.js";
import {
  CODE,
  CODE_MAX,
  CODE_STRIDE,
  FX_SIZE,
  type State,
  WINDOW,
  WINDOW_PAGE,
  WINDOW_SIZE,
  xmmAt,
} from "./state.js";

const RSP = 4;
const RBP = 5;
const RCX = 1;
const RSI = 6;
const RDI = 7;

const littleEndian = (value: bigint, size: number) =>
  Array.from({ length: size }, (_, n) => Number((value >> BigInt(8 * n)) & 0xffn));

const operandNamed = (encoding: Encoding, pattern: RegExp) =>
  encoding.operands.some((name) => pattern.test(name));

/** ModRM with what follows it, and the REX bits R, X and B. */
function modrm(r: Random, encoding: Encoding): { bytes: number[]; rex: number } {
  if (encoding.exact !== undefined) {
    return { bytes: [encoding.exact + (encoding.plusIndex ? r.below(8) : 0)], rex: 0 };
  }
  const reg = encoding.digit ?? r.below(8);
  const isControl = operandNamed(encoding, /^Sreg$/);
  const rexR = encoding.digit === undefined && !isControl ? r.below(2) * 4 : 0;
  const isRegister = encoding.mod === "register" || (encoding.mod === "any" && r.below(3) > 0);
  if (isRegister) return { bytes: [0xc0 | (reg << 3) | r.below(8)], rex: rexR | r.below(2) };
  const mod = r.below(3);
  const rm = r.below(8);
  const bytes = [(mod << 6) | (reg << 3) | rm];
  let hasDisplacement32 = mod === 2 || (mod === 0 && rm === 5);
  if (rm === 4) {
    const sib = r.below(256);
    bytes.push(sib);
    if (mod === 0 && (sib & 7) === 5) hasDisplacement32 = true;
  }
  // RIP-relative and absolute ones must reach the window by themselves: the caller puts that in.
  if (hasDisplacement32) bytes.push(...littleEndian(BigInt(r.below(4096) - 2048), 4));
  else if (mod === 1) bytes.push(r.below(256));
  return { bytes, rex: rexR | r.below(4) };
}

/** A distance to INT3, never back into the instruction. */
const away = (r: Random) => (r.below(2) === 0 ? 1 : -1) * (20 + r.below(80));

const sizes = { b: 1, w: 2, d: 4, q: 8 } as const;

/** Machine code for an encoding, with random operands. */
export function encode(r: Random, encoding: Encoding, pc: number): Uint8Array {
  const { prefix, map, w } = encoding;
  const hasV = operandNamed(encoding, /v$|z$|^imm[vz]/) || encoding.immediates.includes("v");
  const isVex = map >= 5;
  const usesVvvv = operandNamed(encoding, /b$/);
  const wide = w === 1 || (w === undefined && prefix !== 0x66 && r.below(2) === 1);
  const narrow = hasV && !wide && prefix !== 0x66 && prefix !== "none" && r.below(3) === 0;
  const operandWidth = wide ? 64 : narrow ? 16 : 32;
  const bytes: number[] = [];
  const isMemoryLocked = encoding.row.traits.lock === true && r.below(4) === 0;
  const { bytes: after, rex } = encoding.hasModrm
    ? modrm(r, encoding)
    : { bytes: [], rex: encoding.plusRegister ? r.below(2) : 0 };
  const isMemory = encoding.hasModrm && (after[0] ?? 0xc0) < 0xc0;
  if (
    isMemoryLocked &&
    isMemory &&
    !isVex &&
    !/^(r|xmm)/.test(encoding.operands[0]?.replace("r/m", "") ?? "")
  ) {
    bytes.push(0xf0);
  }
  if (encoding.row.traits.repeat === true) bytes.push(...r.pick([[], [0xf3], [0xf2], [0xf3]]));
  const opcode = encoding.opcode + (encoding.plusRegister ? r.below(8) : 0);
  if (isVex) {
    const pp = prefix === 0x66 ? 1 : prefix === 0xf3 ? 2 : prefix === 0xf2 ? 3 : 0;
    bytes.push(
      0xc4,
      ((~rex & 7) << 5) | (map - 4),
      (wide ? 0x80 : 0) | ((usesVvvv ? r.below(16) : 15) << 3) | pp,
    );
  } else {
    if (narrow) bytes.push(0x66);
    if (typeof prefix === "number") bytes.push(prefix);
    const rexByte = 0x40 | rex | (wide ? 8 : 0);
    if (rexByte !== 0x40 || r.below(2) === 0) bytes.push(rexByte);
    if (map > 0) bytes.push(0x0f);
    if (map === 2) bytes.push(0x38);
    if (map === 3) bytes.push(0x3a);
  }
  bytes.push(opcode, ...after);
  for (const size of encoding.immediates) {
    const count =
      size === "z"
        ? narrow
          ? 2
          : 4
        : size === "v"
          ? operandWidth / 8
          : size === "moffs"
            ? 8
            : sizes[size as "b"];
    if (size === "moffs") bytes.push(...littleEndian(BigInt(WINDOW + r.below(200)), 8));
    else if (operandNamed(encoding, /^rel/)) bytes.push(...littleEndian(BigInt(away(r)), count));
    else bytes.push(...littleEndian(r.below(2) === 0 ? BigInt(r.below(70)) : r.integer(), count));
  }
  return reachWindow(r, Uint8Array.from(bytes), encoding, pc);
}

/** Where the address is the displacement's alone, makes it one in the window. */
function reachWindow(r: Random, code: Uint8Array, encoding: Encoding, pc: number): Uint8Array {
  const found = decode(code, 0, pc);
  if (typeof found === "string" || !encoding.hasModrm) return code;
  const memory = found.operands.find((o) => o.kind === "memory");
  if (memory?.kind !== "memory" || memory.base >= 0 || memory.index >= 0) return code;
  const view = new DataView(code.buffer);
  for (let at = 1; at + 4 <= code.length; at++) {
    const old = view.getInt32(at, true);
    const isIt = memory.displacement === old || memory.displacement === found.next + old;
    if (!isIt) continue;
    const base = memory.displacement - old;
    const isAligned = encoding.row.traits.feature === "SHA";
    view.setInt32(at, WINDOW + 64 + (isAligned ? 16 * r.below(18) : r.below(300)) - base, true);
    const again = decode(code, 0, pc);
    if (typeof again !== "string" && again.row === found.row) return code;
    view.setInt32(at, old, true);
  }
  return code;
}

/** Sets registers so that the operand's address is `address`; false where one register cannot do it. */
function aim(state: State, m: MemoryOperand, address: bigint): boolean {
  const scaled = m.index < 0 ? 0n : (state.gpr[m.index] ?? 0n) << BigInt(m.scale);
  const cut = (value: bigint) => BigInt.asUintN(64, value);
  if (m.base >= 0 && m.base !== m.index) {
    state.gpr[m.base] = cut(address - BigInt(m.displacement) - scaled);
    return true;
  }
  if (m.index < 0) return true;
  const factor = (1n << BigInt(m.scale)) + (m.base === m.index ? 1n : 0n);
  const rest = cut(address - BigInt(m.displacement));
  state.gpr[m.index] = rest / factor;
  return rest % factor === 0n;
}

/** Registers that instructions use without naming them. */
function implicit(r: Random, state: State, i: Instruction): void {
  const { mnemonic, traits } = i.row;
  const inside = () => BigInt(WINDOW + 192 + r.below(128));
  state.gpr[RSP] = inside() & ~(r.below(4) === 0 ? 0n : 7n);
  if (["LEAVE", "ENTER", "XLATB"].includes(mnemonic)) state.gpr[RBP] = inside();
  if (mnemonic === "ENTER") {
    // CPUs differ about the order of reads and writes where the old frame's links and the new ones overlap.
    state.gpr[RSP] = BigInt(WINDOW + 264);
    state.gpr[RBP] = BigInt(WINDOW + WINDOW_SIZE);
  }
  if (mnemonic === "XLATB") state.gpr[3] = BigInt(WINDOW + r.below(200));
  if (traits.repeat === true || mnemonic.startsWith("MASKMOV")) {
    state.gpr[RSI] = inside();
    state.gpr[RDI] = r.below(4) === 0 ? (state.gpr[RSI] ?? 0n) + BigInt(r.below(16)) : inside();
    if (i.repeat !== 0) state.gpr[RCX] = BigInt(r.below(20));
  }
  if (mnemonic === "RET") {
    const at = Number((state.gpr[RSP] ?? 0n) - BigInt(WINDOW));
    new DataView(state.window.buffer).setBigUint64(at, BigInt(i.pc + away(r)), true);
  }
  if (/^(DIV|IDIV)$/.test(mnemonic) && r.below(4) > 0) {
    const bound = r.below(4) === 0 ? r.integer() : BigInt(r.below(100));
    state.gpr[2] = r.below(2) === 0 ? 0n : bound;
  }
  if (/^(CMPXCHG8B|CMPXCHG16B|CMPXCHG)$/.test(mnemonic) && r.below(2) === 0) {
    for (const n of [0, 2]) state.gpr[n] = 0x0101_0101_0101_0101n;
    state.window.fill(1);
  }
  if (/^(JMP|CALL)$/.test(mnemonic) && i.operands[0]?.kind === "register") {
    state.gpr[i.operands[0].index] = BigInt(i.pc + away(r));
  }
}

/** Mostly as at the start; else any rounding, denormals as zeros, flags from before, exceptions that are not masked. */
function mxcsr(r: Random): number {
  const sometimes = (bits: number) => (r.below(4) === 0 ? bits : 0);
  const modes = sometimes(r.below(4) << 13) | sometimes(0x8000) | sometimes(0x40) | sometimes(r.below(64));
  return (0x1f80 & ~sometimes(r.below(64) << 7)) | (r.below(2) === 0 ? modes : 0);
}

/** Random registers, flags and memory. */
export function randomState(r: Random, pc: number, code: Uint8Array): State {
  const state: State = {
    gpr: Array.from({ length: 16 }, () => r.integer()),
    rip: BigInt(pc),
    rflags: 0x202n | (r.u64() & 0x8d5n) | (r.below(4) === 0 ? 0x400n : 0n),
    trap: 0,
    error: 0n,
    address: 0n,
    fx: new Uint8Array(FX_SIZE),
    window: new Uint8Array(WINDOW_SIZE),
    code,
  };
  const fx = new DataView(state.fx.buffer);
  fx.setUint16(0, 0x37f, true);
  fx.setUint32(24, mxcsr(r), true);
  const taste = r.pick([r.integer, r.double, r.singles]);
  const vector = () => (r.below(4) === 0 ? r.u64() : taste());
  for (let x = 0; x < 16; x++) {
    fx.setBigUint64(xmmAt(x), vector(), true);
    fx.setBigUint64(xmmAt(x) + 8, vector(), true);
  }
  const window = new DataView(state.window.buffer);
  for (let at = 0; at < WINDOW_SIZE; at += 8) window.setBigUint64(at, vector(), true);
  return state;
}

/** A case for an encoding, number `n` of its batch; undefined where this roll of the dice gave none. */
export function newCase(
  r: Random,
  encoding: Encoding,
  n: number,
): { state: State; instruction: Instruction } | undefined {
  const pc = CODE + n * CODE_STRIDE + CODE_STRIDE / 2;
  const bytes = encode(r, encoding, pc);
  const instruction = decode(bytes, 0, pc);
  if (typeof instruction === "string" || instruction.row !== encoding.row) return undefined;
  const code = new Uint8Array(CODE_MAX).fill(0xcc);
  code.set(bytes);
  const state = randomState(r, pc, code);
  fillX87(r, new DataView(state.fx.buffer), instruction);
  implicit(r, state, instruction);
  if (/^BT[SRC]?$/.test(encoding.row.mnemonic) && instruction.operands[1]?.kind === "register") {
    state.gpr[instruction.operands[1].index] = BigInt.asUintN(64, BigInt(r.below(800) - 400));
  }
  const memory = instruction.operands.find((o) => o.kind === "memory");
  if (memory?.kind === "memory" && !aimAtWindow(r, state, instruction, memory)) return undefined;
  return { state, instruction };
}

/** The x87: mostly full enough, all exceptions masked, any precision and rounding. */
function fillX87(r: Random, fx: DataView, { row, operands }: Instruction): void {
  if (row.mnemonic === "EMMS" || operands.some(({ kind }) => kind === "mm")) return fillMmx(r, fx);
  if (row.traits.feature !== "X87" && !row.mnemonic.startsWith("F")) return;
  const mode = r.below(3) === 0 ? r.below(4) : 0;
  const precision = r.pick([3, 3, 3, 2, 0]);
  fx.setUint16(0, 0x7f | (precision << 8) | (mode << 10), true);
  const flags = r.below(4) === 0 ? r.below(64) : 0;
  fx.setUint16(2, (r.below(8) << 11) | flags | (r.below(4) === 0 ? r.below(8) << 8 : 0), true);
  fx.setUint8(4, r.pick([0xff, 0xff, 0x7f, 0, r.below(256)]));
  if (/^(FLD|FILD|FBLD|FXTRACT|FSINCOS|FPTAN)/.test(row.mnemonic) && r.below(4) > 0) {
    const top = (fx.getUint16(2, true) >> 11) & 7;
    fx.setUint8(4, (1 << top) | (1 << ((top + 1) & 7)));
  }
  for (let n = 0; n < 8; n++) {
    const [significand, upper] = r.extended();
    fx.setBigUint64(32 + 16 * n, significand, true);
    fx.setUint16(40 + 16 * n, upper, true);
  }
}

/** MMX instructions find x87 registers in any state, and integers or singles in them. */
function fillMmx(r: Random, fx: DataView): void {
  fx.setUint16(2, (r.below(8) << 11) | (r.below(4) === 0 ? r.below(8) << 8 : 0), true);
  fx.setUint8(4, r.below(256));
  for (let n = 0; n < 8; n++) {
    fx.setBigUint64(32 + 16 * n, r.pick([r.integer, r.u64, r.singles])(), true);
    fx.setUint16(40 + 16 * n, r.pick([0xffff, r.below(0x10000)]), true);
  }
}

function aimAtWindow(r: Random, state: State, i: Instruction, memory: MemoryOperand): boolean {
  const { mnemonic } = i.row;
  if (mnemonic === "LEA" || mnemonic === "NOP") return true;
  const size = Math.max(1, memory.width / 8);
  // Mostly inside; aligned, since SSE wants it; sometimes across the pages' border or beyond the last page.
  const aligned = BigInt(WINDOW + 64 + 16 * r.below(20));
  const anywhere = BigInt(WINDOW + 64 + r.below(300));
  const border = BigInt(WINDOW_PAGE + 4096 - r.below(size + 1));
  const beyond = BigInt(WINDOW_PAGE + 8192 - r.below(size));
  let address = r.pick([
    aligned,
    aligned,
    aligned,
    anywhere,
    anywhere,
    border,
    r.below(8) === 0 ? beyond : aligned,
  ]);
  // CPUs differ about the alignment of SHA's operands.
  if (i.row.traits.feature === "SHA") address = aligned;
  if (i.operands[1]?.kind === "register" && mnemonic.startsWith("BT")) address = BigInt(WINDOW + 256);
  if (/^(JMP|CALL)$/.test(mnemonic)) {
    address = aligned;
    const at = Number(address - BigInt(WINDOW));
    new DataView(state.window.buffer).setBigUint64(at, BigInt(i.pc + away(r)), true);
  }
  if (memory.base === RSP && memory.index === RSP) return false;
  if (!aim(state, memory, address)) return false;
  return BigInt.asUintN(64, state.gpr[RSP] ?? 0n) !== 0n;
}
