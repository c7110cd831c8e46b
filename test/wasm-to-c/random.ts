// Random modules of the core specification 2.0 without SIMD, valid by construction: structured control, calls of both kinds,
// memory, globals. Every loop and call takes from one supply, so that all of them end.
import { op, saturating } from "../../src/wasm/opcodes.js";
import { operators } from "../../src/wasm/to-c/operators.js";
import { ByteWriter } from "../../src/wasm/writer.js";
import { edges } from "./edges.js";
import { encode, type NumberType, type Signature } from "./encode.js";

const types: readonly NumberType[] = ["i32", "i64", "f32", "f64"];
const supply = 0;
const globals: readonly NumberType[] = ["i32", "i32", "i64", "f32", "f64"];
export const functionCount = 24;
const tableSize = 32;
const pages = { min: 2, max: 4 };

/** A generator of numbers: Marsaglia's xorshift of 32 bits. */
export function createChance(seed: number): (below: number) => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

/** Operators by result; results that are no number have signs and payloads of their own, so that bits are read of integers only. */
const byResult = (type: NumberType) =>
  [...operators].filter(([name, { result }]) => result === type && !/reinterpret_f|^f.*copysign/.test(name));
const choices = { i32: byResult("i32"), i64: byResult("i64"), f32: byResult("f32"), f64: byResult("f64") };

const loads = Object.keys(op).filter((name) => /\.load/.test(name)) as (keyof typeof op)[];
const stores = Object.keys(op).filter((name) => /^i.*\.store/.test(name)) as (keyof typeof op)[];

export function randomModule(seed: number): Uint8Array {
  const chance = createChance(seed);
  const pick = <T>(items: readonly T[]): T => items[chance(items.length)] as T;
  const signatures = Array.from({ length: functionCount }, (): Signature => ({
    params: Array.from({ length: chance(4) }, () => pick(types)),
    results: Array.from({ length: pick([0, 1, 1, 1, 2, 3]) }, () => pick(types)),
  }));
  const blockTypes = Array.from({ length: 8 }, (): Signature => ({
    params: Array.from({ length: chance(3) }, () => pick(types)),
    results: Array.from({ length: chance(3) }, () => pick(types)),
  }));
  const functions = signatures.map((signature, index) => {
    const locals = Array.from({ length: 4 + chance(5) }, () => pick(types));
    const body = new Body(chance, signature, locals, signatures, blockTypes);
    return { ...signature, locals, code: body.write(), exported: String(index) };
  });
  return encode({
    functions,
    types: blockTypes,
    pages,
    globals,
    table: Array.from({ length: tableSize - 4 }, () => chance(functionCount)),
    tableSize,
    data: Array.from({ length: 4 }, () => ({
      at: chance(60_000),
      bytes: Uint8Array.from({ length: 1 + chance(200) }, () => chance(256)),
    })),
  });
}

class Body {
  readonly #out = new ByteWriter(1024);
  readonly #chance: (below: number) => number;
  readonly #signature: Signature;
  readonly #all: readonly NumberType[];
  readonly #signatures: readonly Signature[];
  readonly #blockTypes: readonly Signature[];
  /** What a branch to each open block takes, the innermost last. */
  readonly #labels: (readonly NumberType[])[] = [];

  constructor(
    chance: (below: number) => number,
    signature: Signature,
    locals: readonly NumberType[],
    signatures: readonly Signature[],
    blockTypes: readonly Signature[],
  ) {
    this.#chance = chance;
    this.#signature = signature;
    this.#all = [...signature.params, ...locals];
    this.#signatures = signatures;
    this.#blockTypes = blockTypes;
  }

  write(): Uint8Array {
    this.#labels.push(this.#signature.results);
    this.#spend();
    this.#statements(3);
    this.#values(this.#signature.results, 3);
    return this.#out.take();
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#chance(items.length)] as T;
  }

