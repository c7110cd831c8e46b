// x87 instructions as calls of the function that does them in WebAssembly (x87/code): what each is there, by its mnemonic, and
// the block's loads, checks and stores around the call.
import { conditions } from "../../../isa/x86-64/emitter.js";
import type { Instruction, MemoryOperand } from "../../../isa/x86-64/instruction.js";
import { codeOf, detailsOf, type Operation, type Source } from "../x87/code/operations.js";

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

/** Operations of ST(0), and of ST(1) where they have two, with how many are popped. */
const ofStack: Readonly<Record<string, readonly [Operation, from: number, pops: number]>> = {
  FCHS: ["CHANGE", 0, 0],
  FABS: ["ABSOLUTE", 0, 0],
  FRNDINT: ["ROUND", 0, 0],
  FSQRT: ["ROOT", 0, 0],
  FSCALE: ["SCALE", 1, 0],
  FPREM: ["REMAINDER", 1, 0],
  FCOMPP: ["COMPARE", 1, 2],
  FUCOMPP: ["COMPARE", 1, 2],
};
/** ST(0) as an integer, with how many are popped. */
const integers: Readonly<Record<string, readonly [Operation, pops: number]>> = {
  FIST: ["INTEGER", 0],
  FISTP: ["INTEGER", 1],
  FISTTP: ["TRUNCATE", 1],
};
const constants: Readonly<Record<string, readonly [Operation, extended: bigint, end: number]>> = {
  FLD1: ["LOAD", ONE.significand, ONE.end],
  FLDZ: ["LOAD", 0n, 0],
  FTST: ["COMPARE", 0n, 0],
};
const controlWords: Readonly<Record<string, X87Word>> = {
  FLDCW: { kind: "word", word: "control", isLoaded: true },
  FNSTCW: { kind: "word", word: "control", isLoaded: false },
  FNSTSW: { kind: "word", word: "status", isLoaded: false },
};

/** The operand in memory, or undefined. */
function memoryOf(i: Instruction): MemoryOperand | undefined {
  const [first] = i.operands;
  return first?.kind === "memory" ? first : undefined;
}
const isInteger = (i: Instruction): boolean => i.row.operands.includes("int");
/** The register at a position among the operands, ST(0) where there is none. */
function indexAt(i: Instruction, position: number): number {
  const o = i.operands[position];
  return o?.kind === "st" ? o.index : 0;
}

/** With the operand in memory or in register `from`. */
function operated(i: Instruction, operation: Operation, to: number, from: number, pops: number): X87Call {
  const memory = memoryOf(i);
  if (memory === undefined)
    return { kind: "call", code: codeOf(operation, "register"), details: detailsOf(to, from, pops) };
  const source = sourceOf(memory.width, isInteger(i));
  return {
    kind: "call",
    code: codeOf(operation, source),
    details: detailsOf(to, 0, pops),
    memory: { operand: memory, is: "source" },
    ...(isInteger(i) && { integer: memory.width }),
    ...(source === "extended" && { extended: true }),
  };
}

/** ST(0) to memory. */
function stored(i: Instruction, memory: MemoryOperand, operation: Operation, pops: number): X87Call {
  return {
    kind: "call",
    code: codeOf(operation, "register"),
    details: detailsOf(0, 0, pops, isInteger(i) ? memory.width : 0),
    memory: { operand: memory, is: "result" },
    ...(isInteger(i) && { integer: memory.width }),
    ...(operation === "EXTENDED" && { extended: true }),
  };
}

function formOf(i: Instruction): X87Form | undefined {
  const { mnemonic } = i.row;
  const memory = memoryOf(i);
  const constant = constants[mnemonic];
  if (constant !== undefined) {
    const [operation, extended, end] = constant;
    return { kind: "call", code: codeOf(operation, "extended"), details: detailsOf(0, 0, 0, end), extended };
  }
  const ofTop = ofStack[mnemonic];
  if (ofTop !== undefined) return operated(i, ofTop[0], 0, ofTop[1], ofTop[2]);
  const integer = integers[mnemonic];
  if (integer !== undefined) return memory && stored(i, memory, ...integer);
  return controlWords[mnemonic] ?? arithmetic(i) ?? move(i) ?? comparison(i) ?? transfer(i, memory);
}

function arithmetic(i: Instruction): X87Call | undefined {
  const match = /^FI?(ADD|SUB|MUL|DIV)(R?)(P?)$/.exec(i.row.mnemonic);
  if (match === null) return undefined;
  const [, kind = "", reversed = "", pops] = match;
  const isReversed = reversed === "R" && (kind === "SUB" || kind === "DIV");
  const operation = `${kind}${isReversed ? "R" : ""}` as Operation;
  const to = memoryOf(i) === undefined ? indexAt(i, 0) : 0;
  return operated(i, operation, to, indexAt(i, 1), pops === "P" ? 1 : 0);
}

function move(i: Instruction): X87Call | undefined {
  const match = /^FCMOV(N?)(B|E|BE|U)$/.exec(i.row.mnemonic);
  if (match === null) return undefined;
  const [, not = "", name = ""] = match;
  const condition = conditions.indexOf(name === "U" ? "P" : name) | (not === "N" ? 1 : 0);
  return { ...operated(i, "MOVE", 0, indexAt(i, 1), 0), condition };
}

/** FCOM and its kin: with ST(1) where no register is named; those with an I set flags of the CPU's. */
function comparison(i: Instruction): X87Call | undefined {
  const match = /^F(?:U|I)?COM(I?)(P?)$/.exec(i.row.mnemonic);
  if (match === null) return undefined;
  const pops = match[2] === "P" ? 1 : 0;
  if (match[1] === "I") return { ...operated(i, "ORDER", 0, indexAt(i, 1), pops), setsFlags: true };
  const last = i.operands.length === 0 ? 1 : indexAt(i, i.operands.length - 1);
  return operated(i, "COMPARE", 0, last, pops);
}

/** Loads, stores and exchanges. */
function transfer(i: Instruction, memory: MemoryOperand | undefined): X87Call | undefined {
  const { mnemonic } = i.row;
  if (mnemonic === "FLD" || mnemonic === "FILD") return operated(i, "LOAD", 0, indexAt(i, 0), 0);
  if (mnemonic === "FXCH") return operated(i, "EXCHANGE", 0, indexAt(i, 0), 0);
  if (mnemonic !== "FST" && mnemonic !== "FSTP") return undefined;
  const pops = mnemonic === "FSTP" ? 1 : 0;
  if (memory !== undefined) return stored(i, memory, resultOf(memory.width), pops);
  return { kind: "call", code: codeOf("COPY", "register"), details: detailsOf(0, 0, pops, indexAt(i, 0)) };
}

function sourceOf(width: number, isInteger: boolean): Source {
  if (isInteger) return "integer";
  return width === 32 ? "single" : width === 64 ? "double" : "extended";
}
const resultOf = (width: number): Operation =>
  width === 32 ? "SINGLE" : width === 64 ? "DOUBLE" : "EXTENDED";
