// Runs the semantics of a form, or of several in a row, and collects what they do as statements: the Emitter whose
// registers are fields of records. One meaning of an instruction, written once.
import { bytesOf, loads, stores } from "../../portable/lift/memory.js";
import type { Emitter, Flag, Shift, ValueType, Width } from "../../../isa/x86-64/emitter.js";
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import { op, type ValueType as WasmType } from "../../../wasm/opcodes.js";
import { pageBits } from "../../portable/memory/state.js";
import { state } from "../state.js";
import { divide } from "../lift/divide.js";
import { Operations } from "../../portable/lift/operations.js";
import type { LowType } from "../../portable/ir/lanes.js";
import * as integer from "../../portable/ir/integer.js";
import {
  binary32,
  binary64,
  extendU,
  i32,
  i64,
  isZero,
  type Node,
  node,
  v128,
  wrap,
} from "../../portable/ir/node.js";
import { withDirection } from "../lift/flags.js";
import { FlagState, type Known } from "./flag-state.js";
import { RECORD, record as fieldOffset } from "./layout.js";
import { FIELD, FieldValue, NEXT_HIGH, NEXT_LOW } from "./shape.js";
import { type Statement, Statements } from "./statements.js";

/** The memory that handlers see: where arena and guest memory begin, and the guest's size, in bytes. */
export interface HandlerMemory {
  readonly arena: number;
  readonly base: number;
  readonly size: number;
}

export type End =
  | { readonly kind: "next" }
  | { readonly kind: "jump" }
  | { readonly kind: "branch"; readonly condition: Node }
  | { readonly kind: "indirect" | "callTo"; readonly target: Node };

/** What a handler does, for `handler-code.ts`. */
export interface Built {
  readonly statements: readonly Statement[];
  readonly end: End;
  /** The record that ends it, counted from its first in bytes. */
  readonly last: number;
  /** It reads flags that it has not set. */
  readonly readsFlags: boolean;
  /** What set the flags after it; `same` where it sets none. */
  readonly known: Known | "same";
}

const PAGE_BITS = 12;
const PAGE = 1 << PAGE_BITS;

/** The record of the handler that runs, its first parameter. */
const recordNode = (): Node => Object.assign(node(op["local.get"], "i32"), { local: 0 });

export class HandlerBuilder extends Operations implements Emitter<Node> {
  readonly #memory: HandlerMemory;
  readonly #statements = new Statements();
  readonly #flags: FlagState;
  readonly #record = recordNode();
  readonly #fields = new Map<number, Node>();
  /** Addresses whose range has been checked, with the size. */
  readonly #checked = new Map<Node, number>();
  /** The record of the instruction that runs, counted from the handler's in bytes. */
  #at = 0;
  #end: End = { kind: "next" };

  constructor(memory: HandlerMemory, known: Known) {
    super();
    this.#memory = memory;
    this.#flags = new FlagState(this.#statements, known);
  }

  /** Runs one form; the next has its record behind this one's. */
  run(formal: Instruction, position: number): void {
    this.#at = position * RECORD;
    this.#fields.clear();
    this.#checked.clear();
    this.#flags.begin();
    formal.row.traits.run?.<Node>(this, formal);
  }

  finish(): Built {
    this.#flags.store();
    return {
      statements: this.#statements.list,
      end: this.#end,
      last: this.#at,
      readsFlags: this.#flags.readsBefore,
      known: this.#flags.isChanged ? this.#flags.known : "same",
    };
  }

  #field(opcode: number, type: WasmType, offset: number, bits?: number): Node {
    const key = offset * 256 + opcode;
    let found = this.#fields.get(key);
    if (found === undefined) {
      const place = this.#memory.arena + this.#at + offset;
      found = node(opcode, type, this.#record, undefined, undefined, bits, place);
      this.#fields.set(key, found);
    }
    return found;
  }

