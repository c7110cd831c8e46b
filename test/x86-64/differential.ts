// Runs the same cases on the real CPU and on an engine and says where they differ, less what the manual leaves undefined.
import type { PortableVcpu, VcpuOptions } from "../../src/engine/contract.js";
import { machineMemory } from "../../src/engine/portable/memory/machine-memory.js";
import type { Instruction } from "../../src/isa/x86-64/instruction.js";
import type { Encoding } from "../../src/isa/x86-64/notation.js";
import { newCase } from "./generator.js";
import { x87Differences } from "./x87.js";
import { runNative } from "./native.js";
import { random } from "./random.js";
import {
  CODE,
  CODE_CASES,
  CODE_MAX,
  FX_SIZE,
  type State,
  WINDOW,
  WINDOW_PAGE,
  WINDOW_SIZE,
  xmmAt,
} from "./state.js";

export type NewVcpu = (options: VcpuOptions) => PortableVcpu;

/** Handlers and units of programs that do not look at exceptions have no other modes than WebAssembly's, and keep no flags. */
export type Floats = "exact" | "fast";

const MXCSR_AT_START = 0x1f80;

/** The state as an engine is to find it. */
export function forFloats(floats: Floats, state: State): State {
  if (floats === "exact") return state;
  const fx = state.fx.slice();
  new DataView(fx.buffer).setUint32(24, MXCSR_AT_START, true);
  return { ...state, fx };
}

export interface Case {
  readonly state: State;
  readonly instruction: Instruction;
}

const STATUS = 0x8d5n;
const names = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ");

/** The memory that the native process has: code, and the two pages around the window. */
const SIZE = 0x60_0000;
const readWrite = { read: true, write: true, execute: false };
const nothing = { read: false, write: false, execute: false };

/** Executes the cases on an engine, one after the other. */
export function runEngine(newVcpu: NewVcpu, states: readonly State[]): State[] {
  const memory = machineMemory(SIZE);
  using vcpu = newVcpu({
    memory,
    exceptions: "exit",
    noExecute: true,
    profile: "replay",
    protections: [
      { start: 0, end: CODE, ...nothing },
      { start: CODE, end: 0x40_0000, read: true, write: true, execute: true },
      { start: 0x40_0000, end: WINDOW_PAGE, ...nothing },
      { start: WINDOW_PAGE, end: WINDOW_PAGE + 0x2000, ...readWrite },
      { start: WINDOW_PAGE + 0x2000, end: SIZE, ...nothing },
    ],
  });
  memory.bytes(CODE, 0x20_0000)?.fill(0xcc);
  for (const state of states) memory.bytes(state.rip, CODE_MAX)?.set(state.code);
  return states.map((state) => runOne(vcpu, state));
}

/** FXSAVE's tags as FNSTENV has them (any that is not empty is called valid), and back. */
const tagsOf = (used: number): bigint =>
  [0, 1, 2, 3, 4, 5, 6, 7].reduce((sum, n) => sum | ((used >> n) & 1 ? 0n : 3n << BigInt(2 * n)), 0n);
const usedOf = (tags: bigint): number =>
  [0, 1, 2, 3, 4, 5, 6, 7].reduce((sum, n) => sum | (((tags >> BigInt(2 * n)) & 3n) === 3n ? 0 : 1 << n), 0);

/** Exits tell where INT1, INT3 and INT 4 are; the CPU's frame says what comes next. */
function softwareTrapLength(trap: number, opcode: number | undefined): number {
  if ((trap === 3 && opcode === 0xcc) || (trap === 1 && opcode === 0xf1)) return 1;
  return (trap === 3 || trap === 4) && opcode === 0xcd ? 2 : 0;
}

