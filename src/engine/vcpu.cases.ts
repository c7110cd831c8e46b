// What every virtual CPU does, capability by capability: each engine runs the same cases, and says why where it lacks one. What they
// run is machine code of an ISA's (`CasePrograms`).
import assert from "node:assert/strict";
import { test } from "node:test";
import type { MemoryMap } from "../image/memory-map.js";
import type {
  Budgeted,
  CodeCached,
  Debuggable,
  Exit,
  Interruptible,
  Snapshottable,
  Vcpu,
  VcpuOptions,
  Verdict,
} from "./contract.js";

export interface CaseOptions {
  readonly map: MemoryMap;
  readonly profile: VcpuOptions["profile"];
}

interface Capabilities {
  budgeted: Budgeted;
  interruptible: Interruptible;
  debuggable: Debuggable;
  snapshottable: Snapshottable;
  codeCached: CodeCached;
}
type Capability = keyof Capabilities;

/** An ISA's machine code for the cases, as hexadecimal digits. To say a number, a guest has an exit that `heard` knows. */
export interface CasePrograms {
  /** Registers by name: the next instruction's address, one that programs count in, and one that none uses. */
  readonly registers: { readonly pc: string; readonly counter: string; readonly unused: string };
  /** Puts a program at `layout.code`, and the CPU before it. */
  start(vcpu: Vcpu, program: string): void;
  /** What the guest says by an exit, if anything. */
  heard(vcpu: Vcpu, exit: Exit): number | undefined;
  /** Says 1, 2 and `last`. */
  readonly speech: string;
  /** Writes to `layout.locked`. */
  readonly trespass: string;
  /** Counts for ever. */
  readonly endless: string;
  /** Two instructions of so many bytes that do nothing; says `last`. */
  readonly pause: string;
  readonly pauseBytes: number;
  /** Writes 7 to `layout.data`; says `last`. */
  readonly store: string;
  /** Counts to 1, says 1, counts to 2, says `last`; how many instructions have been executed when it has said so. */
  readonly counts: string;
  readonly countsAt: readonly [bigint, bigint];
  /** Adds 100,000, 99,999, … 1 to the counter; says `last`. */
  readonly sum: string;
  /** Reads a port, writes there what it has read, and that to `layout.data`; says `last`. */
  readonly ports?: { readonly port: number; readonly echo: string };
  /** Of external interrupts: their handler says `vector`. */
  readonly interrupts?: {
    readonly vector: number;
    /** Says 1, allows interrupts, computes, says 2 and `last`. */
    readonly allowing: string;
    /** Allows interrupts; says 2 and `last`. */
    readonly allowed: string;
    /** Allows interrupts and halts; says 2 and `last`. */
    readonly halt: string;
    /** Allows interrupts and goes on for ever. */
    readonly endless: string;
  };
}

/** An engine that lacks a capability says why. */
export interface EngineCases<V extends Vcpu> {
  readonly name: string;
  readonly programs: CasePrograms;
  newVcpu(options: CaseOptions): V;
  /** Why nothing of it can run here. */
  readonly skip?: string | false;
  readonly without: {
    readonly [C in Capability]: V extends Capabilities[C] ? undefined : string;
  } extends infer W
    ? { readonly [C in keyof W as W[C] extends string ? C : never]: string }
    : never;
}

/** Where things are in the guest's memory; `locked` is a page that the host protects from writes. */
export const layout = { size: 4 << 20, code: 0x10_0000, data: 0x18_2000, locked: 0x20_0000 } as const;
/** With this a program ends. */
export const last = 0xff;
/** More exits than any case has. */
const exitsMax = 20_000;

export const caseMap: MemoryMap = {
  size: layout.size,
  ram: { execute: true },
  regions: [
    {
      name: "locked",
      start: layout.locked,
      end: layout.locked + 0x1000,
      read: true,
      write: false,
      execute: false,
    },
  ],
};

/** Writes bytes, given as hexadecimal digits, to the guest's memory. */
export function putHex({ memory }: Vcpu, at: number, hex: string): void {
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  memory.bytes(at, bytes.length)?.set(bytes);
}

/** Four bytes, the lowest first. */
export const hex32 = (value: number): string =>
  [0, 8, 16, 24].map((shift) => ((value >>> shift) & 0xff).toString(16).padStart(2, "0")).join("");

type AnyVcpu = Vcpu & Budgeted & Interruptible & Debuggable & Snapshottable & CodeCached;

/** What cases are written with. */
interface Bench {
  readonly programs: CasePrograms;
  /** Registers a case; `capability` is what it takes, if more than every engine has. */
  of(capability: Capability | undefined, what: string, work: () => void): void;
  /** A virtual CPU that is about to run a program; a case uses what its capability has. */
  open(program: string, profile?: VcpuOptions["profile"]): AnyVcpu;
  /** What the guest says, and how else it stopped; `answer` may say more of an exit. */
  run(vcpu: Vcpu, answer?: (exit: Exit) => Verdict | undefined): (number | string)[];
}