  #op(name: keyof typeof op, ...immediates: readonly number[]): void {
    this.#out.byte(op[name]);
    for (const value of immediates) this.#out.u32(value);
  }

  /** One of the supply; where there is none, a trap. */
  #spend(): void {
    this.#op("global.get", supply);
    this.#op("i32.eqz");
    this.#op("if");
    this.#out.byte(0x40);
    this.#op("unreachable");
    this.#op("end");
    this.#op("global.get", supply);
    this.#op("i32.const");
    this.#out.s32(1);
    this.#op("i32.sub");
    this.#op("global.set", supply);
  }

  #statements(depth: number): void {
    for (let count = 1 + this.#chance(4); count > 0; count--) this.#statement(depth);
  }

  #values(wanted: readonly NumberType[], depth: number): void {
    for (const type of wanted) this.#value(type, depth);
  }

  /** Leaves what lies on the stack as it is. */
  #statement(depth: number): void {
    const isLast = depth <= 0;
    switch (this.#chance(isLast ? 4 : 11)) {
      case 0:
      case 1: {
        const local = this.#chance(this.#all.length);
        this.#value(this.#all[local] ?? "i32", depth);
        return this.#op("local.set", local);
      }
      case 2: {
        const global = 1 + this.#chance(globals.length - 1);
        this.#value(globals[global] ?? "i32", depth);
        return this.#op("global.set", global);
      }
      case 3: {
        const name = this.#pick(stores);
        this.#address(depth);
        this.#value(name.slice(0, 3) as NumberType, depth);
        return this.#op(name, 0, this.#offset());
      }
      case 4: {
        this.#value("i32", depth - 1);
        this.#op("if");
        return this.#block({ params: [], results: [] }, [], depth - 1, true);
      }
      case 5: {
        this.#op("loop");
        return this.#block({ params: [], results: [] }, [], depth - 1, false);
      }
      case 6: {
        const index = this.#chance(this.#blockTypes.length);
        const type = this.#blockTypes[index] ?? { params: [], results: [] };
        const kind = this.#pick(["block", "loop", "if"] as const);
        this.#values(type.params, depth - 1);
        if (kind === "if") this.#value("i32", depth - 1);
        this.#op(kind);
        this.#block(type, kind === "loop" ? type.params : type.results, depth - 1, kind === "if", index);
        return this.#drop(type.results);
      }
      case 7: {
        const index = this.#chance(this.#signatures.length);
        const signature = this.#signatures[index] ?? { params: [], results: [] };
        this.#values(signature.params, depth - 1);
        this.#op("call", index);
        return this.#drop(signature.results);
      }
      case 8: {
        const index = this.#chance(this.#signatures.length);
        const signature = this.#signatures[index] ?? { params: [], results: [] };
        this.#values(signature.params, depth - 1);
        if (this.#chance(2) === 0) this.#value("i32", 0);
        else {
          this.#op("i32.const");
          this.#out.s32(this.#chance(tableSize + 2));
        }
        this.#op("call_indirect", index, 0);
        return this.#drop(signature.results);
      }
      case 9:
        return this.#leave(depth);
      default:
        return this.#bulk(depth);
    }
  }

  #drop(results: readonly NumberType[]): void {
    for (const type of [...results].reverse()) {
      const local = this.#all.indexOf(type);
      if (local >= 0 && this.#chance(2) === 0) this.#op("local.set", local);
      else this.#op("drop");
    }
  }

  /** Behind the instruction that opens it: its type, code and end. */
  #block(
    type: Signature,
    label: readonly NumberType[],
    depth: number,
    hasElse: boolean,
    index?: number,
  ): void {
    if (index === undefined) this.#out.byte(0x40);
    else this.#out.u32(this.#signatures.length + index);
    this.#labels.push(label);
    for (const part of hasElse ? ["then", "else"] : ["only"]) {
      if (part === "else") this.#op("else");
      this.#spend();
      this.#drop(type.params);
      this.#statements(depth);
      this.#values(type.results, depth);
    }
    this.#labels.pop();
    this.#op("end");
  }

  /** A branch to some block, if a condition holds; or for ever, with code behind it that is not reached. */
  #leave(depth: number): void {
    const target = this.#chance(this.#labels.length);
    const label = this.#labels[this.#labels.length - 1 - target] ?? [];
    const same = [...this.#labels.keys()].filter(
      (i) => this.#labels[this.#labels.length - 1 - i]?.join() === label.join(),
    );
    switch (this.#chance(3)) {
      case 0:
        this.#values(label, depth - 1);
        this.#value("i32", depth - 1);
        this.#op("br_if", target);
        return this.#drop(label);
      case 1:
        this.#value("i32", depth - 1);
        this.#op("if");
        this.#out.byte(0x40);
        this.#values(label, depth - 1);
        this.#op("br", target + 1);
        this.#op("end");
        return;
      default:
        this.#value("i32", depth - 1);
        this.#op("if");
        this.#out.byte(0x40);
        this.#values(label, depth - 1);
        this.#value("i32", depth - 1);
        this.#out.byte(op.br_table);
        this.#out.vector(
          Array.from({ length: this.#chance(4) }, () => this.#pick(same) + 1),
          (depth) => this.#out.u32(depth),
        );
        this.#out.u32(target + 1);
        // Not reached, and typed as one likes.
        this.#op("i32.add");
        this.#op("drop");
        this.#op("end");
    }
  }

  #bulk(depth: number): void {
    const name = this.#pick(["memory.copy", "memory.fill"] as const);
    this.#address(depth - 1);
    if (name === "memory.copy") this.#address(depth - 1);
    else this.#value("i32", depth - 1);
    this.#op("i32.const");
    this.#out.s32(this.#chance(300));
    this.#out.byte(0xfc);
    this.#out.u32(saturating[name]);
    this.#out.byte(0);
    if (name === "memory.copy") this.#out.byte(0);
  }

  #offset(): number {
    return this.#chance(40) === 0 ? 0xfffffff0 : this.#pick([0, 0, 1, 4, 8, 12, 100, 4000]);
  }

  /** Most often in bounds. */
  #address(depth: number): void {
    const i32s = [...this.#all.keys()].filter((i) => this.#all[i] === "i32");
    if (i32s.length > 0 && this.#chance(3) === 0) return this.#op("local.get", this.#pick(i32s));
    this.#value("i32", depth - 1);
    if (this.#chance(12) === 0) return;
    this.#op("i32.const");
    this.#out.s32(0xffff);
    this.#op("i32.and");
  }

  #value(type: NumberType, depth: number): void {
    const locals = [...this.#all.keys()].filter((i) => this.#all[i] === type);
    switch (this.#chance(depth <= 0 ? 3 : 9)) {
      case 0:
        return this.#constant(type);
      case 1:
      case 2:
        if (locals.length === 0) return this.#constant(type);
        return this.#op("local.get", this.#pick(locals));
      case 3: {
        const global = globals.findIndex((each, i) => i > 0 && each === type);
        return this.#op("global.get", global);
      }
      case 4: {
        const name = this.#pick(loads.filter((name) => name.startsWith(type)));
        this.#address(depth - 1);
        return this.#op(name, 0, this.#offset());
      }
      case 5:
        if (locals.length === 0) return this.#constant(type);
        this.#value(type, depth - 1);
        return this.#op("local.tee", this.#pick(locals));
      case 6:
        this.#value(type, depth - 1);
        this.#value(type, depth - 1);
        this.#value("i32", depth - 1);
        return this.#op("select");
      case 7:
        if (type === "i32" && this.#chance(4) === 0) {
          if (this.#chance(2) === 0) return this.#op("memory.size", 0);
          this.#op("i32.const");
          this.#out.s32(this.#chance(3));
          return this.#op("memory.grow", 0);
        }
        return this.#operator(type, depth);
      default:
        return this.#operator(type, depth);
    }
  }

  #operator(type: NumberType, depth: number): void {
    const [name, { operands }] = this.#pick(choices[type]);
    this.#values(operands as readonly NumberType[], depth - 1);
    const plain = (op as Record<string, number>)[name];
    if (plain !== undefined) return this.#out.byte(plain);
    this.#out.byte(0xfc);
    this.#out.u32((saturating as Record<string, number>)[name] ?? 0);
  }

  #constant(type: NumberType): void {
    const bits = this.#pick(edges[type]);
    this.#op(`${type}.const`);
    if (type === "i32") this.#out.s32(Number(BigInt.asIntN(32, bits)));
    else if (type === "i64") this.#out.s64(bits);
    else {
      for (let i = 0; i < (type === "f32" ? 4 : 8); i++)
        this.#out.byte(Number((bits >> BigInt(8 * i)) & 0xffn));
    }
  }
}
