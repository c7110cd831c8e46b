// The x87 instructions that programs compute with, made for one instruction each: on registers that are in use and hold normal
// numbers, with all exceptions masked and 64 bits of precision. Whatever else there is, is the general instruction's.
import { STATUS_FLAGS } from "../../../isa/x86-64/emitter.js";
import type { Instruction, MemoryOperand } from "../../../isa/x86-64/instruction.js";
import type { Step } from "../code-cache.js";
import { addressOf, type Machine } from "../machine.js";
import { state } from "../state.js";
import { condition } from "./unit.js";
import { add, compare, divide, finish, multiply, result } from "./halves.js";

type Execute = Step["execute"];
/** Does the instruction; false where it is not so simple, with nothing changed. */
type Attempt = (top: number) => boolean;

const CONTROL = state.x87Control >> 1;
const STATUS = state.x87Status >> 1;
const TAG = state.x87Tag >> 1;
const POINTER = state.x87Pointer >> 2;
/** All exceptions masked, precision of 64 bits. */
const USUAL = 0x33f;
const PENDING = 0x80;
const C1 = 0x200;
const TOP = 0x3800;
const BIAS = 16383;
const INTEGER = -0x8000_0000;
const CODES = condition.C0 | condition.C1 | condition.C2 | condition.C3;

const high = (physical: number) => (state.x87 >> 2) + 4 * physical + 1;
const low = (physical: number) => (state.x87 >> 2) + 4 * physical;
const upper = (physical: number) => ((state.x87 + 8) >> 1) + 8 * physical;

/** A number in memory, brought to extended. */
const loaded = { high: 0, low: 0, exponent: 0, sign: 0 };

function setLoaded(h: number, l: number, exponent: number, sign: number): true {
  loaded.high = h;
  loaded.low = l;
  loaded.exponent = exponent;
  loaded.sign = sign;
  return true;
}

function fromSingle(bits: number): boolean {
  const exponent = (bits >>> 23) & 0xff;
  if ((bits & 0x7fff_ffff) === 0) return setLoaded(0, 0, 0, bits >>> 31);
  if (exponent === 0 || exponent === 0xff) return false;
  return setLoaded(INTEGER | (bits << 8), 0, exponent - 127 + BIAS, bits >>> 31);
}

function fromDouble(l: number, h: number): boolean {
  const exponent = (h >>> 20) & 0x7ff;
  if (((h & 0x7fff_ffff) | l) === 0) return setLoaded(0, 0, 0, h >>> 31);
  if (exponent === 0 || exponent === 0x7ff) return false;
  return setLoaded(INTEGER | (h << 11) | (l >>> 21), l << 11, exponent - 1023 + BIAS, h >>> 31);
}

function fromInteger(l: number, h: number): true {
  const sign = h >>> 31;
  if (sign === 1) {
    h = (~h + (l === 0 ? 1 : 0)) | 0;
    l = -l | 0;
  }
  if ((h | l) === 0) return setLoaded(0, 0, 0, 0);
  let exponent = BIAS + 63;
  if (h === 0) {
    h = l;
    l = 0;
    exponent -= 32;
  }
  const by = Math.clz32(h);
  if (by === 0) return setLoaded(h, l, exponent, sign);
  return setLoaded((h << by) | (l >>> (32 - by)), l << by, exponent - by, sign);
}

/** An operation on a register and what is in `loaded`. */
type OnLoaded = (h: number, l: number, exponent: number, sign: number, mode: number) => boolean;

function ofLoaded(kind: "ADD" | "SUB" | "MUL" | "DIV", reversed: boolean): OnLoaded {
  const b = loaded;
  switch (kind) {
    case "ADD":
      return (h, l, e, s, mode) => add(h, l, e, s, b.high, b.low, b.exponent, b.sign, mode);
    case "SUB":
      return reversed
        ? (h, l, e, s, mode) => add(b.high, b.low, b.exponent, b.sign, h, l, e, s ^ 1, mode)
        : (h, l, e, s, mode) => add(h, l, e, s, b.high, b.low, b.exponent, b.sign ^ 1, mode);
    case "MUL":
      return (h, l, e, s, mode) => multiply(h, l, e, b.high, b.low, b.exponent, s ^ b.sign, mode);
    case "DIV":
      return reversed
        ? (h, l, e, s, mode) => divide(b.high, b.low, b.exponent, h, l, e, s ^ b.sign, mode)
        : (h, l, e, s, mode) => divide(h, l, e, b.high, b.low, b.exponent, s ^ b.sign, mode);
    default:
      return kind satisfies never;
  }
}

