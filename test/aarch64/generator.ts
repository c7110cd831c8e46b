// Random cases of a row: a word, registers and memory that it does something with, so that most accesses hit the window.
import { decode } from "../../src/isa/aarch64/decoder.js";
import type { Instruction } from "../../src/isa/aarch64/instruction.js";
import type { Encoding } from "../../src/isa/aarch64/notation.js";
import type { Random } from "../x86-64/random.js";
import { BRK, CODE, CODE_MAX, CODE_STRIDE, type State, WINDOW, WINDOW_SIZE } from "./state.js";
import { anyWord } from "./words.js";

const SP = 31;
/** Words before and behind the instruction that a direct jump or a literal may reach: BRK. */
const REACH = 12;

/** Not the instruction itself, which would go on for ever. */
const displacement = (r: Random): number => (1 + r.below(REACH)) * r.pick([1, -1]);

/** Keeps what depends on the instruction's own address near it. */
function nearby(r: Random, encoding: Encoding, word: number): number {
  if (!/\btarget\b/.test(encoding.row.operands)) return word;
  return immediateAt(encoding, word, displacement(r));
}

/** The word with its immediate replaced. */
export function immediateAt(encoding: Encoding, word: number, value: number): number {
  const part = encoding.parts.find(({ field }) => field === "imm");
  if (part === undefined) return word;
  const mask = (2 ** part.width - 1) << part.at;
  return (word & ~mask) | ((value << part.at) & mask);
}

/** What a process may do with the system: words without their register, by mnemonic. */
const systemWords: Readonly<Record<string, readonly number[]>> = {
  // DC ZVA, DC CVAC, DC CVAU, DC CIVAC, IC IVAU.
  SYS: [0xd50b_7420, 0xd50b_7420, 0xd50b_7a20, 0xd50b_7b20, 0xd50b_7e20, 0xd50b_7520],
  // NZCV, FPCR, FPSR, CTR_EL0, DCZID_EL0.
  MRS: [0xd53b_4200, 0xd53b_4400, 0xd53b_4420, 0xd53b_0020, 0xd53b_00e0],
  MSR: [0xd51b_4200, 0xd51b_4400, 0xd51b_4420],
};

/** Any word, or one of those that there are. */
function candidate(r: Random, encoding: Encoding): number {
  const words = encoding.row.traits.run === undefined ? systemWords[encoding.row.mnemonic] : undefined;
  return words === undefined ? nearby(r, encoding, anyWord(r, encoding)) : r.pick(words) | r.below(32) | 0;
}

/** Of a pair that is loaded to one register, either may come out. */
const isDefined = ({ row, Rt, Rt2 }: Instruction): boolean => !/^LDN?P/.test(row.mnemonic) || Rt !== Rt2;

/** A word that decodes to the row, or undefined where none of several tries does. */
export function wordOf(r: Random, encoding: Encoding, pc: number): Instruction | undefined {
  for (let tries = 0; tries < 60; tries++) {
    const found = decode(candidate(r, encoding), pc);
    if (found?.row === encoding.row && isDefined(found)) return found;
  }
  return undefined;
}

const extensions = [8n, 16n, 32n, 64n];

