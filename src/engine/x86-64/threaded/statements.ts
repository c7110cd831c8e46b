// What a handler does, in order: loads, stores, checks and calls. Values that depend on nothing else are computed where
// they are used.
import type { ValueType } from "../../../wasm/opcodes.js";
import { op } from "../../../wasm/opcodes.js";
import { i32, type Node, node } from "../../portable/ir/node.js";

/** The functions that handlers call, by index among the imports of their modules. */
export const imports = { door: 0, status: 1, condition: 2, carry: 3, zero: 4, count: 5 } as const;

export interface Store {
  readonly kind: "store";
  readonly opcode: number;
  readonly address: Node;
  readonly offset: number;
  readonly value: Node;
}

export type Statement =
  | Store
  /** Computes a load, or a call's result, where it stands. */
  | { readonly kind: "load"; readonly value: Node }
  /** Has JavaScript execute the instruction whose record is `at` bytes behind the handler's, where `when` is not 0. */
  | { readonly kind: "leave"; readonly when: Node; readonly at: number }
  | { readonly kind: "guard"; readonly when: Node; readonly stores: readonly Store[] };

export class Statements {
  readonly list: Statement[] = [];
  #guarded: Store[] | undefined;

  load(opcode: number, type: ValueType, address: Node, offset: number, bits?: number): Node {
    const value = node(opcode, type, address, undefined, undefined, bits, offset);
    this.list.push({ kind: "load", value });
    return value;
  }

  store(opcode: number, address: Node, offset: number, value: Node): void {
    const store = { kind: "store", opcode, address, offset, value } as const;
    if (this.#guarded === undefined) this.list.push(store);
    else this.#guarded.push(store);
  }

  leave(when: Node, at: number): void {
    this.list.push({ kind: "leave", when, at });
  }

  /** The stores that `body` makes happen only where `when` is not 0. */
  guard(when: Node, body: () => void): void {
    const stores: Store[] = [];
    this.#guarded = stores;
    body();
    this.#guarded = undefined;
    this.list.push({ kind: "guard", when, stores });
  }

  /** RFLAGS with the status flags, CF, ZF, or a condition by its number, from whatever set them last. */
  call(name: "status" | "condition" | "carry" | "zero", argument = 0): Node {
    const bits = name === "status" ? 32 : 1;
    const value = node(op.call, "i32", i32(argument), undefined, undefined, bits, imports[name]);
    this.list.push({ kind: "load", value });
    return value;
  }
}
