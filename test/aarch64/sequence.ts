// Random sequences of instructions with forward branches, once or in a loop: what single instructions cannot show (flags kept from
// one to the next, stores that are read again, forms of vector registers) and what a translator's blocks get wrong.
import { decode } from "../../src/isa/aarch64/decoder.js";
import { format } from "../../src/isa/aarch64/disassembler.js";
import { SP } from "../../src/isa/aarch64/emitter.js";
import type { Instruction } from "../../src/isa/aarch64/instruction.js";
import type { Encoding } from "../../src/isa/aarch64/notation.js";
import type { Random } from "../x86-64/random.js";
import { comparableRows } from "./differential.js";
import { anyState, immediateAt, wordOf } from "./generator.js";
import { BRK, CODE, CODE_MAX, CODE_STRIDE, type State, WINDOW, WINDOW_SIZE } from "./state.js";

export interface Sequence {
  readonly state: State;
  readonly instructions: readonly Instruction[];
}

/** What sequences are made of, and whether they are the body of a loop. */
export interface Shape {
  readonly rows: readonly Encoding[];
  /** Only so many vector registers, so that each is used often. */
  readonly vectors: number;
  readonly rounds: number;
}

/** Registers that point into the window, small numbers to index by, and the rounds to come: only accesses with write-back change them. */
const pointers = [20, 21, 22, 23, SP];
const indices = [24, 25];
const COUNTER = 26;
const reserved = new Set([...pointers, ...indices, COUNTER].filter((index) => index !== SP));

/** What goes elsewhere, concerns more than this process, or depends on what other accesses have been between. */
const unfit = /^(BR|BLR|RET|BL|MSR|MRS|SYS|(LD|ST)A?L?X[RP].*)$/;

export const sequenceRows = (): readonly Encoding[] =>
  comparableRows().filter(({ row }) => !unfit.test(row.mnemonic) || /^ST?LR/.test(row.mnemonic));

export const anyShape = (): Shape => ({ rows: sequenceRows(), vectors: 32, rounds: 1 });

/** Scalars, packed operations and moves on the same few registers, in loops. */
export const vectorShape = (): Shape => ({
  rows: sequenceRows().filter(({ row }) => /\b[VSDHBZEY][dnmat]\b|\bVt|\{\d\./.test(row.operands)),
  vectors: 5,
  rounds: 3,
});

/** Integers, in loops. */
export const loopShape = (): Shape => ({
  rows: sequenceRows().filter(({ row }) => !/\b[VSDHBZEY][dnmat]\b|\bVt|\{\d\./.test(row.operands)),
  vectors: 32,
  rounds: 3,
});

/** The farthest that an access may be from its base. */
const FAR = 96;

function isSafe(i: Instruction, { vectors }: Shape): boolean {
  const { operands } = i.row;
  if ([i.Rd, i.Rt, i.Rt2].some((index) => reserved.has(index))) return false;
  if (operands.includes("Rd|SP") && i.Rd === SP) return false;
  if (vectors < 32 && [i.Rd, i.Rn, i.Rm, i.Ra].some((index) => index >= vectors && !pointers.includes(index)))
    return false;
  if (!operands.includes("[base")) return true;
  if (!pointers.includes(i.Rn)) return false;
  if (operands.includes("extended") || operands.includes("step") || operands.includes("element*"))
    return indices.includes(i.Rm) || (i.Rm === SP && !operands.includes("extended"));
  const scale = Number(/#?imm<<(\d)/.exec(operands)?.[1] ?? 0);
  return Math.abs(i.imm << scale) <= FAR;
}

const isBranch = ({ row }: Encoding): boolean => row.traits.flow === "branch" || row.traits.flow === "jump";

/** A sequence of at most `length` instructions, number `n` of its batch. */
export function newSequence(r: Random, shape: Shape, length: number, n: number): Sequence {
  const { rows, rounds } = shape;
  const pc = CODE + n * CODE_STRIDE + CODE_STRIDE / 2;
  const branches = rows.filter(isBranch);
  const others = rows.filter((row) => !isBranch(row));
  const words: number[] = [];
  const branchesAt: (readonly [at: number, encoding: Encoding])[] = [];
  const most = Math.min(length, CODE_MAX / 4 - 3);
  for (let tries = 0; words.length < most && tries < 200 * length; tries++) {
    const encoding = r.pick(branches.length > 0 && r.below(8) === 0 ? branches : others);
    const found = wordOf(r, encoding, pc + 4 * words.length);
    if (found === undefined || !isSafe(found, shape)) continue;
    if (isBranch(encoding)) branchesAt.push([words.length, encoding]);
    words.push(found.word);
  }
  // Each branch goes to some later instruction, or the end.
  for (const [at, encoding] of branchesAt) {
    const distance = 1 + r.below(words.length - at);
    words[at] = immediateAt(encoding, words[at] ?? 0, distance);
  }
  const instructions = words.map((word, at) => decode(word, pc + 4 * at)).filter((i) => i !== undefined);
  // SUB X26, X26, #1; CBNZ X26, the start.
  if (rounds > 1) words.push(0xd100_075a | 0, 0xb500_001a | ((-(words.length + 1) & 0x7_ffff) << 5));
  const code = new Uint8Array(CODE_MAX);
  new Int32Array(code.buffer).fill(BRK).set(words);
  const state = anyState(r, pc, code);
  for (const pointer of pointers) state.x[pointer] = BigInt(WINDOW + WINDOW_SIZE / 2 + 16 * (r.below(5) - 2));
  for (const index of indices) state.x[index] = BigInt(r.below(9));
  if (rounds > 1) state.x[COUNTER] = BigInt(rounds);
  return { state, instructions };
}

const NOP = 0xd503_201f | 0;

/** The sequence without one of its instructions: a NOP in its place. */
export function without({ state, instructions }: Sequence, index: number): Sequence {
  const removed = instructions[index];
  if (removed === undefined) return { state, instructions };
  const code = state.code.slice();
  new DataView(code.buffer).setInt32(removed.pc - Number(state.pc), NOP, true);
  return { state: { ...state, code }, instructions: instructions.filter((_, n) => n !== index) };
}

export const listing = ({ instructions, state }: Sequence): string =>
  instructions
    .map((i) => {
      const at = i.pc - Number(state.pc);
      const word = new DataView(state.code.buffer).getUint32(at, true);
      return `  ${at.toString(16).padStart(2, "0")}: ${word.toString(16).padStart(8, "0")} ${format(i)}`;
    })
    .join("\n");
