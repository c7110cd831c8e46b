// The loads and stores of a block, with the checks before them.
import type { ValueType } from "../../../isa/emitter.js";
import { op, simd, type ValueType as WasmType } from "../../../wasm/opcodes.js";
import type { KnownLoad } from "../guest-isa.js";
import { type Accesses, accesses, type MemoryShape, type Place, split } from "../ir/access.js";
import type { StackCheck } from "../ir/block.js";
import * as integer from "../ir/integer.js";
import { i32, i64FromNumber, isZero, type Node, node, simdPrefix, wrap } from "../ir/node.js";
import { pageBits, state } from "../memory/state.js";
import type { BlockState } from "./block-state.js";

/** Bits of an address within its page. */
const PAGE_BITS = 12;

/** Loads by type: opcode, type in WebAssembly, and how many bits the value has. */
export const loads: Readonly<Record<ValueType, readonly [opcode: number, type: WasmType, bits: number]>> = {
  8: [op["i32.load8_u"], "i32", 8],
  16: [op["i32.load16_u"], "i32", 16],
  32: [op["i32.load"], "i32", 32],
  64: [op["i64.load"], "i64", 64],
  f32: [op["f32.load"], "f32", 64],
  f64: [op["f64.load"], "f64", 64],
  v128: [simdPrefix + simd["v128.load"], "v128", 64],
};
export const stores: Readonly<Record<ValueType, number>> = {
  8: op["i32.store8"],
  16: op["i32.store16"],
  32: op["i32.store"],
  64: op["i64.store"],
  f32: op["f32.store"],
  f64: op["f64.store"],
  v128: simdPrefix + simd["v128.store"],
};

export function bytesOf(type: ValueType): number {
  if (typeof type === "number") return type / 8;
  return type === "f32" ? 4 : type === "f64" ? 8 : 16;
}

/** A value that goes to memory, once it is there. */
export interface Stored {
  readonly type: ValueType;
  readonly address: Node;
  readonly value: () => Node;
}

export class BlockMemory {
  /** Checks of accesses near the stack pointer. */
  readonly stackChecks: StackCheck[] = [];
  readonly #state: BlockState;
  readonly #accesses: Accesses;
  readonly #known: KnownLoad | undefined;
  readonly #shape: MemoryShape;
  readonly #looksUp: (pc: number) => boolean;
  /** What has been found aligned: bases with displacements below 16. */
  readonly #aligned = new Map<Node, Set<number>>();

  constructor(
    block: BlockState,
    shape: MemoryShape,
    known: KnownLoad | undefined,
    looksUp: (pc: number) => boolean,
  ) {
    this.#state = block;
    this.#shape = shape;
    this.#looksUp = looksUp;
    this.#accesses = accesses(shape);
    this.#known = known;
  }

  load(type: ValueType, address: Node, aligned: boolean): Node {
    const { at, statements, isIndirect } = this.#state;
    const known = this.#known;
    if (known !== undefined && known.pc === at?.pc) {
      return type === 64 ? i64FromNumber(known.value) : i32(known.value);
    }
    const looksUp = at !== undefined && this.#looksUp(at.pc);
    const place = looksUp
      ? this.#lookedUp(address, bytesOf(type), aligned)
      : this.#place(address, bytesOf(type), false, aligned);
    const [opcode, wasm, bits] = loads[type];
    const value = node(opcode, wasm, place.address, undefined, undefined, bits);
    place.use(value);
    statements.push({ kind: "load", value });
    if (type === 64 && isIndirect) this.#state.requireLow(value);
    return value;
  }

  /** The place of a load by the page map: leaves where it is not all in one page that may be read at once. */
  #lookedUp(address: Node, sizeBytes: number, aligned: boolean): Pick<Place, "address" | "use"> {
    if (aligned) this.#requireAligned(address);
    const { base, size } = this.#shape;
    const last = integer.binary("add", 64, address, i64FromNumber(sizeBytes - 1));
    const [page, lastPage] = [address, last].map((one) => integer.shr(32, wrap(one), i32(PAGE_BITS)));
    const isOutside = node(op["i64.ge_u"], "i32", address, i64FromNumber(size - sizeBytes + 1), undefined, 1);
    const isAcross = node(op["i32.ne"], "i32", page, lastPage, undefined, 1);
    const bits = node(op["i32.load8_u"], "i32", page, undefined, undefined, 8, state.pages);
    this.#state.statements.push({ kind: "load", value: bits });
    const isReadable = integer.binary("and", 32, bits, i32(pageBits.read));
    const isKept = node(op["i32.eqz"], "i32", isReadable, undefined, undefined, 1);
    this.#state.exit(integer.binary("or", 32, integer.binary("or", 32, isOutside, isAcross), isKept));
    return { address: wrap(address), use: (offset) => (offset.imm = base) };
  }

  store(type: ValueType, address: Node, value: Node, aligned: boolean): void {
    const place = this.#place(address, bytesOf(type), true, aligned);
    this.#put(type, place, value);
  }

  /** Stores what is known only after `before`, which may leave: all places are checked first. */
  storeAll(stored: readonly Stored[], before: () => void): void {
    const places = stored.map(({ type, address }) => this.#place(address, bytesOf(type), true, false));
    before();
    places.forEach((place, index) => {
      const one = stored[index];
      if (one !== undefined) this.#put(one.type, place, one.value());
    });
  }

  #put(type: ValueType, place: Place, value: Node): void {
    const statement = {
      kind: "store",
      op: stores[type],
      address: place.address,
      value,
      imm: 0,
      sizeBytes: bytesOf(type),
    } as const;
    place.use(statement);
    this.#state.statements.push(statement);
  }

  #place(address: Node, sizeBytes: number, isStore: boolean, aligned: boolean): Place {
    if (aligned) this.#requireAligned(address);
    const place = this.#accesses.place(address, sizeBytes, isStore);
    if (place.check !== undefined) {
      const exit = this.#state.exit(place.check);
      if (this.#state.isStackPointer(place.base)) this.stackChecks.push({ exit, range: place.range });
    }
    return place;
  }

  /** Once for all addresses that differ by multiples of 16. */
  #requireAligned(address: Node): void {
    const { base, displacement } = split(address);
    const low = integer.binary(
      "and",
      32,
      integer.binary("add", 32, wrap(base), i32(displacement & 15)),
      i32(15),
    );
    if (isZero(low)) return;
    const known = this.#aligned.get(base) ?? new Set();
    this.#aligned.set(base, known);
    if (known.has(displacement & 15)) return;
    known.add(displacement & 15);
    this.#state.exit(low);
  }

  /** Fills in the offsets and limits; nothing is loaded or stored afterwards. */
  finish(): void {
    this.#accesses.finish();
  }
}