function runOne(vcpu: PortableVcpu, before: State): State {
  const { memory, registers } = vcpu;
  const { fx } = before;
  const view = new DataView(fx.buffer, fx.byteOffset, FX_SIZE);
  names.forEach((name, n) => registers.set(name, before.gpr[n] ?? 0n));
  registers.set("rip", before.rip);
  registers.set("rflags", before.rflags);
  registers.set("mxcsr", BigInt(view.getUint32(24, true)));
  for (let n = 0; n < 16; n++) {
    const at = xmmAt(n);
    registers.set(`xmm${n}`, view.getBigUint64(at, true) | (view.getBigUint64(at + 8, true) << 64n));
  }
  registers.set("fctrl", BigInt(view.getUint16(0, true)));
  registers.set("fstat", BigInt(view.getUint16(2, true)));
  registers.set("fop", BigInt(view.getUint16(6, true)));
  registers.set("fioff", view.getBigUint64(8, true));
  registers.set("fooff", view.getBigUint64(16, true));
  registers.set("ftag", tagsOf(view.getUint8(4)));
  for (let n = 0; n < 8; n++) {
    const upper = BigInt(view.getUint16(40 + 16 * n, true));
    registers.set(`st${n}`, (upper << 64n) | view.getBigUint64(32 + 16 * n, true));
  }
  memory.bytes(WINDOW_PAGE, 0x2000)?.fill(0);
  memory.bytes(WINDOW, WINDOW_SIZE)?.set(before.window);
  const after: State = { ...before, gpr: [], fx: fx.slice(), window: new Uint8Array(0), code: before.code };
  // Instructions count for many where the interpreter does them for translated code.
  vcpu.setBudget(1_000_000);
  vcpu.run((exit) => {
    if (exit.kind === "counter" || exit.kind === "random" || exit.kind === "tick") return "resume";
    if (exit.kind === "fault") {
      after.trap = exit.fault.vector;
      after.error = BigInt(exit.fault.code);
      after.address = exit.fault.address;
    } else after.trap = -1;
    return "suspend";
  });
  after.gpr.push(...names.map((name) => registers.get(name)));
  after.rip = registers.get("rip");
  after.rip += BigInt(softwareTrapLength(after.trap, memory.bytes(after.rip, 1)?.[0]));
  after.rflags = registers.get("rflags");
  const to = new DataView(after.fx.buffer);
  for (let n = 0; n < 16; n++) {
    const value = registers.get(`xmm${n}`);
    to.setBigUint64(xmmAt(n), BigInt.asUintN(64, value), true);
    to.setBigUint64(xmmAt(n) + 8, value >> 64n, true);
  }
  to.setUint32(24, Number(registers.get("mxcsr")), true);
  to.setUint16(0, Number(registers.get("fctrl")), true);
  to.setUint16(2, Number(registers.get("fstat")), true);
  to.setUint16(6, Number(registers.get("fop")), true);
  to.setBigUint64(8, registers.get("fioff"), true);
  to.setBigUint64(16, registers.get("fooff"), true);
  to.setUint8(4, usedOf(registers.get("ftag")));
  for (let n = 0; n < 8; n++) {
    const value = registers.get(`st${n}`);
    to.setBigUint64(32 + 16 * n, BigInt.asUintN(64, value), true);
    to.setUint16(40 + 16 * n, Number(value >> 64n), true);
  }
  const window = memory.bytes(WINDOW, WINDOW_SIZE)?.slice() ?? new Uint8Array(0);
  return { ...after, window };
}

/** Flags that may differ: the row's, and CF after a shift of 8 or 16 bits by more than that. */
function undefinedFlags({ instruction, state }: Case): bigint {
  const { row, operands } = instruction;
  let mask = BigInt(row.traits.undefinedFlags ?? 0);
  const [to, by] = operands;
  if (/^(SHL|SHR|SAR)$/.test(row.mnemonic) && (to?.kind === "register" || to?.kind === "memory")) {
    const count = by?.kind === "immediate" ? by.low & 31 : Number((state.gpr[1] ?? 0n) & 31n);
    if (to.width < 32 && count >= to.width) mask |= 1n;
  }
  return mask;
}

/** Counts beyond the width of a 16-bit double shift give anything. */
function isUndefined({ instruction, state }: Case): boolean {
  const [to, , by] = instruction.operands;
  if (!/^SH[LR]D$/.test(instruction.row.mnemonic) || to === undefined || !("width" in to)) return false;
  const count = by?.kind === "immediate" ? by.low & 31 : Number((state.gpr[1] ?? 0n) & 31n);
  return to.width === 16 && count > 16;
}

const hex = (value: bigint) => `0x${BigInt.asUintN(64, value).toString(16)}`;
const hexBytes = (bytes: Uint8Array) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");

/** Puts the CPU's NaNs where the engine has others. */
function sameNan(cpu: DataView, engine: DataView, size: 4 | 8): void {
  for (let at = xmmAt(0); at < FX_SIZE; at += size) {
    const get = (view: DataView) => (size === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true));
    if (!Number.isNaN(get(cpu)) || !Number.isNaN(get(engine))) continue;
    for (let n = 0; n < size; n++) engine.setUint8(at + n, cpu.getUint8(at + n));
  }
}

