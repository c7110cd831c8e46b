// x87 instructions in the interpreter by the function in WebAssembly that translated code calls (code/instructions.ts). What that leaves
// is the general instruction's, as are the first ones, which do not pay for making it.
import { STATUS_FLAGS } from "../../../isa/x86-64/emitter.js";
import type { Instruction, MemoryOperand } from "../../../isa/x86-64/instruction.js";
import { webAssembly, type WasmMemory } from "../../../wasm/host.js";
import { memoryPagesOf } from "../../portable/link/units.js";
import type { Step } from "../code-cache.js";
import { placeOf, results } from "../lift/functions.js";
import { type X87Call, x87Form } from "../lift/x87.js";
import { addressOf, type Machine } from "../machine.js";
import { segmentNumbers } from "../segments.js";
import { state } from "../state.js";
import { order } from "./code/operations.js";
import { x87Module } from "./code/instructions.js";

type Execute = Step["execute"];
/** See `x87Type`: 0 where it is done. */
type Call = (code: number, bits: bigint, details: number) => number;

/** Executions before the function is made, which takes some milliseconds. */
const GENERAL_AT_FIRST = 500;

const CONTROL = state.x87Control >> 1;
const STATUS = state.x87Status >> 1;
const POINTER = state.x87Pointer >> 2;
const MASKS = 0x3f;
const PENDING = 0x80;
const { FS } = segmentNumbers;
const WORD = 2 ** 32;

/** The function on a memory, made when it is worth it. */
export class X87Function {
  readonly #memory: WasmMemory;
  #left = GENERAL_AT_FIRST;
  #call: Call | undefined;

  constructor(memory: WasmMemory) {
    this.#memory = memory;
  }

  get call(): Call | undefined {
    if (this.#call === undefined && --this.#left < 0) this.#call = this.#make();
    return this.#call;
  }

  #make(): Call {
    const { slot } = placeOf("x87");
    const table = new webAssembly.Table({ initial: slot + 1, element: "anyfunc" });
    const module = new webAssembly.Module(x87Module(memoryPagesOf(this.#memory), slot));
    Reflect.construct(webAssembly.Instance, [module, { solo5: { memory: this.#memory, table } }]);
    return table.get(slot) as Call;
  }
}

/** Where a memory operand is, or -1; throws what an access there raises. A base alone needs no evaluator: a tenth of the whole. */
function placeIn(m: Machine, o: MemoryOperand, access: "read" | "write"): number {
  const size = o.width / 8;
  if (o.base >= 0 && o.index < 0 && o.segment < FS && o.addressWidth === 64) {
    const { i32 } = m.cpu;
    const address = ((i32[o.base * 2] ?? 0) >>> 0) + o.displacement;
    if (i32[o.base * 2 + 1] === 0 && address >= 0 && address < WORD)
      return m.memory.place(address | 0, 0, size, access);
  }
  const at = addressOf(m, o);
  return m.memory.place(at | 0, Math.floor(at / WORD) | 0, size, access);
}

function copyResult(view: DataView, at: number, width: number): void {
  if (width === 16) return view.setInt16(at, view.getInt16(results.x87, true), true);
  view.setInt32(at, view.getInt32(results.x87, true), true);
  if (width >= 64) view.setInt32(at + 4, view.getInt32(results.x87 + 4, true), true);
  if (width === 80) view.setInt16(at + 8, view.getInt16(results.x87 + 8, true), true);
}

/** Does the instruction; false where that is the general one's, with nothing changed. */
type Attempt = (call: Call) => boolean;

function attemptOf(m: Machine, form: X87Call): Attempt {
  const { code, details, memory, condition, extended, integer } = form;
  const { view } = m.mmu;
  if (memory === undefined) {
    const bits = typeof extended === "bigint" ? extended : 0n;
    if (condition !== undefined)
      return (call) => call(code, m.cpu.condition(condition) === 1 ? 1n : 0n, details) === 0;
    return (call) => call(code, bits, details) === 0;
  }
  const { operand } = memory;
  if (memory.is === "result") {
    return (call) => {
      const at = placeIn(m, operand, "write");
      if (at < 0 || call(code, 0n, details) !== 0) return false;
      copyResult(view, at, operand.width);
      return true;
    };
  }
  const bitsAt: (at: number) => bigint =
    operand.width === 16
      ? (at) => BigInt(view.getInt16(at, true))
      : operand.width === 32
        ? integer === undefined
          ? (at) => BigInt(view.getUint32(at, true))
          : (at) => BigInt(view.getInt32(at, true))
        : (at) => view.getBigInt64(at, true);
  return (call) => {
    const at = placeIn(m, operand, "read");
    if (at < 0) return false;
    const end = extended === true ? view.getUint16(at + 8, true) << 16 : 0;
    return call(code, bitsAt(at), details | end) === 0;
  };
}

/** `general` with the function for what that does; as it is where the instruction is none of it. */
export function withShortcut(m: Machine, x87: X87Function, i: Instruction, general: Execute): Execute {
  const form = x87Form(i);
  if (form?.kind !== "call") return general;
  const attempt = attemptOf(m, form);
  const { cpu } = m;
  const { u16, i32 } = cpu;
  const [pcLow, pcHigh] = [i.pc | 0, Math.floor(i.pc / WORD) | 0];
  return (e, instruction) => {
    const { call } = x87;
    // What waits is told before memory is looked at.
    const isUsual = ((u16[CONTROL] ?? 0) & MASKS) === MASKS && ((u16[STATUS] ?? 0) & PENDING) === 0;
    if (call === undefined || !isUsual || cpu.isX87Off || !attempt(call)) {
      general(e, instruction);
      return;
    }
    if (form.setsFlags === true) {
      const found = i32[results.x87 >> 2];
      cpu.setStatus(STATUS_FLAGS, found === order.less ? 1 : found === order.equal ? 0x40 : 0);
    }
    i32[POINTER] = pcLow;
    i32[POINTER + 1] = pcHigh;
  };
}
