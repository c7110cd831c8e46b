// Bytes to an instruction by the table. Reads no byte beyond those given. Specification: Intel SDM volume 2, chapter 2.
import type { Instruction, MemoryOperand, Operand } from "./instruction.js";
import type { Encoding, OpcodeMap } from "./notation.js";
import { type FormWidth, type OperandForm, operandForm } from "./operand-form.js";
import { candidates } from "./table.js";

export type Mode = 32 | 64;

/** `truncated`: more bytes are needed to tell. `unknown`: #UD. `too long`: #GP. */
export type Decoded = Instruction | "truncated" | "unknown" | "too long";

/** The longest instruction in bytes; more is #GP on a CPU. */
export const MAX_LENGTH = 15;

/** Those that there are; the others are #UD even where MOV is privileged. */
const controlRegisters = new Set([0, 2, 3, 4, 8]);

/** The parts of an instruction as they are read. One object, since decoding does not nest. */
const at = {
  bytes: new Uint8Array(0) as Uint8Array,
  position: 0,
  end: 0,
  overrun: false,
  mode: 64 as Mode,
  operandSizePrefix: false,
  addressSizePrefix: false,
  segment: -1,
  repeat: 0 as 0 | 0xf2 | 0xf3,
  lock: false,
  rex: 0,
  vex: false,
  vvvv: 0,
  modrm: 0,
  // The memory operand in ModRM.
  base: -1,
  index: -1,
  scale: 0,
  displacement: 0,
  ripRelative: false,
};

function byte(): number {
  if (at.position >= at.end) {
    at.overrun = true;
    return 0;
  }
  return at.bytes[at.position++] ?? 0;
}

/** `count` bytes, little endian, the last one's sign kept: up to 4. */
function signed(count: 1 | 2 | 4): number {
  let value = 0;
  for (let n = 0; n < count; n++) value |= byte() << (8 * n);
  return (value << (32 - 8 * count)) >> (32 - 8 * count);
}

/** Prefixes up to the opcode; gives the first byte that is none. */
function prefixes(): number {
  for (;;) {
    const value = byte();
    if (at.mode === 64 && (value & 0xf0) === 0x40) {
      at.rex = value;
      const next = byte();
      if (!isLegacyPrefix(next) && (next & 0xf0) !== 0x40) return next;
      // A REX prefix that is not the last prefix counts for nothing.
      at.rex = 0;
      at.position -= at.overrun ? 0 : 1;
      if (at.overrun) return 0;
      continue;
    }
    if (!isLegacyPrefix(value)) return value;
    if (value === 0x66) at.operandSizePrefix = true;
    else if (value === 0x67) at.addressSizePrefix = true;
    else if (value === 0xf0) at.lock = true;
    else if (value === 0xf2 || value === 0xf3) at.repeat = value;
    else if (value === 0x64 || value === 0x65) at.segment = value & 7;
    // The others count for nothing in 64-bit mode, not even against FS and GS.
    else if (at.mode === 32) at.segment = (value >> 3) & 3;
  }
}

function isLegacyPrefix(value: number): boolean {
  return (
    (value & 0xe7) === 0x26 || (value >= 0x64 && value <= 0x67) || value === 0xf0 || (value & 0xfe) === 0xf2
  );
}

/** VEX: sets REX's bits from it; undefined where it is not allowed or not a map that the table has. */
function vexPrefix(first: number): OpcodeMap | undefined {
  if (at.operandSizePrefix || at.repeat !== 0 || at.lock || at.rex !== 0) return undefined;
  at.vex = true;
  let map = 1;
  let last = byte();
  at.rex = 0x40 | ((~last >> 5) & 4);
  if (first === 0xc4) {
    map = last & 0x1f;
    at.rex |= (~last >> 5) & 3;
    last = byte();
    at.rex |= (last >> 4) & 8;
  }
  at.vvvv = (~last >> 3) & 15;
  if ((last & 4) !== 0) return undefined;
  const implied = last & 3;
  at.operandSizePrefix = implied === 1;
  at.repeat = implied === 2 ? 0xf3 : implied === 3 ? 0xf2 : 0;
  return map === 1 ? 5 : map === 2 ? 6 : map === 3 ? 7 : undefined;
}

function opcodeMap(first: number): { map: OpcodeMap; opcode: number } | undefined {
  if ((first === 0xc4 || first === 0xc5) && at.mode === 64) {
    const map = vexPrefix(first);
    return map === undefined ? undefined : { map, opcode: byte() };
  }
  if (first !== 0x0f) return { map: 0, opcode: first };
  const second = byte();
  if (second === 0x38) return { map: 2, opcode: byte() };
  if (second === 0x3a) return { map: 3, opcode: byte() };
  return { map: 1, opcode: second };
}

