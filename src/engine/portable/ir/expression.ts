// Writes nodes as WebAssembly code. A node that is used more than once is kept in a local from its first use on.
import { ByteWriter } from "../../../wasm/writer.js";
import { op, simd, type ValueType } from "../../../wasm/opcodes.js";
import { type Node, pseudo, saturatingPrefix, simdPrefix } from "./node.js";
import type { RegisterFile } from "./register-file.js";

/** log2 of the natural alignment, by opcode, for what has a memory argument. */
const alignment = new Map<number, number>([
  [op["i32.load"], 2],
  [op["i64.load"], 3],
  [op["f32.load"], 2],
  [op["f64.load"], 3],
  [op["i32.load8_u"], 0],
  [op["i32.load8_s"], 0],
  [op["i32.load16_u"], 1],
  [op["i32.load16_s"], 1],
  [op["i64.load8_u"], 0],
  [op["i64.load8_s"], 0],
  [op["i64.load16_u"], 1],
  [op["i64.load16_s"], 1],
  [op["i64.load32_u"], 2],
  [op["i64.load32_s"], 2],
  [simdPrefix + simd["v128.load"], 4],
]);

const laneOpcodes = new Set<number>(
  Object.entries(simd)
    .filter(([name]) => /_lane/.test(name))
    .map(([, code]) => simdPrefix + code),
);
const shuffle = simdPrefix + simd["i8x16.shuffle"];

/** Locals: parameters first, then the slots, then temporaries as they are needed. */
export class Locals {
  readonly types: ValueType[] = [];
  readonly #parameters: number;
  readonly #file: RegisterFile | undefined;
  readonly #slots: Int32Array;
  readonly #free: Record<ValueType, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };

  /** `file`: whose slots have locals here. */
  constructor(parameters: number, file?: RegisterFile) {
    this.#parameters = parameters;
    this.#file = file;
    this.#slots = new Int32Array(file?.count ?? 0).fill(-1);
  }

  get slotCount(): number {
    return this.#slots.length;
  }

  add(type: ValueType): number {
    return this.#parameters + this.types.push(type) - 1;
  }
  slot(slot: number): number {
    const known = this.#slots[slot] ?? -1;
    if (known >= 0) return known;
    return (this.#slots[slot] = this.add(this.#file?.typeOf(slot) ?? "i64"));
  }
  take(type: ValueType): number {
    return this.#free[type].pop() ?? this.add(type);
  }
  release(type: ValueType, local: number): void {
    this.#free[type].push(local);
  }
}

export class Expressions {
  readonly code: ByteWriter;
  readonly locals: Locals;
  /** The node that a slot's local holds at this point, by slot: what overwriting it must save first. */
  readonly #held: (Node | undefined)[];
  readonly #temporaries = new Set<Node>();

  /** `capacity` is how much code is expected, in bytes. */
  constructor(locals: Locals, capacity = 4096) {
    this.#held = Array.from({ length: locals.slotCount });
    this.code = new ByteWriter(capacity);
    this.locals = locals;
  }

  /** Starts a block: its slots' locals hold the entry nodes. */
  begin(entries: ReadonlyMap<number, Node>): void {
    this.#held.fill(undefined);
    for (const [slot, entry] of entries) {
      this.#held[slot] = entry;
      entry.local = this.locals.slot(slot);
    }
  }

  /** Counts a use before any code of the block is written. */
  count(n: Node): void {
    if (n.op === pseudo.same && n.a !== undefined) return this.count(n.a);
    if (n.uses++ > 0 || n.op >= pseudo.constant) return;
    if (n.a !== undefined) this.count(n.a);
    if (n.b !== undefined) this.count(n.b);
    if (n.c !== undefined) this.count(n.c);
  }

