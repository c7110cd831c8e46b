// Random sequences of instructions with forward branches: what single instructions cannot show (flags kept from one to
// the next, partial registers, stores that are read again) and what a translator's blocks get wrong.
import { decode } from "../../src/isa/x86-64/decoder.js";
import { format } from "../../src/isa/x86-64/disassembler.js";
import { STATUS_FLAGS } from "../../src/isa/x86-64/emitter.js";
import type { Instruction } from "../../src/isa/x86-64/instruction.js";
import type { Encoding } from "../../src/isa/x86-64/notation.js";
import { encode, randomState } from "./generator.js";
import { longRows, missingFeatures, notComparable } from "./not-comparable.js";
import type { Random } from "./random.js";
import { CODE, CODE_MAX, CODE_STRIDE, type State, WINDOW } from "./state.js";

export interface Sequence {
  readonly state: State;
  readonly instructions: readonly Instruction[];
  /** Status flags that are undefined at its end, or where a fault or a branch may end it before that. */
  readonly undefinedFlags: number;
}

/** Registers that point into the window and are never written. */
const pointers = [12, 13, 14, 15];
const RSP = 4;
/** MXCSR's masks. */
const MASKED = 0x1f80;

const unfit =
  /^(REP|MOVS[BWDQ]|CMPS[BWDQ]|STOS|LODS|SCAS|DPP|CVTT?P[SD]2PI|XLAT|ENTER|LEAVE|MASKMOV|RET|CALL|JMP|LOOP|JRCXZ|UD|NOP|F|SHLD|SHRD|LAHF|PUSHF|STMXCSR|BT|MOVSXD|CMPXCHG)/;
const readsFlags = /^(J|SET|CMOV|ADC|SBB|RCL|RCR|ADCX|ADOX|CMC)/;
const definesFlags = /^(ADD|SUB|CMP|NEG|XADD|POPCNT|U?COMIS[SD]|PTEST|PCMP[EI]STR[IM])$/;
const hasCount = /^(SHL|SHR|SAR|ROL|ROR|RCL|RCR)$/;

/** Encodings that sequences are made of. */
export function sequenceRows(): readonly Encoding[] {
  const missing = missingFeatures();
  return longRows().filter(
    ({ row }) =>
      !notComparable.has(row.mnemonic) &&
      !missing.has(row.traits.feature ?? "") &&
      (!unfit.test(row.mnemonic) || /^(MOVSS|MOVSLDUP|MOVSHDUP)$/.test(row.mnemonic)),
  );
}

/** What sequences are made of, and whether they are the body of a loop. */
export interface Shape {
  readonly rows: readonly Encoding[];
  /** Only so many xmm registers, so that each is used often. */
  readonly xmm: number;
  readonly rounds: number;
}

export const anyShape = (): Shape => ({ rows: sequenceRows(), xmm: 16, rounds: 1 });

const packedOrScalar =
  /^(U?COMIS[SD]|(ADD|SUB|MUL|DIV|MIN|MAX|SQRT|CMP)[PS][SD]|(ADDSUB|HADD)P[SD]|MOV([AUHL]P[SD]|S[SD]|Q|D|HLPS|LHPS|DDUP)|UNPCK[LH]P[SD]|SHUFP[SD]|PSHUFD|(AND|ANDN|OR|XOR)P[SD]|PXOR|PADD[DQ]|CVT.*|INSERTPS|BLENDP[SD])$/;

/** Packed and scalar operations on the same few registers, in loops. */
export const mixedShape = (): Shape => ({
  rows: sequenceRows().filter(({ row }) => packedOrScalar.test(row.mnemonic)),
  xmm: 5,
  rounds: 3,
});

/** Counts the rounds of a loop. */
const COUNTER = 11;

function isSafe(i: Instruction, { xmm, rounds }: Shape): boolean {
  for (const o of i.operands) {
    if (o.kind === "xmm" && o.index >= xmm) return false;
    if (o.kind === "mm" && rounds > 1) return false;
    if (o.kind === "register" && o.index === COUNTER && rounds > 1) return false;
    if (o.kind === "register" && !o.high && (pointers.includes(o.index) || o.index === RSP)) return false;
    if (o.kind !== "memory") continue;
    if (o.index >= 0 || !pointers.includes(o.base) || o.addressWidth !== 64 || o.segment >= 4) return false;
    if (Math.abs(o.displacement) > 190) return false;
    if (o.width === 128 && o.displacement % 16 !== 0) return false;
  }
  return true;
}

/** Pushes and pops keep to the window. */
const stackDepth = (i: Instruction) =>
  i.row.mnemonic.startsWith("PUSH") ? 8 : i.row.mnemonic === "POP" ? -8 : 0;