/** What differs, one line each; empty where nothing does. */
export function differences(c: Case, expected: State, actual: State, floats: Floats = "exact"): string[] {
  const found: string[] = [];
  if (isUndefined(c)) return found;
  const compare = (name: string, a: bigint, b: bigint) => {
    if (a !== b) found.push(`${name}: CPU ${hex(a)}, engine ${hex(b)}`);
  };
  compare("trap", BigInt(expected.trap), BigInt(actual.trap));
  if (found.length > 0) return found;
  compare("rip", expected.rip, actual.rip);
  names.forEach((name, n) => compare(name, expected.gpr[n] ?? 0n, actual.gpr[n] ?? 0n));
  // After a fault nothing has changed, so every flag counts; but not after what went before it in a sequence.
  const isSequence = c.instruction.row.mnemonic === "(sequence)";
  const mask = (STATUS | 0x400n) & ~(expected.trap === 3 || isSequence ? undefinedFlags(c) : 0n);
  compare("flags", expected.rflags & mask, actual.rflags & mask);
  // Images are read and written in pieces, in an order of the CPU's own.
  const isImage = c.instruction.operands.some((o) => o.kind === "memory" && o.width > 128);
  if (expected.trap === 14 && !isImage) compare("address", expected.address, actual.address);
  const [a, b] = [expected.fx, actual.fx].map((fx) => new DataView(fx.buffer, fx.byteOffset));
  if (a === undefined || b === undefined) return found;
  // Which of several NaNs a dot product gives is the CPU's own business too.
  if (c.instruction.row.mnemonic.startsWith("DPP"))
    sameNan(a, b, c.instruction.row.mnemonic === "DPPS" ? 4 : 8);
  for (let n = 0; n < 16; n++) {
    compare(`xmm${n} low`, a.getBigUint64(xmmAt(n), true), b.getBigUint64(xmmAt(n), true));
    compare(`xmm${n} high`, a.getBigUint64(xmmAt(n) + 8, true), b.getBigUint64(xmmAt(n) + 8, true));
  }
  const modes = floats === "exact" ? 0xffff : 0xffc0;
  compare("mxcsr", BigInt(a.getUint32(24, true) & modes), BigInt(b.getUint32(24, true) & modes));
  found.push(...x87Differences(c, a, b, expected.trap !== 3));
  // What a faulting ENTER has written of its frame, or a CALL to nowhere, is the CPU's own business.
  if (expected.trap !== 3 && /^(ENTER|CALL)$/.test(c.instruction.row.mnemonic)) return found;
  const different = [...expected.window.keys()].filter((n) => expected.window[n] !== actual.window[n]);
  // MXCSR's mask is wider by a bit on AMD's CPUs.
  if (c.instruction.row.mnemonic === "FXSAVE" && different.length === 1) return found;
  const at = different[0] ?? -1;
  if (at >= 0) {
    const part = (state: State) => hexBytes(state.window.slice(at & ~7, (at & ~7) + 16));
    found.push(`window+${at & ~7}: CPU ${part(expected)}, engine ${part(actual)}`);
  }
  return found;
}

/** A difference as people read it: the instruction, what went in, what came out. */
export function describe({ state, instruction }: Case, found: readonly string[]): string {
  const used = state.gpr.map((value, n) => `${names[n]}=${hex(value)}`).join(" ");
  const bytes = hexBytes(state.code.subarray(0, instruction.next - instruction.pc));
  const { mnemonic, opcode, operands } = instruction.row;
  return [
    `${mnemonic} ${operands} (${opcode}): ${bytes}`,
    `  ${used} flags=${hex(state.rflags)}`,
    ...found,
  ].join("\n  ");
}

/** Cases for each of the encodings, `each` of them. */
export function casesFor(encodings: readonly Encoding[], each: number, seed: number): Case[] {
  const r = random(seed);
  const cases: Case[] = [];
  for (const encoding of encodings) {
    for (let n = 0, tries = 0; n < each && tries < each * 20; tries++) {
      const found = newCase(r, encoding, cases.length % CODE_CASES);
      if (found === undefined) continue;
      cases.push(found);
      n++;
    }
  }
  return cases;
}

export interface Comparison {
  readonly cases: number;
  /** By row: how many cases differ, and the first of them described. */
  readonly failures: Map<string, { count: number; first: string }>;
  readonly covered: Set<Encoding["row"]>;
}

/** Compares an engine with the real CPU. */
export function compareWithCpu(
  newVcpu: NewVcpu,
  cases: readonly Case[],
  floats: Floats = "exact",
): Comparison {
  const failures: Comparison["failures"] = new Map();
  const covered = new Set<Encoding["row"]>();
  for (let start = 0; start < cases.length; start += CODE_CASES) {
    const batch = cases.slice(start, start + CODE_CASES);
    const states = batch.map(({ state }) => forFloats(floats, state));
    const expected = runNative(states);
    const actual = runEngine(newVcpu, states);
    batch.forEach((c, n) => {
      const [a, b] = [expected[n], actual[n]];
      if (a === undefined || b === undefined) return;
      const found = differences(c, a, b, floats);
      const { row } = c.instruction;
      covered.add(row);
      if (found.length === 0) return;
      const key = `${row.mnemonic} ${row.opcode} ${row.operands}`;
      const known = failures.get(key);
      if (known === undefined) failures.set(key, { count: 1, first: describe(c, found) });
      else known.count++;
    });
  }
  return { cases: cases.length, failures, covered };
}