  get(local: number): void {
    this.code.byte(op["local.get"]);
    this.code.u32(local);
  }
  set(local: number): void {
    this.code.byte(op["local.set"]);
    this.code.u32(local);
  }
  i32(value: number): void {
    this.code.byte(op["i32.const"]);
    this.code.s32(value);
  }
  i64(value: number): void {
    this.code.byte(op["i64.const"]);
    if ((value | 0) === value) this.code.s32(value);
    else this.code.s64(BigInt(value));
  }
  op(name: keyof typeof op): void {
    this.code.byte(op[name]);
  }
  memory(opcode: number, align: number, offset: number): void {
    this.opcode(opcode);
    this.code.u32(align);
    this.code.u32(offset);
  }
  opcode(opcode: number): void {
    const prefix = opcode >= simdPrefix ? simdPrefix : opcode >= saturatingPrefix ? saturatingPrefix : 0;
    if (prefix === 0) return this.code.byte(opcode);
    this.code.byte(prefix >>> 8);
    this.code.u32(opcode - prefix);
  }

  /** Pushes a node's value. */
  value(n: Node): void {
    if (n.op === pseudo.constant) return this.constant(n);
    if (n.op === pseudo.same && n.a !== undefined) return this.value(n.a);
    if (n.local >= 0) {
      this.get(n.local);
      n.uses--;
      if (n.uses === 0) this.#release(n);
      return;
    }
    if (n.a !== undefined) this.value(n.a);
    if (n.b !== undefined) this.value(n.b);
    if (n.c !== undefined) this.value(n.c);
    this.#instruction(n);
    n.uses--;
    if (n.uses > 0) {
      this.#keep(n);
      this.code.byte(op["local.tee"]);
      this.code.u32(n.local);
    }
  }

  #keep(n: Node): void {
    n.local = this.locals.take(n.type);
    this.#temporaries.add(n);
  }
  #release(n: Node): void {
    if (this.#temporaries.delete(n)) this.locals.release(n.type, n.local);
  }

  #instruction(n: Node): void {
    const align = alignment.get(n.op);
    if (align !== undefined) return this.memory(n.op, align, n.imm);
    if (n.op === op.call_indirect) return this.#callIndirect(n);
    this.opcode(n.op);
    if (n.op === op.call) this.code.u32(n.imm);
    if (laneOpcodes.has(n.op)) this.code.byte(n.imm);
    if (n.op === shuffle) this.code.append(Uint8Array.from(n.bytes ?? []));
  }

  /** Of the function in the table's place `imm`, whose type's index is `high`. */
  #callIndirect(n: Node): void {
    this.i32(n.imm);
    this.op("call_indirect");
    this.code.u32(n.high);
    this.code.u32(0);
  }

  constant(n: Node): void {
    if (n.type === "i32") this.i32(n.imm);
    else if (n.type === "i64") {
      this.code.byte(op["i64.const"]);
      if (n.high === n.imm >> 31) this.code.s32(n.imm);
      else this.code.s64((BigInt(n.high) << 32n) | BigInt(n.imm >>> 0));
    } else {
      this.opcode(simdPrefix + simd["v128.const"]);
      this.code.append(Uint8Array.from(n.bytes ?? []));
    }
  }

  /** Computes a load where it stands, for later. */
  load(n: Node): void {
    if (n.uses === 0 || n.a === undefined) return;
    this.value(n.a);
    this.#instruction(n);
    this.#keep(n);
    this.set(n.local);
  }

  /** Sets a slot; what its local held and is still needed moves to a temporary. */
  setSlot(slot: number, n: Node): void {
    if (n.op === pseudo.same && n.a !== undefined) return this.setSlot(slot, n.a);
    const local = this.locals.slot(slot);
    if (n.local === local && n.op === pseudo.entry) {
      n.uses--;
      return;
    }
    this.value(n);
    const held = this.#held[slot];
    if (held !== undefined && held !== n && held.uses > 0 && held.local === local) {
      this.get(local);
      this.#keep(held);
      this.set(held.local);
    }
    this.set(local);
    this.#held[slot] = undefined;
  }
}
