// Runs the same cases under QEMU and on an engine and says where they differ.
import type { PortableVcpu, VcpuOptions } from "../../src/engine/contract.js";
import { isFloating } from "../../src/engine/aarch64/float-instructions.js";
import { isSaturating } from "../../src/engine/aarch64/saturating.js";
import { machineMemory } from "../../src/engine/portable/memory/machine-memory.js";
import { format } from "../../src/isa/aarch64/disassembler.js";
import type { Instruction, Row } from "../../src/isa/aarch64/instruction.js";
import { encodings } from "../../src/isa/aarch64/table.js";
import type { Encoding } from "../../src/isa/aarch64/notation.js";
import { signals as signalNumbers } from "../../src/abi/signals.js";
import { aarch64 } from "../../src/targets/spt/isa/aarch64.js";
import { type Random, random } from "../x86-64/random.js";
import { newCase } from "./generator.js";
import { runNative } from "./native.js";
import {
  BRK,
  CODE,
  CODE_CASES,
  CODE_MAX,
  CODE_SIZE,
  type State,
  WINDOW,
  WINDOW_PAGE,
  WINDOW_SIZE,
} from "./state.js";

export type NewVcpu = (options: VcpuOptions) => PortableVcpu;

export interface Case {
  readonly state: State;
  readonly instruction: Instruction;
}

/** The memory that the native process has: code, and the two pages around the window. */
const SIZE = 0x80_0000;
const nothing = { read: false, write: false, execute: false };
const names = [...Array.from({ length: 31 }, (_, n) => `x${n}`), "sp"];
const vectors = Array.from({ length: 32 }, (_, n) => `v${n}`);

/** Executes the cases on an engine, one after the other. */
export function runEngine(newVcpu: NewVcpu, states: readonly State[]): State[] {
  const memory = machineMemory(SIZE);
  const end = CODE + CODE_SIZE;
  using vcpu = newVcpu({
    memory,
    exceptions: "exit",
    noExecute: true,
    profile: "replay",
    protections: [
      { start: 0, end: CODE, ...nothing },
      { start: CODE, end, read: true, write: true, execute: true },
      { start: end, end: WINDOW_PAGE, ...nothing },
      { start: WINDOW_PAGE + 0x2000, end: SIZE, ...nothing },
    ],
  });
  const code = memory.bytes(CODE, CODE_SIZE);
  if (code !== undefined) new Int32Array(code.buffer, code.byteOffset, CODE_SIZE / 4).fill(BRK);
  for (const state of states) memory.bytes(state.pc, CODE_MAX)?.set(state.code);
  return states.map((state) => runOne(vcpu, state));
}