  #wide(offset: number): Node {
    return this.#field(op["i64.load"], "i64", offset);
  }

  override constant(width: Width, low: number, high?: number): Node {
    const value: unknown = low;
    if (value instanceof FieldValue) {
      const offset = fieldOffset[value.field];
      return width === 64 ? this.#wide(offset) : this.#field(op["i32.load"], "i32", offset);
    }
    if (low === NEXT_LOW && high === NEXT_HIGH) return this.#wide(fieldOffset.immediate);
    return super.constant(width, low, high);
  }

  override add(width: Width, a: Node, b: Node): Node {
    return this.#flags.summed(a, b, super.add(width, a, b));
  }
  override sub(width: Width, a: Node, b: Node): Node {
    return this.#flags.summed(a, b, super.sub(width, a, b));
  }
  divide(
    signed: boolean,
    width: Width,
    high: Node,
    low: Node,
    divisor: Node,
  ): { quotient: Node; remainder: Node } {
    const { slow, quotient, remainder } = divide(signed, width, high, low, divisor);
    if (!isZero(slow)) this.#leave(slow);
    return { quotient, remainder };
  }

  // Registers: at an address that is a field, or fixed.

  /** The address of a register, and an offset to it. */
  #place(base: number, size: number, index: number): readonly [Node, number] {
    if (index < FIELD) return [i32(0), base + size * index];
    const offset = fieldOffset.registers + 2 * (index - FIELD);
    return [this.#field(op["i32.load16_u"], "i32", offset, 16), 0];
  }
  #get(type: ValueType, [address, offset]: readonly [Node, number], more = 0): Node {
    const [opcode, wasm, bits] = loads[type];
    return this.#statements.load(opcode, wasm, address, offset + more, bits);
  }
  #set(type: ValueType, [address, offset]: readonly [Node, number], value: Node, more = 0): void {
    this.#statements.store(stores[type], address, offset + more, value);
  }
  #gpr = (index: number) => this.#place(state.gpr, 8, index);
  #xmm = (index: number) => this.#place(state.xmm, 16, index);

  register(width: Width, index: number): Node {
    return this.#get(width, this.#gpr(index));
  }
  setRegister(width: Width, index: number, value: Node): void {
    if (width < 32) this.#set(width, this.#gpr(index), value);
    else this.#set(64, this.#gpr(index), integer.extendUnsigned(64, width, value));
  }
  registerHigh(index: number): Node {
    return this.#get(8, this.#gpr(index), 1);
  }
  setRegisterHigh(index: number, value: Node): void {
    this.#set(8, this.#gpr(index), value, 1);
  }
  xmm(index: number): Node {
    return this.#get("v128", this.#xmm(index));
  }
  setXmm(index: number, value: Node): void {
    this.#set("v128", this.#xmm(index), value);
  }
  xmmLow(type: LowType, index: number): Node {
    return this.#get(type, this.#xmm(index));
  }
  setXmmLow(type: LowType, index: number, value: Node): void {
    this.#set(type, this.#xmm(index), value);
  }
  setXmmLowZero(type: LowType, index: number, value: Node): void {
    const place = this.#xmm(index);
    this.#set("v128", place, v128(Array.from({ length: 16 }, () => 0)));
    this.#set(type, place, value);
  }

  // Memory: at once where the page map says so and the access is in one page; JavaScript does all else.

  #leave(when: Node): void {
    this.#flags.store();
    this.#statements.leave(when, this.#at);
  }

  #access(address: Node, sizeBytes: number, bit: number, aligned: boolean): Node {
    const low = wrap(address);
    if (aligned) this.#leave(binary32(op["i32.and"], low, i32(15)));
    const page = binary32(op["i32.shr_u"], low, i32(PAGE_BITS));
    const bits = node(op["i32.load8_u"], "i32", page, undefined, undefined, 8, state.pages);
    let refused = integer.not(binary32(op["i32.and"], bits, i32(bit)));
    const or = (other: Node) => (refused = binary32(op["i32.or"], other, refused));
    if ((this.#checked.get(address) ?? 0) < sizeBytes) {
      if (sizeBytes > 1) {
        const offset = binary32(op["i32.and"], low, i32(PAGE - 1));
        or(node(op["i32.gt_u"], "i32", offset, i32(PAGE - sizeBytes), undefined, 1));
      }
      const most = this.#memory.size - sizeBytes;
      or(node(op["i64.gt_u"], "i32", address, i64(most | 0, Math.floor(most / 2 ** 32)), undefined, 1));
      this.#checked.set(address, sizeBytes);
    }
    this.#leave(refused);
    return low;
  }

  load(type: ValueType, address: Node, aligned = false): Node {
    const place = this.#access(address, bytesOf(type), pageBits.read, aligned);
    return this.#get(type, [place, this.#memory.base]);
  }
  store(type: ValueType, address: Node, value: Node, aligned = false): void {
    const place = this.#access(address, bytesOf(type), pageBits.write, aligned);
    this.#set(type, [place, this.#memory.base], value);
  }
  segmentBase(segment: number): Node {
    return this.#get(64, [i32(0), segment === 4 ? state.fsBase : state.gsBase]);
  }

  // Flags.

  flagsAdd(width: Width, a: Node, b: Node, result: Node): void {
    this.#flags.set("add", width, a, b, result);
  }
  flagsSub(width: Width, a: Node, b: Node, result: Node): void {
    this.#flags.set("sub", width, a, b, result);
  }
  flagsLogic(width: Width, result: Node): void {
    this.#flags.set("logic", width, result, result, result);
  }
  flagsIncrement(width: Width, result: Node): void {
    this.#flags.step("inc", width, result);
  }
  flagsDecrement(width: Width, result: Node): void {
    this.#flags.step("dec", width, result);
  }
  flagsShift(shift: Shift, width: Width, a: Node, count: Node, result: Node): void {
    this.#flags.shift(shift, width, a, count, result);
  }
  setFlag(flag: Flag, bit: Node, keep?: Node): void {
    this.#flags.setBit(flag, bit, keep);
  }
  setFlagsZPC(zf: Node, pf: Node, cf: Node): void {
    this.#flags.setZPC(zf, pf, cf);
  }
  setDirection(direction: "up" | "down"): void {
    const place = [i32(0), state.rflags] as const;
    this.#set(32, place, withDirection(this.#get(32, place), direction));
  }
  flag(flag: Flag): Node {
    return this.#flags.bit(flag);
  }
  condition(code: number): Node {
    return this.#flags.condition(code);
  }

  // Control flow.

  /** Leaves where the target is not canonical, for the fault. */
  checkTarget(target: Node): void {
    const shift = extendU(i32(16));
    const canonical = binary64(op["i64.shr_s"], binary64(op["i64.shl"], target, shift), shift);
    this.#leave(node(op["i64.ne"], "i32", canonical, target, undefined, 1));
  }
  jump(): void {
    this.#end = { kind: "jump" };
  }
  jumpIf(condition: Node): void {
    this.#end = { kind: "branch", condition };
  }
  call(): void {
    this.#end = { kind: "jump" };
  }
  jumpTo(target: Node): void {
    this.checkTarget(target);
    this.#end = { kind: "indirect", target };
  }
  callTo(target: Node): void {
    this.#end = { kind: "callTo", target };
  }
  ret(target: Node): void {
    this.#end = { kind: "indirect", target };
  }
}
