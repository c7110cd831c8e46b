// WebAssembly functions written as expressions: each is a function that appends its code, operands first. For code that is
// fixed, such as arithmetic that translated programs share; what depends on a guest has writers of its own.
import type { FunctionBody } from "./module.js";
import { op, saturating, type, type ValueType } from "./opcodes.js";
import { ByteWriter } from "./writer.js";

/** Appends the code of an expression or statement. */
export type Code = (out: ByteWriter) => void;
type Name = keyof typeof op;
/** What stands before the numbers of `saturating`. */
const BULK_PREFIX = 0xfc;

export interface Local {
  readonly get: Code;
  readonly set: (value: Code) => Code;
  readonly tee: (value: Code) => Code;
}

/** An instruction without immediates behind its operands. */
export const apply =
  (name: Name, ...operands: readonly Code[]): Code =>
  (out) => {
    for (const operand of operands) operand(out);
    out.byte(op[name]);
  };

export const i32 =
  (value: number): Code =>
  (out) => {
    out.byte(op["i32.const"]);
    out.s32(value | 0);
  };
export const i64 =
  (value: bigint): Code =>
  (out) => {
    out.byte(op["i64.const"]);
    out.s64(BigInt.asIntN(64, value));
  };

const double = new Float64Array(1);
const bytesOfDouble = new Uint8Array(double.buffer);
/** Its bytes as hosts have them, which is little endian wherever WebAssembly runs. */
export const f64 =
  (value: number): Code =>
  (out) => {
    double[0] = value;
    out.byte(op["f64.const"]);
    out.append(bytesOfDouble);
  };

/** A load or store, aligned to nothing, at `address` + `offset`. */
export const access =
  (name: Name, offset: number, address: Code, value?: Code): Code =>
  (out) => {
    address(out);
    value?.(out);
    out.byte(op[name]);
    out.u32(0);
    out.u32(offset);
  };

/** Copies or fills memory: where to, from where or with what, how many bytes. */
export const bulk =
  (name: "memory.copy" | "memory.fill", ...operands: readonly [Code, Code, Code]): Code =>
  (out) => {
    for (const operand of operands) operand(out);
    out.byte(BULK_PREFIX);
    out.u32(saturating[name]);
    // The memories that it works on.
    out.append(new Uint8Array(name === "memory.copy" ? 2 : 1));
  };

export const call =
  (index: number, ...operands: readonly Code[]): Code =>
  (out) => {
    for (const operand of operands) operand(out);
    out.byte(op.call);
    out.u32(index);
  };

export const sequence =
  (...codes: readonly Code[]): Code =>
  (out) => {
    for (const code of codes) code(out);
  };

/** `otherwise` may be left out; neither has a result. */
export const when =
  (condition: Code, then: readonly Code[], otherwise: readonly Code[] = []): Code =>
  (out) => {
    condition(out);
    out.byte(op.if);
    out.byte(type.empty);
    sequence(...then)(out);
    if (otherwise.length > 0) {
      out.byte(op.else);
      sequence(...otherwise)(out);
    }
    out.byte(op.end);
  };

/** Repeats `body` as long as the condition holds, which is looked at first. */
export const whileTrue =
  (condition: Code, ...body: readonly Code[]): Code =>
  (out) => {
    out.byte(op.loop);
    out.byte(type.empty);
    condition(out);
    out.byte(op.if);
    out.byte(type.empty);
    sequence(...body)(out);
    out.byte(op.br);
    out.u32(1);
    out.byte(op.end);
    out.byte(op.end);
  };

/** Goes to one of `cases` by an index below their number; each falls out at the end. */
export const select =
  (index: Code, cases: readonly (readonly Code[])[]): Code =>
  (out) => {
    for (let count = 0; count <= cases.length; count++) {
      out.byte(op.block);
      out.byte(type.empty);
    }
    index(out);
    out.byte(op.br_table);
    out.u32(cases.length);
    for (let count = 0; count <= cases.length; count++) out.u32(count);
    cases.forEach((codes, at) => {
      out.byte(op.end);
      const open = cases.length - at;
      sequence(...codes)(out);
      out.byte(op.br);
      out.u32(open - 1);
    });
    out.byte(op.end);
  };

/** One of two values. */
export const either = (condition: Code, one: Code, other: Code): Code =>
  apply("select", one, other, condition);

export const giveBack = (value: Code): Code => apply("return", value);

/** A function with parameters and locals of the given types, by position. */
export class FunctionWriter {
  readonly #locals: ValueType[] = [];
  readonly #parameters: readonly ValueType[];

  constructor(parameters: readonly ValueType[]) {
    this.#parameters = parameters;
  }

  get parameters(): Local[] {
    return this.#parameters.map((_, index) => this.#at(index));
  }

  local(valueType: ValueType): Local {
    return this.#at(this.#parameters.length + this.#locals.push(valueType) - 1);
  }

  #at(index: number): Local {
    const put =
      (code: number, value?: Code): Code =>
      (out) => {
        value?.(out);
        out.byte(code);
        out.u32(index);
      };
    return {
      get: put(op["local.get"]),
      set: (value) => put(op["local.set"], value),
      tee: (value) => put(op["local.tee"], value),
    };
  }

  /** `codes` leave the results on the stack. */
  body(typeIndex: number, name: string, ...codes: readonly Code[]): FunctionBody {
    const out = new ByteWriter(1024);
    sequence(...codes)(out);
    return { type: typeIndex, locals: this.#locals, code: out.take(), name };
  }
}