function matches(encoding: Encoding): boolean {
  if (encoding.row.traits.mode !== undefined && encoding.row.traits.mode !== at.mode) return false;
  if (encoding.w !== undefined && encoding.w !== ((at.rex >> 3) & 1)) return false;
  // 90 is XCHG r8, rAX where REX.B says so, and does nothing else otherwise.
  const isNop = encoding.map === 0 && encoding.opcode === 0x90 && !encoding.plusRegister;
  if (isNop && (at.rex & 1) !== 0) return false;
  // VEX.vvvv that names no operand must be empty.
  if (at.vex && at.vvvv !== 0 && !encoding.operands.some((name) => name.endsWith("b"))) return false;
  const { prefix } = encoding;
  if (prefix === "none" && (at.operandSizePrefix || at.repeat !== 0)) return false;
  if (prefix === "unrepeated" && at.repeat !== 0) return false;
  if (prefix === 0x66 && (!at.operandSizePrefix || (encoding.map > 0 && at.repeat !== 0))) return false;
  if ((prefix === 0xf2 || prefix === 0xf3) && at.repeat !== prefix) return false;
  if (!encoding.hasModrm) return true;
  const isRegister = at.modrm >= 0xc0;
  if (encoding.mod === "memory" && isRegister) return false;
  if (encoding.mod === "register" && !isRegister) return false;
  if (encoding.digit !== undefined && encoding.digit !== ((at.modrm >> 3) & 7)) return false;
  if (encoding.exact === undefined) return true;
  return (encoding.plusIndex ? at.modrm & 0xf8 : at.modrm) === encoding.exact;
}

/** ModRM's memory operand: SIB and displacement. False for 16-bit addresses, which the table does without. */
function memoryParts(): boolean {
  if (at.mode === 32 && at.addressSizePrefix) return false;
  const mod = at.modrm >> 6;
  const rm = at.modrm & 7;
  at.base = rm | ((at.rex & 1) << 3);
  if (rm === 4) {
    const sib = byte();
    at.scale = sib >> 6;
    at.index = ((sib >> 3) & 7) | ((at.rex & 2) << 2);
    if (at.index === 4) at.index = -1;
    at.base = (sib & 7) | ((at.rex & 1) << 3);
    if ((sib & 7) === 5 && mod === 0) {
      at.base = -1;
      at.displacement = signed(4);
    }
  } else if (rm === 5 && mod === 0) {
    at.base = -1;
    at.ripRelative = at.mode === 64;
    at.displacement = signed(4);
  }
  if (mod === 1) at.displacement = signed(1);
  if (mod === 2) at.displacement = signed(4);
  return true;
}

const addressWidth = () => (at.mode === 64 && !at.addressSizePrefix ? 64 : 32);
const high = (value: number) => Math.floor(value / 0x1_0000_0000) | 0;

function memory(width: number, next: number): MemoryOperand {
  const displacement = at.ripRelative ? next + at.displacement : at.displacement;
  const ofStack = at.base === 4 || at.base === 5;
  return {
    kind: "memory",
    width,
    segment: at.segment >= 4 || (at.mode === 32 && at.segment >= 0) ? at.segment : ofStack ? 2 : 3,
    base: at.base,
    index: at.index,
    scale: at.scale,
    displacement,
    low: displacement | 0,
    high: high(displacement),
    addressWidth: addressWidth(),
  };
}

function register(width: number, index: number): Operand {
  const isHigh = width === 8 && at.rex === 0 && index >= 4;
  return { kind: "register", width: width as 8, index: isHigh ? index - 4 : index, high: isHigh };
}

type Value = readonly [low: number, high: number];

function sizeOf(size: Encoding["immediates"][number], operandWidth: number): number {
  switch (size) {
    case "b":
      return 1;
    case "w":
      return 2;
    case "d":
      return 4;
    case "q":
      return 8;
    case "z":
      return operandWidth === 16 ? 2 : 4;
    case "v":
      return operandWidth / 8;
    case "moffs":
      return addressWidth() / 8;
    default:
      return size satisfies never;
  }
}

/** The immediates in order, before the operands, since RIP-relative ones count from the instruction's end. */
function immediate(size: Encoding["immediates"][number], operandWidth: number): Value {
  const count = sizeOf(size, operandWidth);
  const low = signed(count === 8 ? 4 : (count as 1 | 2 | 4));
  return [low, count === 8 ? signed(4) : size === "moffs" ? 0 : low >> 31];
}

/** Everything about one decoding that its operands need. */
interface Frame {
  readonly encoding: Encoding;
  readonly operandWidth: 16 | 32 | 64;
  readonly next: number;
  readonly values: Value[];
}

function target(next: number, offset: number): number {
  return at.mode === 32 ? (next + offset) >>> 0 : next + offset;
}