const stackIndex = (i: Instruction, position: number): number => {
  const o = i.operands[position];
  return o?.kind === "st" ? o.index : 0;
};

class Fast {
  readonly #m: Machine;
  readonly #i32: Int32Array;
  readonly #u16: Uint16Array;
  readonly #view: DataView;
  readonly #i: Instruction;
  readonly #memory: MemoryOperand | undefined;
  readonly #size: number;
  readonly #isInteger: boolean;

  constructor(m: Machine, i: Instruction) {
    this.#m = m;
    this.#i = i;
    this.#i32 = m.cpu.i32;
    this.#u16 = m.cpu.u16;
    this.#view = m.mmu.view;
    const [o] = i.operands;
    this.#memory = o?.kind === "memory" ? o : undefined;
    this.#size = (this.#memory?.width ?? 0) / 8;
    this.#isInteger = i.row.operands.includes("int");
  }

  /** Where the operand is in memory, or -1; throws what an access there raises. */
  #place(access: "read" | "write"): number {
    const o = this.#memory;
    if (o === undefined) return -1;
    if (o.segment < 4 && o.addressWidth === 64) {
      const i32 = this.#i32;
      let address = o.displacement;
      let isFlat = true;
      if (o.base >= 0) {
        address += (i32[o.base * 2] ?? 0) >>> 0;
        isFlat = i32[o.base * 2 + 1] === 0;
      }
      if (o.index >= 0) {
        address += ((i32[o.index * 2] ?? 0) >>> 0) * (1 << o.scale);
        isFlat &&= i32[o.index * 2 + 1] === 0;
      }
      if (isFlat && address >= 0 && address < 0x1_0000_0000) {
        return this.#m.memory.place(address | 0, 0, this.#size, access);
      }
    }
    const at = addressOf(this.#m, o);
    return this.#m.memory.place(at | 0, Math.floor(at / 0x1_0000_0000) | 0, this.#size, access);
  }