/** How far from its base register an access is. */
function distanceOf({ row, imm, Rm, option, S }: Instruction, x: readonly bigint[]): bigint {
  const scaled = /\[base, #?imm<<(\d)\]/.exec(row.operands);
  if (scaled !== null) return BigInt(imm) << BigInt(scaled[1] ?? 0);
  if (row.operands.includes("[base, #imm]")) return BigInt(imm);
  const extended = /extended<<(\d)/.exec(row.operands);
  if (extended === null) return 0n;
  const width = Number(extensions[option & 3] ?? 64n);
  const value = Rm === SP ? 0n : (x[Rm] ?? 0n);
  const index = option >= 4 ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
  return index << BigInt(S * Number(extended[1] ?? 0));
}

/** Has the base register point so that the access is in the window; aligned mostly, or by a little not. */
function aim(r: Random, i: Instruction, x: bigint[]): void {
  if (i.row.operands.includes("Xt?")) x[i.Rt] = BigInt(WINDOW + r.below(WINDOW_SIZE / 2));
  if (!i.row.operands.includes("[base")) return;
  const unaligned = r.below(5) === 0 ? r.below(16) : 0;
  const place = BigInt(WINDOW + 128 + r.below((WINDOW_SIZE - 256) / 16) * 16 + unaligned);
  const value = BigInt.asUintN(64, place - distanceOf(i, x));
  x[i.Rn] = i.Rn === SP ? value & ~15n : value;
}

/** Whatever the row makes of it: integers, doubles, singles, small lanes. */
function vectorValue(r: Random): bigint {
  const half = (): bigint =>
    r.pick([
      () => r.double(),
      () => r.singles(),
      () => r.integer(),
      () => r.u64(),
      () => {
        const lane = r.u64() & 0xffffn;
        return lane | (lane << 16n) | (lane << 32n) | (r.integer() << 48n);
      },
    ])();
  return BigInt.asUintN(64, half()) | (BigInt.asUintN(64, half()) << 64n);
}

/** An exclusive store is preceded by the load that it belongs to, mostly. */
function before(r: Random, i: Instruction): number[] {
  const isStore = /^STL?X[RP]/.test(i.row.mnemonic);
  if (!isStore || r.below(4) === 0) return [];
  // L, o0 as it was, and the registers that the load must not change: nobody's.
  const free = [9, 10, 11, 12, 13, 14].filter((n) => ![i.Rn, i.Rt, i.Rt2, i.Rs].includes(n));
  const [first = 9, second = 10] = free;
  const isPair = i.row.mnemonic.includes("XP");
  const second5 = isPair ? second : SP;
  return [(i.word & ~((31 << 10) | 31)) | (1 << 22) | (31 << 16) | (second5 << 10) | first];
}

/** Whatever is in registers and memory. */
export function anyState(r: Random, pc: number, code: Uint8Array): State {
  const x = Array.from({ length: 32 }, () => r.integer());
  x[SP] = BigInt(WINDOW + r.below(WINDOW_SIZE / 16) * 16);
  return {
    x,
    pc: BigInt(pc),
    nzcv: BigInt(r.below(16)) << 28n,
    signal: 0,
    address: 0n,
    fpcr: 0n,
    fpsr: 0n,
    v: Array.from({ length: 32 }, () => vectorValue(r)),
    window: Uint8Array.from({ length: WINDOW_SIZE }, () => r.below(256)),
    code,
  };
}

/** Code, and the state that it starts from. `index` says where it lies. */
export function newCase(
  r: Random,
  encoding: Encoding,
  index: number,
): { state: State; instruction: Instruction } | undefined {
  const pc = CODE + index * CODE_STRIDE + CODE_STRIDE / 2;
  const instruction = wordOf(r, encoding, pc);
  if (instruction === undefined) return undefined;
  const code = new Uint8Array(CODE_MAX);
  const state = anyState(r, pc, code);
  const { x, v } = state;
  const { flow } = instruction.row.traits;
  if (flow === "jumpTo" || flow === "callTo" || flow === "ret") {
    const far = BigInt.asUintN(46, (x[instruction.Rn] ?? 0n) << 2n);
    x[instruction.Rn] = r.below(6) > 0 ? BigInt(pc + displacement(r) * 4) : far;
  } else if (instruction.row.mnemonic.endsWith("DIV") && r.below(3) === 0) {
    x[instruction.Rm] = r.pick([0n, 0xffff_ffff_ffff_ffffn, 0xffff_ffffn, 1n]);
  } else if (r.below(6) === 0) x[instruction.Rm] = x[instruction.Rn] ?? 0n;
  aim(r, instruction, x);
  if (r.below(6) === 0) v[instruction.Rm] = v[instruction.Rn] ?? 0n;
  const prefix = before(r, instruction);
  const words = new Int32Array(code.buffer).fill(BRK);
  // What comes before is at the address, the instruction behind it.
  [...prefix, instruction.word].forEach((word, n) => (words[n] = word));
  return { state, instruction };
}
