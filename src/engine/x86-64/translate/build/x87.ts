// x87 instructions as calls of the function that does them in WebAssembly (x87/code): what each is there, by its mnemonic, and
// the block's loads, checks and stores around the call.
import { conditions } from "../../../../isa/x86-64/emitter.js";
import type { Instruction, MemoryOperand } from "../../../../isa/x86-64/instruction.js";
import { codeOf, detailsOf, type Operation, type Source } from "../../x87/code/operations.js";

/** A call: what it does, on which registers, and where its operand is, or goes. */
export interface X87Call {
  readonly kind: "call";
  readonly code: number;
  readonly details: number;
  readonly memory?: { readonly operand: MemoryOperand; readonly is: "source" | "result" };
  /** The operand is an extended number in memory, or this constant. */
  readonly extended?: true | bigint;
  /** Of the integer in memory, in bits. */
  readonly integer?: number;
  /** FCMOV: a condition by number. */
  readonly condition?: number;
  /** FCOMI: the order goes to the flags. */
  readonly setsFlags?: true;
}

/** Control and status word to and from memory or AX. */
export interface X87Word {
  readonly kind: "word";
  readonly word: "control" | "status";
  readonly isLoaded: boolean;
}

export type X87Form = X87Call | X87Word;

const forms = new WeakMap<Instruction, X87Form | "none">();

/** How an x87 instruction is done in translated code; undefined where the interpreter has to. */
export function x87Form(i: Instruction): X87Form | undefined {
  if (i.row.traits.feature !== "X87" && i.row.mnemonic !== "FISTTP") return undefined;
  let form = forms.get(i);
  if (form === undefined) forms.set(i, (form = formOf(i) ?? "none"));
  return form === "none" ? undefined : form;
}

const ONE = { significand: 1n << 63n, end: 16383 };

function formOf(i: Instruction): X87Form | undefined {
  const { mnemonic } = i.row;
  const [first] = i.operands;
  const memory = first?.kind === "memory" ? first : undefined;
  const isInteger = i.row.operands.includes("int");
  const index = (position: number): number => {
    const o = i.operands[position];
    return o?.kind === "st" ? o.index : 0;
  };
  /** With the operand in memory or in register `from`. */
  const operated = (operation: Operation, to: number, from: number, pops: number): X87Call => {
    if (memory === undefined)
      return { kind: "call", code: codeOf(operation, "register"), details: detailsOf(to, from, pops) };
    const source = sourceOf(memory.width, isInteger);
    return {
      kind: "call",
      code: codeOf(operation, source),
      details: detailsOf(to, 0, pops),
      memory: { operand: memory, is: "source" },
      ...(isInteger && { integer: memory.width }),
      ...(source === "extended" && { extended: true }),
    };
  };
  /** ST(0) to memory. */
  const stored = (operation: Operation, pops: number): X87Call | undefined =>
    memory === undefined
      ? undefined
      : {
          kind: "call",
          code: codeOf(operation, "register"),
          details: detailsOf(0, 0, pops, isInteger ? memory.width : 0),
          memory: { operand: memory, is: "result" },
          ...(isInteger && { integer: memory.width }),
          ...(operation === "EXTENDED" && { extended: true }),
        };
  const constant = (operation: Operation, extended: bigint, end: number): X87Call => ({
    kind: "call",
    code: codeOf(operation, "extended"),
    details: detailsOf(0, 0, 0, end),
    extended,
  });
  const arithmetic = /^FI?(ADD|SUB|MUL|DIV)(R?)(P?)$/.exec(mnemonic);
  if (arithmetic !== null) {
    const [, kind = "", reversed = "", pops] = arithmetic;
    const isReversed = reversed === "R" && (kind === "SUB" || kind === "DIV");
    const operation = `${kind}${isReversed ? "R" : ""}` as Operation;
    return operated(operation, memory === undefined ? index(0) : 0, index(1), pops === "P" ? 1 : 0);
  }
  const move = /^FCMOV(N?)(B|E|BE|U)$/.exec(mnemonic);
  if (move !== null) {
    const [, not = "", name = ""] = move;
    const condition = conditions.indexOf(name === "U" ? "P" : name) | (not === "N" ? 1 : 0);
    return { ...operated("MOVE", 0, index(1), 0), condition };
  }
  const last = i.operands.length === 0 ? 1 : index(i.operands.length - 1);
  switch (mnemonic) {
    case "FLD":
    case "FILD":
      return operated("LOAD", 0, index(0), 0);
    case "FLD1":
      return constant("LOAD", ONE.significand, ONE.end);
    case "FLDZ":
      return constant("LOAD", 0n, 0);
    case "FTST":
      return constant("COMPARE", 0n, 0);
    case "FST":
    case "FSTP": {
      const pops = mnemonic === "FSTP" ? 1 : 0;
      if (memory !== undefined) return stored(resultOf(memory.width), pops);
      return { kind: "call", code: codeOf("COPY", "register"), details: detailsOf(0, 0, pops, index(0)) };
    }
    case "FIST":
      return stored("INTEGER", 0);
    case "FISTP":
      return stored("INTEGER", 1);
    case "FISTTP":
      return stored("TRUNCATE", 1);
    case "FXCH":
      return operated("EXCHANGE", 0, index(0), 0);
    case "FCHS":
      return operated("CHANGE", 0, 0, 0);
    case "FABS":
      return operated("ABSOLUTE", 0, 0, 0);
    case "FRNDINT":
      return operated("ROUND", 0, 0, 0);
    case "FSCALE":
      return operated("SCALE", 0, 1, 0);
    case "FPREM":
      return operated("REMAINDER", 0, 1, 0);
    case "FSQRT":
      return operated("ROOT", 0, 0, 0);
    case "FCOMI":
    case "FUCOMI":
      return { ...operated("ORDER", 0, index(1), 0), setsFlags: true };
    case "FCOMIP":
    case "FUCOMIP":
      return { ...operated("ORDER", 0, index(1), 1), setsFlags: true };
    case "FCOM":
    case "FUCOM":
    case "FICOM":
      return operated("COMPARE", 0, last, 0);
    case "FCOMP":
    case "FUCOMP":
    case "FICOMP":
      return operated("COMPARE", 0, last, 1);
    case "FCOMPP":
    case "FUCOMPP":
      return operated("COMPARE", 0, 1, 2);
    case "FLDCW":
      return { kind: "word", word: "control", isLoaded: true };
    case "FNSTCW":
      return { kind: "word", word: "control", isLoaded: false };
    case "FNSTSW":
      return { kind: "word", word: "status", isLoaded: false };
    default:
      return undefined;
  }
}

function sourceOf(width: number, isInteger: boolean): Source {
  if (isInteger) return "integer";
  return width === 32 ? "single" : width === 64 ? "double" : "extended";
}
const resultOf = (width: number): Operation =>
  width === 32 ? "SINGLE" : width === 64 ? "DOUBLE" : "EXTENDED";