/** Registers the cases of an engine. */
export function vcpuCases<V extends Vcpu>(engine: EngineCases<V>): void {
  const { skip = false, programs } = engine;
  const lacking = engine.without as Partial<Record<Capability, string>>;
  const bench: Bench = {
    programs,
    of(capability, what, work) {
      const reason = capability === undefined ? undefined : lacking[capability];
      if (reason === undefined) test(`${engine.name}: ${what}`, { skip }, work);
    },
    open(program, profile = "plain") {
      const vcpu = engine.newVcpu({ map: caseMap, profile });
      programs.start(vcpu, program);
      return Object.assign(Object.create(vcpu) as V & Capabilities[Capability], {
        [Symbol.dispose]: () => vcpu[Symbol.dispose](),
      }) as unknown as AnyVcpu;
    },
    run(vcpu, answer = () => undefined) {
      const said: (number | string)[] = [];
      let exits = 0;
      vcpu.run((exit) => {
        if (++exits > exitsMax) return "suspend";
        const verdict = answer(exit);
        const heard = programs.heard(vcpu, exit);
        if (heard !== undefined) said.push(heard);
        else if (exit.kind !== "tick" && exit.kind !== "budget") said.push(exit.kind);
        if (verdict !== undefined) return verdict;
        if (heard !== undefined) return heard === last ? "suspend" : "resume";
        return exit.kind === "tick" ? "resume" : "suspend";
      });
      return said;
    },
  };
  runsCases(bench);
  portsCases(bench);
  budgetedCases(bench);
  interruptibleCases(bench);
  debuggableCases(bench);
  snapshottableCases(bench);
  codeCachedCases(bench);
}

function runsCases({ of, open, run, programs }: Bench): void {
  const { unused } = programs.registers;
  of(undefined, "registers and memory", () => {
    using vcpu = open(programs.store);
    vcpu.registers.set(unused, 0x1234_5678_9abc_def0n);
    assert.deepEqual(run(vcpu), [last]);
    assert.equal(vcpu.memory.bytes(layout.data, 1)?.[0], 7);
    assert.equal(vcpu.registers.get(unused), 0x1234_5678_9abc_def0n);
    assert.throws(() => vcpu.registers.get("none"), RangeError);
  });

  of(undefined, "suspended is not over", () => {
    using vcpu = open(programs.speech);
    const once = () =>
      run(vcpu, (exit) => (programs.heard(vcpu, exit) === undefined ? undefined : "suspend"));
    assert.deepEqual([once(), once(), once()], [[1], [2], [last]]);
  });

  of(undefined, "a region's protection is the host's", () => {
    using vcpu = open(programs.trespass);
    let refusedBy: string | undefined;
    run(vcpu, (exit) => {
      if (exit.kind === "fault") ({ refusedBy } = exit.fault);
      return undefined;
    });
    assert.equal(refusedBy, "host");
  });
}

function portsCases({ of, open, run, programs: { ports } }: Bench): void {
  if (ports === undefined) return;
  of(undefined, "ports", () => {
    using vcpu = open(ports.echo);
    const said = run(vcpu, (exit) => {
      if (exit.kind !== "in") return undefined;
      assert.deepEqual([exit.port, exit.size], [ports.port, 4]);
      exit.value = 0x77;
      return "resume";
    });
    assert.deepEqual(said, ["in", 0x77, last]);
    assert.equal(vcpu.memory.bytes(layout.data, 1)?.[0], 0x77);
  });
}

function budgetedCases({ of, open, run, programs }: Bench): void {
  of("budgeted", "a guest that goes on for ever comes back, and goes on", () => {
    using vcpu = open(programs.endless);
    const counts = [1, 2].map(() => {
      vcpu.setBudget(10_000);
      run(vcpu);
      return vcpu.registers.get(programs.registers.counter);
    });
    assert.ok((counts[0] ?? 0n) > 0n && (counts[1] ?? 0n) > (counts[0] ?? 0n), counts.join());
  });
}