/** Flags that an instruction leaves undefined, on top of `before`. */
function undefinedAfter(before: number, i: Instruction): number {
  const { mnemonic, traits } = i.row;
  if (definesFlags.test(mnemonic)) return 0;
  const isNarrow = hasCount.test(mnemonic) ? 1 : 0;
  return before | (traits.undefinedFlags ?? 0) | isNarrow;
}

/** Of a whole sequence: what its end leaves, and everything where it may end in between. */
function undefinedIn(instructions: readonly Instruction[]): number {
  const union = instructions.reduce((sum, i) => sum | undefinedAfter(0, i), 0);
  const mayEndEarly = instructions.some(({ row, operands }) => {
    const touchesMemory = operands.some((o) => o.kind === "memory");
    return touchesMemory || /^(J|I?DIV)/.test(row.mnemonic);
  });
  return mayEndEarly ? (union === 0 ? 0 : STATUS_FLAGS) : instructions.reduce(undefinedAfter, 0);
}

/** A sequence of at most `length` instructions, number `n` of its batch. */
export function newSequence(r: Random, shape: Shape, length: number, n: number): Sequence {
  const { rows, rounds } = shape;
  const pc = CODE + n * CODE_STRIDE + CODE_STRIDE / 2;
  const code = new Uint8Array(CODE_MAX).fill(0xcc);
  const instructions: Instruction[] = [];
  const branches: Instruction[] = [];
  let at = 0;
  let depth = 0;
  let undefinedFlags = 0;
  for (let tries = 0; instructions.length < length && tries < 200 * length && at < CODE_MAX - 32; tries++) {
    const isBranch = r.below(8) === 0 && undefinedFlags === 0;
    const bytes = isBranch ? Uint8Array.of(0x70 + r.below(16), 0) : encode(r, r.pick(rows), pc + at);
    const found = decode(bytes, 0, pc + at);
    if (typeof found === "string" || !isSafe(found, shape)) continue;
    if (readsFlags.test(found.row.mnemonic) && undefinedFlags !== 0) continue;
    if (!isBranch && found.row.mnemonic.startsWith("J")) continue;
    if (Math.abs(depth + stackDepth(found)) > 64) continue;
    depth += stackDepth(found);
    // What a branch skips may be what would have defined the flags again.
    undefinedFlags =
      branches.length > 0 && definesFlags.test(found.row.mnemonic)
        ? undefinedFlags
        : undefinedAfter(undefinedFlags, found);
    code.set(bytes, at);
    at += bytes.length;
    instructions.push(found);
    if (isBranch) branches.push(found);
  }
  // Each branch goes to the beginning of some later instruction, or the end.
  const targets = [...instructions.map((i) => i.pc), pc + at];
  for (const branch of branches) {
    const later = targets.filter((target) => target >= branch.next && target - branch.next < 120);
    code[branch.next - 1 - pc] = r.pick(later) - branch.next;
  }
  // dec r11; jnz to the start.
  if (rounds > 1) {
    code.set([0x49, 0xff, 0xcb, 0x0f, 0x85], at);
    new DataView(code.buffer).setInt32(at + 5, -(at + 9), true);
  }
  const state = randomState(r, pc, code);
  // None ends in the middle, where flags may be undefined.
  const fx = new DataView(state.fx.buffer);
  fx.setUint32(24, fx.getUint32(24, true) | MASKED, true);
  if (rounds > 1) state.gpr[COUNTER] = BigInt(rounds);
  for (const pointer of pointers) state.gpr[pointer] = BigInt(WINDOW + 256);
  state.gpr[RSP] = BigInt(WINDOW + 256);
  return { state, instructions, undefinedFlags: undefinedIn(instructions) };
}

/** The sequence without one of its instructions: NOPs in its place. */
export function without(sequence: Sequence, index: number): Sequence {
  const { state, instructions } = sequence;
  const removed = instructions[index];
  if (removed === undefined) return sequence;
  const start = Number(state.rip);
  const code = state.code.slice().fill(0x90, removed.pc - start, removed.next - start);
  const rest = instructions.filter((_, n) => n !== index);
  return {
    state: { ...state, gpr: [...state.gpr], code },
    instructions: rest,
    undefinedFlags: undefinedIn(rest),
  };
}

export function listing({ instructions, state }: Sequence): string {
  return instructions
    .map((i) => {
      const start = i.pc - Number(state.rip);
      const bytes = Buffer.from(state.code.subarray(start, start + i.next - i.pc)).toString("hex");
      const again = decode(state.code, start, i.pc);
      return `  ${bytes.padEnd(24)} ${typeof again === "string" ? again : format(again)}`;
    })
    .join("\n");
}