  /** The memory operand into `loaded`. */
  #load(): boolean {
    const at = this.#place("read");
    if (at < 0) return false;
    const view = this.#view;
    if (this.#isInteger) {
      if (this.#size === 8) return fromInteger(view.getInt32(at, true), view.getInt32(at + 4, true));
      const value = this.#size === 4 ? view.getInt32(at, true) : view.getInt16(at, true);
      return fromInteger(value, value >> 31);
    }
    if (this.#size === 4) return fromSingle(view.getInt32(at, true));
    if (this.#size === 8) return fromDouble(view.getInt32(at, true), view.getInt32(at + 4, true));
    const end = view.getUint16(at + 8, true);
    return setLoaded(view.getInt32(at + 4, true), view.getInt32(at, true), end & 0x7fff, end >>> 15);
  }

  #isUsed(physical: number): boolean {
    return (((this.#u16[TAG] ?? 0) >> physical) & 1) === 1;
  }

  #put(physical: number, h: number, l: number, exponent: number, sign: number): void {
    this.#i32[high(physical)] = h;
    this.#i32[low(physical)] = l;
    this.#u16[upper(physical)] = exponent | (sign << 15);
  }

  #pop(top: number, flags: number): void {
    const u16 = this.#u16;
    u16[TAG] = (u16[TAG] ?? 0) & ~(1 << top);
    u16[STATUS] = ((u16[STATUS] ?? 0) & ~(C1 | TOP)) | (((top + 1) & 7) << 11) | flags;
  }

  #flag(flags: number): void {
    this.#u16[STATUS] = ((this.#u16[STATUS] ?? 0) & ~C1) | flags;
  }

  #push(top: number, h: number, l: number, exponent: number, sign: number): boolean {
    const u16 = this.#u16;
    const below = (top + 7) & 7;
    if (this.#isUsed(below)) return false;
    u16[TAG] = (u16[TAG] ?? 0) | (1 << below);
    u16[STATUS] = ((u16[STATUS] ?? 0) & ~(C1 | TOP)) | (below << 11);
    this.#put(below, h, l, exponent, sign);
    return true;
  }

  arithmetic(kind: "ADD" | "SUB" | "MUL" | "DIV", reversed: boolean, pops: boolean): Attempt {
    const i32 = this.#i32;
    const u16 = this.#u16;
    const operation = ofLoaded(kind, reversed);
    const isMemory = this.#memory !== undefined;
    const [toIndex, fromIndex] = isMemory ? [0, 0] : [stackIndex(this.#i, 0), stackIndex(this.#i, 1)];
    return (top) => {
      const to = (top + toIndex) & 7;
      if (!this.#isUsed(to)) return false;
      if (isMemory) {
        if (!this.#load()) return false;
      } else {
        const from = (top + fromIndex) & 7;
        if (!this.#isUsed(from)) return false;
        const end = u16[upper(from)] ?? 0;
        setLoaded(i32[high(from)] ?? 0, i32[low(from)] ?? 0, end & 0x7fff, end >>> 15);
      }
      const end = u16[upper(to)] ?? 0;
      const exponent = end & 0x7fff;
      const sign = end >>> 15;
      const mode = ((u16[CONTROL] ?? 0) >> 10) & 3;
      if (!operation(i32[high(to)] ?? 0, i32[low(to)] ?? 0, exponent, sign, mode)) return false;
      this.#put(to, result.high, result.low, result.exponent, result.sign);
      if (pops) this.#pop(top, result.flags);
      else this.#flag(result.flags);
      return true;
    };
  }

  load(): Attempt {
    if (this.#memory !== undefined) {
      return (top) => this.#load() && this.#push(top, loaded.high, loaded.low, loaded.exponent, loaded.sign);
    }
    const index = stackIndex(this.#i, 0);
    return (top) => {
      const from = (top + index) & 7;
      if (!this.#isUsed(from)) return false;
      const end = this.#u16[upper(from)] ?? 0;
      return this.#push(top, this.#i32[high(from)] ?? 0, this.#i32[low(from)] ?? 0, end & 0x7fff, end >>> 15);
    };
  }

  constant(h: number, exponent: number): Attempt {
    return (top) => this.#push(top, h, 0, exponent, 0);
  }

  store(pops: boolean): Attempt {
    const i32 = this.#i32;
    const u16 = this.#u16;
    const view = this.#view;
    if (this.#memory === undefined) {
      const index = stackIndex(this.#i, 0);
      return (top) => {
        if (!this.#isUsed(top)) return false;
        const to = (top + index) & 7;
        const end = u16[upper(top)] ?? 0;
        this.#put(to, i32[high(top)] ?? 0, i32[low(top)] ?? 0, end & 0x7fff, end >>> 15);
        u16[TAG] = (u16[TAG] ?? 0) | (1 << to);
        if (pops) this.#pop(top, 0);
        else this.#flag(0);
        return true;
      };
    }
    const size = this.#size;
    return (top) => {
      if (!this.#isUsed(top)) return false;
      const h = i32[high(top)] ?? 0;
      const l = i32[low(top)] ?? 0;
      const end = u16[upper(top)] ?? 0;
      let flags = 0;
      if (size === 10) {
        const at = this.#place("write");
        if (at < 0) return false;
        view.setInt32(at, l, true);
        view.setInt32(at + 4, h, true);
        view.setUint16(at + 8, end, true);
      } else {
        if (!this.#round(h, l, end, size)) return false;
        flags = result.flags;
        const at = this.#place("write");
        if (at < 0) return false;
        if (size === 8) view.setInt32(at + 4, result.high, true);
        view.setInt32(at, result.low, true);
      }
      if (pops) this.#pop(top, flags);
      else this.#flag(flags);
      return true;
    };
  }

  /** The bits of a double or single into `result.high` and `low`. */
  #round(h: number, l: number, end: number, size: number): boolean {
    const exponent = end & 0x7fff;
    const sign = end >>> 15;
    if ((h | l | exponent) === 0) {
      result.flags = 0;
      result.high = result.low = sign << 31;
      if (size === 8) result.low = 0;
      return true;
    }
    if (h >= 0) return false;
    const mode = ((this.#u16[CONTROL] ?? 0) >> 10) & 3;
    // What is kept stands in the low bits of high:low, so that rounding adds to it; what is not is the guard.
    if (size === 8) {
      const biased = exponent - BIAS + 1023;
      // Rounding up may leave the range, too.
      if (biased < 2 || biased > 2045) return false;
      if (!finish((h >>> 11) | 0, (l >>> 11) | (h << 21), l << 21, 1, sign, mode)) return false;
      const carried = (result.high >>> 21) & 1;
      result.high = (sign << 31) | ((biased + carried) << 20) | (carried === 1 ? 0 : result.high & 0xf_ffff);
      return true;
    }
    const biased = exponent - BIAS + 127;
    if (biased < 2 || biased > 253) return false;
    const guard = (h << 24) | (l === 0 ? 0 : 1);
    if (!finish(0, h >>> 8, guard, 1, sign, mode)) return false;
    const carried = result.low >>> 24;
    result.low = (sign << 31) | ((biased + carried) << 23) | (carried === 1 ? 0 : result.low & 0x7f_ffff);
    return true;
  }

  storeInteger(pops: boolean, truncates: boolean): Attempt {
    const i32 = this.#i32;
    const u16 = this.#u16;
    const view = this.#view;
    const size = this.#size;
    return (top) => {
      if (!this.#isUsed(top)) return false;
      const h = i32[high(top)] ?? 0;
      const l = i32[low(top)] ?? 0;
      const end = u16[upper(top)] ?? 0;
      const exponent = end & 0x7fff;
      const sign = end >>> 15;
      // As an integer it has so many bits fewer than 64; those of one bit less than the size fit.
      const by = BIAS + 63 - exponent;
      if (h >= 0 || by <= 64 - 8 * size + 1 || by >= 64) return false;
      const shifted = by < 32 ? h >>> by : 0;
      const rest = by < 32 ? (l >>> by) | (h << (32 - by)) : h >>> (by - 32);
      const within = by & 31;
      const lost = within === 0 ? 0 : l << (32 - within);
      const guard =
        by < 32 ? lost : by === 32 ? l : (h << (64 - by)) | (l >>> (by - 32)) | (lost === 0 ? 0 : 1);
      const mode = truncates ? 3 : ((u16[CONTROL] ?? 0) >> 10) & 3;
      if (by === 0 || !finish(shifted, rest, guard, 1, sign, mode)) return false;
      let { high: rh, low: rl } = result;
      const { flags } = result;
      if (sign === 1) {
        rh = (~rh + (rl === 0 ? 1 : 0)) | 0;
        rl = -rl | 0;
      }
      const at = this.#place("write");
      if (at < 0) return false;
      if (size === 8) view.setInt32(at + 4, rh, true);
      if (size === 2) view.setInt16(at, rl, true);
      else view.setInt32(at, rl, true);
      if (pops) this.#pop(top, flags);
      else this.#flag(flags);
      return true;
    };
  }

  exchange(): Attempt {
    const i32 = this.#i32;
    const u16 = this.#u16;
    const index = stackIndex(this.#i, 0);
    return (top) => {
      const other = (top + index) & 7;
      if (!this.#isUsed(top) || !this.#isUsed(other)) return false;
      const h = i32[high(top)] ?? 0;
      const l = i32[low(top)] ?? 0;
      const end = u16[upper(top)] ?? 0;
      i32[high(top)] = i32[high(other)] ?? 0;
      i32[low(top)] = i32[low(other)] ?? 0;
      u16[upper(top)] = u16[upper(other)] ?? 0;
      i32[high(other)] = h;
      i32[low(other)] = l;
      u16[upper(other)] = end;
      this.#flag(0);
      return true;
    };
  }

  sign(f: (end: number) => number): Attempt {
    const u16 = this.#u16;
    return (top) => {
      if (!this.#isUsed(top)) return false;
      u16[upper(top)] = f(u16[upper(top)] ?? 0);
      this.#flag(0);
      return true;
    };
  }

  /** -1, 0, 1 or NaN: ST(0) against another. */
  #order(top: number, other: number): number {
    const i32 = this.#i32;
    const u16 = this.#u16;
    const end = u16[upper(top)] ?? 0;
    if (this.#memory === undefined) {
      const last = u16[upper(other)] ?? 0;
      setLoaded(i32[high(other)] ?? 0, i32[low(other)] ?? 0, last & 0x7fff, last >>> 15);
    } else if (!this.#load()) return Number.NaN;
    return compare(
      i32[high(top)] ?? 0,
      i32[low(top)] ?? 0,
      end & 0x7fff,
      end >>> 15,
      loaded.high,
      loaded.low,
      loaded.exponent,
      loaded.sign,
    );
  }

  compareToFlags(pops: boolean): Attempt {
    const index = stackIndex(this.#i, 1);
    return (top) => {
      const other = (top + index) & 7;
      if (!this.#isUsed(top) || !this.#isUsed(other)) return false;
      const order = this.#order(top, other);
      if (Number.isNaN(order)) return false;
      this.#m.cpu.setStatus(STATUS_FLAGS, order < 0 ? 1 : order === 0 ? 0x40 : 0);
      if (!pops) return true;
      const kept = (this.#u16[STATUS] ?? 0) & C1;
      this.#pop(top, kept);
      return true;
    };
  }

  compareToCode(pops: number): Attempt {
    const u16 = this.#u16;
    const { operands } = this.#i;
    const index = operands.length === 0 ? 1 : stackIndex(this.#i, operands.length - 1);
    return (top) => {
      const other = this.#memory === undefined ? (top + index) & 7 : top;
      if (!this.#isUsed(top) || !this.#isUsed(other)) return false;
      const order = this.#order(top, other);
      if (Number.isNaN(order)) return false;
      const code = order < 0 ? condition.C0 : order === 0 ? condition.C3 : 0;
      u16[STATUS] = ((u16[STATUS] ?? 0) & ~CODES) | code;
      if (pops > 0) this.#pop(top, 0);
      if (pops > 1) this.#pop((top + 1) & 7, 0);
      return true;
    };
  }
}

function attemptFor(fast: Fast, mnemonic: string): Attempt | undefined {
  const match = /^FI?(ADD|SUB|MUL|DIV)(R?)(P?)$/.exec(mnemonic);
  if (match !== null) {
    const [, kind, reversed, pops] = match;
    return fast.arithmetic(kind as "ADD", reversed === "R", pops === "P");
  }
  switch (mnemonic) {
    case "FLD":
    case "FILD":
      return fast.load();
    case "FLD1":
      return fast.constant(INTEGER, BIAS);
    case "FLDZ":
      return fast.constant(0, 0);
    case "FST":
      return fast.store(false);
    case "FSTP":
      return fast.store(true);
    case "FIST":
      return fast.storeInteger(false, false);
    case "FISTP":
      return fast.storeInteger(true, false);
    case "FISTTP":
      return fast.storeInteger(true, true);
    case "FXCH":
      return fast.exchange();
    case "FCHS":
      return fast.sign((end) => end ^ 0x8000);
    case "FABS":
      return fast.sign((end) => end & 0x7fff);
    case "FCOMI":
    case "FUCOMI":
      return fast.compareToFlags(false);
    case "FCOMIP":
    case "FUCOMIP":
      return fast.compareToFlags(true);
    case "FCOM":
    case "FUCOM":
    case "FICOM":
      return fast.compareToCode(0);
    case "FCOMP":
    case "FUCOMP":
    case "FICOMP":
      return fast.compareToCode(1);
    case "FCOMPP":
    case "FUCOMPP":
      return fast.compareToCode(2);
    default:
      return undefined;
  }
}

/** `general` with a short way for what is usual; as it is where the instruction has none. */
export function withFastWay(m: Machine, i: Instruction, general: Execute): Execute {
  const attempt = attemptFor(new Fast(m, i), i.row.mnemonic);
  if (attempt === undefined) return general;
  const { cpu } = m;
  const { u16, i32 } = cpu;
  const [pcLow, pcHigh] = [i.pc | 0, Math.floor(i.pc / 0x1_0000_0000) | 0];
  return (e, instruction) => {
    const status = u16[STATUS] ?? 0;
    const isUsual = ((u16[CONTROL] ?? 0) & USUAL) === USUAL && (status & PENDING) === 0;
    if (!isUsual || cpu.isX87Off || !attempt((status >> 11) & 7)) {
      general(e, instruction);
      return;
    }
    i32[POINTER] = pcLow;
    i32[POINTER + 1] = pcHigh;
  };
}
