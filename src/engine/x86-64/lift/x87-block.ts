// Writes x87 instructions into a block: see x87.ts.
import type { Emitter } from "../../../isa/x86-64/emitter.js";
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import { effectiveAddress, operand, read, write } from "../../../isa/x86-64/operands.js";
import { op } from "../../../wasm/opcodes.js";
import { state } from "../state.js";
import { order } from "../x87/code/operations.js";
import * as integer from "../../portable/ir/integer.js";
import { binary32, i32, i64FromNumber, type Node, node } from "../../portable/ir/node.js";
import { placeOf, results } from "./functions.js";
import type { BlockState } from "../../portable/lift/block-state.js";
import type { BlockMemory, Stored } from "../../portable/lift/memory.js";
import type { X87Call, X87Form, X87Word } from "./x87.js";

/** Bits of the control and status words. */
const MASKS = 0x3f;
const PENDING = 0x80;
const CONTROL = 0x1f3f;
const ALWAYS = 0x40;

export class BlockX87 {
  readonly #e: Emitter<Node>;
  readonly #state: BlockState;
  readonly #memory: BlockMemory;

  constructor(e: Emitter<Node>, state: BlockState, memory: BlockMemory) {
    this.#e = e;
    this.#state = state;
    this.#memory = memory;
  }

  instruction(i: Instruction, form: X87Form): void {
    if (form.kind === "word") return this.#word(i, form);
    this.#call(form);
    const pc = i64FromNumber(i.pc);
    this.#put(op["i64.store"], state.x87Pointer, pc, 8);
  }

  #call(form: X87Call): void {
    const e = this.#e;
    const { memory } = form;
    const address = memory === undefined ? undefined : effectiveAddress(e, memory.operand);
    if (memory?.is === "result" && address !== undefined) {
      const leave = (): void => this.#leaveUnlessDone(form, i64FromNumber(0), i32(form.details));
      return this.#memory.storeAll(this.#results(form, address, memory.operand.width), leave);
    }
    let bits = i64FromNumber(0);
    let details = i32(form.details);
    if (form.condition !== undefined) bits = e.extendUnsigned(64, 32, e.condition(form.condition));
    if (typeof form.extended === "bigint") bits = e.constant(64, 0, Number(form.extended >> 32n) | 0);
    if (memory !== undefined && address !== undefined) {
      const { width } = memory.operand;
      if (width === 16) bits = e.extendSigned(64, 16, e.load(16, address));
      else if (width === 32) {
        const value = e.load(32, address);
        bits = form.integer === undefined ? e.extendUnsigned(64, 32, value) : e.extendSigned(64, 32, value);
      } else bits = e.load(64, address);
      if (form.extended === true) {
        const end = e.load(16, e.add(64, address, e.constant(64, 8)));
        details = binary32(op["i32.or"], binary32(op["i32.shl"], end, i32(16)), details);
      }
    }
    this.#leaveUnlessDone(form, bits, details);
    if (form.setsFlags !== true) return;
    const found = this.#get(op["i32.load"], results.x87);
    const is = (value: number) => integer.equal(32, found, i32(value));
    e.setFlagsZPC(is(order.equal), i32(0), is(order.less));
  }

  #leaveUnlessDone({ code }: X87Call, bits: Node, details: Node): void {
    const { slot, type } = placeOf("x87");
    this.#state.exit(node(op.call_indirect, "i32", i32(code), bits, details, 1, slot, type));
  }

  /** What goes to memory, from the function's result. */
  #results({ extended }: X87Call, address: Node, width: number): Stored[] {
    const e = this.#e;
    if (extended === true) {
      const end = e.add(64, address, e.constant(64, 8));
      return [
        { type: 64, address, value: () => this.#get(op["i64.load"], results.x87) },
        { type: 16, address: end, value: () => this.#get(op["i32.load"], results.x87 + 8) },
      ];
    }
    if (width === 64) return [{ type: 64, address, value: () => this.#get(op["i64.load"], results.x87) }];
    const value = () => this.#get(op["i32.load"], results.x87);
    return [{ type: width === 32 ? 32 : 16, address, value }];
  }

  #word(i: Instruction, { word, isLoaded }: X87Word): void {
    const e = this.#e;
    const first = operand(i, 0);
    const isOff = this.#get(op["i32.load"], state.x87Off);
    if (!isLoaded) {
      this.#state.exit(isOff);
      const at = word === "control" ? state.x87Control : state.x87Status;
      return write(e, first, this.#get(op["i32.load16_u"], at, 16), 16);
    }
    const value = read(e, first, 16);
    const unmasked = binary32(op["i32.xor"], binary32(op["i32.and"], value, i32(MASKS)), i32(MASKS));
    const pending = binary32(op["i32.and"], this.#get(op["i32.load16_u"], state.x87Status, 16), i32(PENDING));
    this.#state.exit(binary32(op["i32.or"], binary32(op["i32.or"], unmasked, pending), isOff));
    const kept = binary32(op["i32.or"], binary32(op["i32.and"], value, i32(CONTROL)), i32(ALWAYS));
    this.#put(op["i32.store16"], state.x87Control, kept, 2);
  }

  /** A word of the state area, as it is here. */
  #get(opcode: number, offset: number, bits?: number): Node {
    const type = opcode === op["i64.load"] ? "i64" : "i32";
    const value = node(opcode, type, i32(0), undefined, undefined, bits, offset);
    this.#state.statements.push({ kind: "load", value });
    return value;
  }

  #put(opcode: number, offset: number, value: Node, sizeBytes: number): void {
    this.#state.statements.push({
      kind: "store",
      op: opcode,
      address: i32(0),
      value,
      imm: offset,
      sizeBytes,
    });
  }
}