function runOne(vcpu: PortableVcpu, before: State): State {
  const { memory, registers } = vcpu;
  names.forEach((name, n) => registers.set(name, before.x[n] ?? 0n));
  vectors.forEach((name, n) => registers.set(name, before.v[n] ?? 0n));
  registers.set("pc", before.pc);
  registers.set("nzcv", before.nzcv);
  registers.set("fpcr", before.fpcr);
  registers.set("fpsr", before.fpsr);
  memory.bytes(WINDOW_PAGE, 0x2000)?.fill(0);
  memory.bytes(WINDOW, WINDOW_SIZE)?.set(before.window);
  let [signal, address] = [0, 0n];
  vcpu.setBudget(1_000_000);
  vcpu.run((exit) => {
    if (exit.kind === "tick" || exit.kind === "counter") return "resume";
    if (exit.kind === "fault") {
      signal = signalNumbers[aarch64.signalOf(exit.fault)];
      ({ address } = exit.fault);
    } else signal = -1;
    return "suspend";
  });
  return {
    ...before,
    x: names.map((name) => registers.get(name)),
    v: vectors.map((name) => registers.get(name)),
    pc: registers.get("pc"),
    nzcv: registers.get("nzcv"),
    fpcr: registers.get("fpcr"),
    fpsr: registers.get("fpsr"),
    signal,
    address,
    window: memory.bytes(WINDOW, WINDOW_SIZE)?.slice() ?? new Uint8Array(0),
  };
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** What differs, as text; empty where nothing does. */
export function differences(theirs: State, ours: State): string {
  const out: string[] = [];
  const compare = (name: string, a: bigint, b: bigint) => {
    if (a !== b) out.push(`${name} ${hex(b)} instead of ${hex(a)}`);
  };
  names.forEach((name, n) => compare(name, theirs.x[n] ?? 0n, ours.x[n] ?? 0n));
  vectors.forEach((name, n) => compare(name, theirs.v[n] ?? 0n, ours.v[n] ?? 0n));
  compare("pc", theirs.pc, ours.pc);
  compare("nzcv", theirs.nzcv, ours.nzcv);
  compare("fpcr", theirs.fpcr, ours.fpcr);
  compare("fpsr", theirs.fpsr, ours.fpsr);
  if (theirs.signal !== ours.signal) out.push(`signal ${ours.signal} instead of ${theirs.signal}`);
  // Of traps and undefined instructions the address is the instruction's; of one that no table can have, Linux tells none.
  else if (ours.signal === signalNumbers.SIGSEGV && ours.address < 1n << 48n)
    compare("address", theirs.address, ours.address);
  const at = theirs.window.findIndex((byte, n) => byte !== ours.window[n]);
  if (at >= 0) out.push(`memory at ${at}: ${ours.window[at] ?? 0} instead of ${theirs.window[at] ?? 0}`);
  return out.join(", ");
}

/** Rounding modes, zeros for denormals, default NaNs and alternative halves: any of all, each case its own. */
export function withModes(cases: readonly Case[], seed: number): readonly Case[] {
  const r = random(seed);
  for (const { state } of cases) state.fpcr = anyMode(r);
  return cases;
}

export const anyMode = (r: Random): bigint => {
  const bit = (at: bigint) => BigInt(r.below(4) === 0 ? 1 : 0) << at;
  return (BigInt(r.below(4)) << 22n) | bit(24n) | bit(25n) | bit(26n);
};

/** They end a case whatever they do. */
export const notComparable: ReadonlySet<string> = new Set(["SVC", "HVC", "SMC", "HLT", "BRK", "UDF"]);
export const floatRows = (): Encoding[] =>
  comparableRows().filter(({ row }) => isFloating(row) || isSaturating(row));
export const comparableRows = (): Encoding[] =>
  encodings().filter(({ row }) => !notComparable.has(row.mnemonic));

/** Some cases of each row. */
export function casesFor(encodings: readonly Encoding[], each: number, seed: number): Case[] {
  const r = random(seed);
  let index = 0;
  return encodings.flatMap((encoding) =>
    Array.from({ length: each }, () => newCase(r, encoding, index++ % CODE_CASES)).filter(
      (one) => one !== undefined,
    ),
  );
}

export interface Comparison {
  readonly covered: ReadonlySet<Row>;
  readonly failures: ReadonlyMap<Row, { count: number; first: string }>;
}

export interface Comparing {
  /** Exceptions of floating point count too. */
  readonly exceptions?: boolean;
}

/** Cases of a batch have places of their own. */
export function compareWithQemu(
  newVcpu: NewVcpu,
  cases: readonly Case[],
  { exceptions = true }: Comparing = {},
): Comparison {
  const covered = new Set<Row>();
  const failures = new Map<Row, { count: number; first: string }>();
  for (let from = 0; from < cases.length; from += CODE_CASES) {
    const batch = cases.slice(from, from + CODE_CASES);
    const states = batch.map(({ state }) => state);
    const [theirs, ours] = [runNative(states), runEngine(newVcpu, states)];
    batch.forEach(({ instruction, state }, n) => {
      const [their, our] = [theirs[n], ours[n]];
      if (their === undefined || our === undefined) return;
      const { row } = instruction;
      // A case that faults says little of the row.
      if (their.signal === signalNumbers.SIGTRAP) covered.add(row);
      if (!exceptions) our.fpsr = their.fpsr;
      const text = differences(their, our);
      if (text === "") return;
      const known = failures.get(row);
      if (known !== undefined) known.count++;
      else {
        const word = (instruction.word >>> 0).toString(16).padStart(8, "0");
        const sources = [instruction.Rn, instruction.Rm].map(
          (k) => `${hex(state.x[k] ?? 0n)} ${hex(state.v[k] ?? 0n)}`,
        );
        failures.set(row, {
          count: 1,
          first: `${word} ${format(instruction)}: ${text} (of ${sources.join(", ")})`,
        });
      }
    });
  }
  return { covered, failures };
}