function interruptibleCases({ of, open, run, programs: { interrupts } }: Bench): void {
  if (interrupts === undefined) return;
  const { vector } = interrupts;
  of("interruptible", "an interrupt waits until the guest allows it, and is asked for once", () => {
    using vcpu = open(interrupts.allowing);
    let asked = 0;
    const acknowledge = (): number | undefined => (asked++ === 0 ? vector : undefined);
    vcpu.interrupt(acknowledge);
    assert.deepEqual(run(vcpu), [1, vector, 2, last]);
    assert.equal(asked, 1);
  });

  of("interruptible", "a controller that has none any more gives none", () => {
    using vcpu = open(interrupts.allowed);
    let asked = 0;
    vcpu.interrupt(() => void asked++);
    assert.deepEqual(run(vcpu), [2, last]);
    assert.equal(asked, 1);
  });

  of("interruptible", "an interrupt ends a halt", () => {
    using vcpu = open(interrupts.halt);
    const said = run(vcpu, (exit) => {
      if (exit.kind !== "halt") return undefined;
      vcpu.interrupt(() => vector);
      return "resume";
    });
    assert.deepEqual(said, ["halt", vector, 2, last]);
  });

  of("interruptible", "a guest that computes is looked at", () => {
    using vcpu = open(interrupts.endless);
    const budgeted = vcpu as Partial<Budgeted>;
    budgeted.setBudget?.(1000);
    const said = run(vcpu, (exit) => {
      if (exit.kind === "tick") vcpu.interrupt(() => vector);
      budgeted.setBudget?.(1000);
      return exit.kind === "tick" || exit.kind === "budget" ? "resume" : "suspend";
    });
    assert.deepEqual(said, [vector]);
  });
}

function debuggableCases({ of, open, run, programs }: Bench): void {
  const { pc } = programs.registers;
  const at = (instruction: number): bigint => BigInt(layout.code + instruction * programs.pauseBytes);
  of("debuggable", "a breakpoint, while it is set", () => {
    using vcpu = open(programs.pause);
    const bytes = [...(vcpu.memory.bytes(layout.code, 2 * programs.pauseBytes) ?? [])];
    vcpu.setBreakpoint(at(1), true);
    assert.deepEqual(run(vcpu), ["breakpoint"]);
    assert.equal(vcpu.registers.get(pc), at(1));
    assert.deepEqual([...(vcpu.memory.bytes(layout.code, bytes.length) ?? [])], bytes);
    vcpu.setBreakpoint(at(1), false);
    assert.deepEqual(run(vcpu), [last]);
  });

  of("debuggable", "one instruction at a time", () => {
    using vcpu = open(programs.pause);
    for (const instruction of [1, 2]) {
      vcpu.setStep(true);
      assert.deepEqual(run(vcpu), ["step"]);
      assert.equal(vcpu.registers.get(pc), at(instruction));
    }
    assert.deepEqual(run(vcpu), [last]);
  });

  of("debuggable", "a place that is written", () => {
    using vcpu = open(programs.store);
    vcpu.setWatchpoint(BigInt(layout.data), 4, "write", true);
    const seen: (bigint | string)[] = [];
    run(vcpu, (exit) => {
      if (exit.kind === "watchpoint") seen.push(exit.address, exit.access);
      return undefined;
    });
    assert.deepEqual(seen, [BigInt(layout.data), "write"]);
    vcpu.setWatchpoint(BigInt(layout.data), 4, "write", false);
    assert.deepEqual(run(vcpu), [last]);
    assert.equal(vcpu.memory.bytes(layout.data, 1)?.[0], 7);
  });
}

function snapshottableCases({ of, open, run, programs }: Bench): void {
  const { counter } = programs.registers;
  const [first, second] = programs.countsAt;
  of("snapshottable", "instructions are counted, and a state is come back to", () => {
    using vcpu = open(programs.counts, "replay");
    const once = () =>
      run(vcpu, (exit) => (programs.heard(vcpu, exit) === undefined ? undefined : "suspend"));
    assert.deepEqual(once(), [1]);
    assert.equal(vcpu.instructions, first);
    const state = vcpu.timeMachine?.save();
    assert.deepEqual(once(), [last]);
    assert.equal(vcpu.registers.get(counter), 2n);
    vcpu.timeMachine?.restore(state);
    assert.equal(vcpu.instructions, first);
    assert.equal(vcpu.registers.get(counter), 1n);
    assert.deepEqual(once(), [last]);
    assert.equal(vcpu.instructions, second);
  });
}

function codeCachedCases({ of, open, run, programs }: Bench): void {
  of("codeCached", "what one run has made another takes, or leaves", () => {
    const result = (bytes: Uint8Array | undefined) => {
      using vcpu = open(programs.sum);
      if (bytes !== undefined) vcpu.importCache?.(bytes);
      assert.deepEqual(run(vcpu), [last]);
      return [vcpu.registers.get(programs.registers.counter), vcpu.exportCache?.(1000)] as const;
    };
    const [sum, made] = result(undefined);
    assert.equal(sum, 5_000_050_000n);
    assert.equal(result(made)[0], sum);
    assert.equal(result(Uint8Array.of(1, 2, 3))[0], sum);
  });
}
