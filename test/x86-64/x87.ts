// What of the x87's state is compared, and how closely.
import { readFileSync } from "node:fs";
import type { Instruction } from "../../src/isa/x86-64/instruction.js";
import type { State } from "./state.js";

const inDouble = /^(F2XM1|FYL2X|FYL2XP1|FPATAN|FPTAN|FSIN|FCOS|FSINCOS)$/;

/** Their condition codes are undefined, C1 mostly too. */
const freesOrMoves = /^(FFREE|FCMOV\w+|FU?COMIP?)$/;

/** AMD's CPUs keep the pointers otherwise than Intel's, whose newer ones are what CPUID says of the engine. */
let isIntel: boolean | undefined;
const hasSamePointers = (): boolean =>
  (isIntel ??= /^vendor_id\s*:\s*GenuineIntel$/m.test(readFileSync("/proc/cpuinfo", "utf8")));

/** A double near an 80-bit number. */
function near(view: DataView, n: number): number {
  const upper = view.getUint16(40 + 16 * n, true);
  const significand = view.getBigUint64(32 + 16 * n, true);
  const exponent = (upper & 0x7fff) - 16383;
  if (exponent === 16384) return significand << 1n === 0n ? Number.POSITIVE_INFINITY : Number.NaN;
  return (upper >> 15 ? -1 : 1) * (Number(significand) / 2 ** 63) * 2 ** exponent;
}

function isNear(a: number, b: number): boolean {
  if (Object.is(a, b)) return true;
  return Math.abs(a - b) <= 1e-13 * Math.max(Math.abs(a), Math.abs(b), 1e-300);
}

/** Where the manual defines what a function gives: F2XM1 within 1, FYL2XP1 within 1 - sqrt(2)/2. */
function isDefined(mnemonic: string, before: DataView): boolean {
  if (mnemonic !== "F2XM1" && mnemonic !== "FYL2XP1") return true;
  return Math.abs(near(before, 0)) < (mnemonic === "F2XM1" ? 0.999 : 0.29);
}

/** Differences of two FXSAVE images, of the CPU and of an engine. */
export function x87Differences(
  { instruction, state }: { readonly instruction: Instruction; readonly state: State },
  cpu: DataView,
  engine: DataView,
  fault: boolean,
): string[] {
  const found: string[] = [];
  const { mnemonic } = instruction.row;
  // Whether MMX has begun where a store faults differs from CPU to CPU.
  if (fault && instruction.operands.some(({ kind }) => kind === "mm")) return found;
  const isRough = inDouble.test(mnemonic);
  if (!isDefined(mnemonic, new DataView(state.fx.buffer))) return found;
  const compare = (name: string, a: number, b: number) => {
    if (a !== b) found.push(`${name}: CPU 0x${a.toString(16)}, engine 0x${b.toString(16)}`);
  };
  compare("fcw", cpu.getUint16(0, true), engine.getUint16(0, true));
  // C1, PE and UE of a rounded result are not those of the exact one.
  const mask = (isRough ? 0xfdcd : 0xffff) & ~(freesOrMoves.test(mnemonic) ? 0x4700 : 0);
  compare("fsw", cpu.getUint16(2, true) & mask, engine.getUint16(2, true) & mask);
  if (hasSamePointers()) {
    compare("fop", cpu.getUint16(6, true), engine.getUint16(6, true));
    compare("fip", cpu.getUint32(8, true), engine.getUint32(8, true));
    compare("fdp", cpu.getUint32(16, true), engine.getUint32(16, true));
  }
  compare("tags", cpu.getUint8(4), engine.getUint8(4));
  for (let n = 0; n < 8; n++) {
    const at = 32 + 16 * n;
    const [a, b] = [cpu, engine].map(
      (view) => (BigInt(view.getUint16(at + 8, true)) << 64n) | view.getBigUint64(at, true),
    );
    if (a === b || (isRough && isNear(near(cpu, n), near(engine, n)))) continue;
    found.push(`st${n}: CPU ${a?.toString(16)}, engine ${b?.toString(16)}`);
  }
  return found;
}