function operandOf(form: OperandForm, frame: Frame): Operand {
  const width = (form: FormWidth): number =>
    typeof form === "number"
      ? form
      : form === "v"
        ? frame.operandWidth
        : form === "z"
          ? Math.min(frame.operandWidth, 32)
          : Math.max(frame.operandWidth, 32);
  const reg = ((at.modrm >> 3) & 7) | ((at.rex & 4) << 1);
  const rm = (at.modrm & 7) | ((at.rex & 1) << 3);
  const isRegister = at.modrm >= 0xc0;
  switch (form.from) {
    case "reg":
      return register(width(form.width), frame.encoding.plusRegister ? at.base : reg);
    case "vvvv":
      return register(width(form.width), at.vvvv);
    case "rmRegister":
      return register(width(form.width), rm);
    case "rm":
      return isRegister ? register(width(form.width), rm) : memory(width(form.memoryWidth), frame.next);
    case "memory":
      return memory(width(form.width), frame.next);
    case "fixed":
      return { kind: "register", width: width(form.width) as 8, index: form.index, high: false };
    case "immediate": {
      const [low, high] = frame.values.shift() ?? [0, 0];
      return { kind: "immediate", width: width(form.width) as 8, low, high };
    }
    case "one":
      return { kind: "immediate", width: 8, low: 1, high: 0 };
    case "relative":
      return { kind: "target", target: target(frame.next, frame.values.shift()?.[0] ?? 0) };
    case "moffs": {
      const [low, high] = frame.values.shift() ?? [0, 0];
      const displacement = high * 0x1_0000_0000 + (low >>> 0);
      const operand = memory(width(form.width), frame.next);
      return { ...operand, base: -1, segment: at.segment >= 4 ? at.segment : 3, displacement, low, high };
    }
    case "vectorReg":
      return { kind: "xmm", index: reg };
    case "vectorRegister":
      return { kind: "xmm", index: rm };
    case "vectorRm":
      return isRegister ? { kind: "xmm", index: rm } : memory(width(form.width), frame.next);
    case "mmReg":
      return { kind: "mm", index: reg & 7 };
    case "mmRm":
      return isRegister ? { kind: "mm", index: rm & 7 } : memory(width(form.width), frame.next);
    case "numbered":
      return { kind: form.kind, index: form.index };
    case "segmentReg":
      return { kind: "segment", index: reg & 7 };
    case "controlReg":
      return { kind: "control", index: reg };
    case "debugReg":
      return { kind: "debug", index: reg };
    case "stackIndex":
      return { kind: "st", index: at.modrm & 7 };
    default:
      return form satisfies never;
  }
}

function start(bytes: Uint8Array, offset: number, mode: Mode): void {
  at.bytes = bytes;
  at.position = offset;
  at.end = Math.min(bytes.length, offset + MAX_LENGTH);
  at.overrun = at.operandSizePrefix = at.addressSizePrefix = at.lock = at.vex = at.ripRelative = false;
  at.mode = mode;
  at.segment = at.base = at.index = -1;
  at.repeat = at.rex = at.vvvv = at.modrm = at.scale = at.displacement = 0;
}

/** Decodes the instruction at `offset` of `bytes`, which runs at address `pc`. */
export function decode(bytes: Uint8Array, offset: number, pc: number, mode: Mode = 64): Decoded {
  start(bytes, offset, mode);
  const failure = () =>
    at.overrun ? (bytes.length - offset < MAX_LENGTH ? "truncated" : "too long") : "unknown";
  const found = opcodeMap(prefixes());
  if (found === undefined || at.overrun) return failure();
  const list = candidates(found.map, found.opcode);
  if (list[0]?.hasModrm === true) at.modrm = byte();
  if (at.overrun) return failure();
  const encoding = list.find(matches);
  if (encoding === undefined) return "unknown";
  const hasMemory = encoding.hasModrm && at.modrm < 0xc0 && encoding.mod !== "ignored";
  if (hasMemory && !memoryParts()) return "unknown";
  if (encoding.plusRegister) at.base = (found.opcode & 7) | ((at.rex & 1) << 3);

  const narrow = at.operandSizePrefix && (encoding.prefix !== 0x66 || encoding.map === 0);
  const operandWidth = (at.rex & 8) !== 0 ? 64 : narrow ? 16 : 32;
  const values = encoding.immediates.map((size) => immediate(size, operandWidth));
  if (at.overrun) return failure();
  const next = pc + at.position - offset;
  const frame = { encoding, operandWidth, next, values } as const;
  const operands = encoding.operands.map((name) => operandOf(operandForm(name), frame));
  if (operands.some((o) => o.kind === "control" && !controlRegisters.has(o.index))) return "unknown";
  if (at.lock && !(encoding.row.traits.lock === true && operands[0]?.kind === "memory")) return "unknown";
  return {
    row: encoding.row,
    pc,
    next,
    operandWidth,
    addressWidth: addressWidth(),
    operands,
    repeat: at.repeat,
    lock: at.lock,
    segment: at.segment >= 4 ? at.segment : 3,
  };
}
