// What every virtual CPU of x86-64 does, capability by capability: each engine runs the same cases, and says why where it lacks
// one. Machine code is written out, with its instructions beside it. The guest is in 64-bit mode with flat memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { MemoryMap } from "../image/memory-map.js";
import { machines } from "../targets/hvt/isa/registry.js";
import { viewOf } from "../bytes/struct.js";
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

/** An engine that lacks a capability says why. */
export interface EngineCases<V extends Vcpu> {
  readonly name: string;
  newVcpu(options: CaseOptions): V;
  /** Why nothing of it can run here. */
  readonly skip?: string | false;
  readonly without: {
    readonly [C in Capability]: V extends Capabilities[C] ? undefined : string;
  } extends infer W
    ? { readonly [C in keyof W as W[C] extends string ? C : never]: string }
    : never;
}

const size = 4 << 20;
const code = 0x10_0000;
const handler = 0x10_1000;
const handlerSize = 0x40;
const idt = 0x18_0000;
const gdt = 0x18_1000;
const data = 0x18_2000;
const locked = 0x20_0000;
const port = 0x501;
const vector = 0x30;

const map: MemoryMap = {
  size,
  ram: { execute: true },
  regions: [
    { name: "locked", start: locked, end: locked + 0x1000, read: true, write: false, execute: false },
  ],
};

const machineGdt = 0x1000;
/** More exits than any case has. */
const exitsMax = 20_000;

/** `mov edx, 0x501`. */
const toPort = "ba01050000";
/** `mov eax, N; out dx, eax`. */
const out = (value: number): string => `b8${value.toString(16).padStart(2, "0")}000000ef`;

/** A virtual CPU that is about to run `program`: a handler for `vector` says so at the port, and those of `faults` say their own number. */
export function startProgram<V extends Vcpu>(
  { newVcpu }: Pick<EngineCases<V>, "newVcpu">,
  program: string,
  profile: VcpuOptions["profile"] = "plain",
  faults: readonly number[] = [],
): V {
  const vcpu = newVcpu({ map, profile });
  const { memory, registers } = vcpu;
  const put = (at: number, hex: string): void =>
    memory.bytes(at, hex.length / 2)?.set(Uint8Array.from(Buffer.from(hex, "hex")));
  const low = memory.bytes(0, code);
  assert.ok(low !== undefined);
  const machine = machines["x86-64"];
  machine.writeTables(viewOf(low), size);
  for (const [name, value] of Object.entries(machine.registers(code, size)))
    registers.set(name, BigInt(value));
  put(code, program);
  [vector, ...faults].forEach((number, i) => {
    const at = handler + i * handlerSize;
    // mov edx, 0x501; mov eax, NUMBER; out dx, eax; iretq
    put(at, `${toPort}${out(number)}48cf`);
    const gate = memory.bytes(idt + 16 * number, 16);
    assert.ok(gate !== undefined);
    const low64 = BigInt(at & 0xffff) | (8n << 16n) | (0x8en << 40n) | (BigInt(at >>> 16) << 48n);
    viewOf(gate).setBigUint64(0, low64, true);
  });
  // hvt's own descriptors lie where the guest cannot read them, as a gate wants them.
  memory.bytes(gdt, 24)?.set(memory.bytes(machineGdt, 24) ?? []);
  registers.set("gdt_base", BigInt(gdt));
  registers.set("idt_base", BigInt(idt));
  registers.set("idt_limit", 0xfffn);
  return vcpu;
}

/** What the guest says at the port, by `out`, and how else it stopped; `answer` may say more of an exit. */
function run(vcpu: Vcpu, answer: (exit: Exit) => Verdict | undefined = () => undefined): (number | string)[] {
  const said: (number | string)[] = [];
  let exits = 0;
  vcpu.run((exit) => {
    if (++exits > exitsMax) return "suspend";
    const verdict = answer(exit);
    if (exit.kind === "out") said.push(exit.value & 0xffff);
    else if (exit.kind !== "tick" && exit.kind !== "budget") said.push(exit.kind);
    if (verdict !== undefined) return verdict;
    if (exit.kind === "out") return exit.value === last ? "suspend" : "resume";
    return exit.kind === "tick" ? "resume" : "suspend";
  });
  return said;
}

/** With this a program ends. */
const last = 0xff;
const end = out(last);

/** Registers a case; `capability` is what it takes, if more than every engine has. */
type Register = (capability: Capability | undefined, what: string, work: () => void) => void;
/** A virtual CPU that is about to run a program; a case uses what its capability has. */
type Open = (
  program: string,
  profile?: VcpuOptions["profile"],
) => Vcpu & Budgeted & Interruptible & Debuggable & Snapshottable & CodeCached;

/** Registers the cases of an engine. */
export function vcpuCases<V extends Vcpu>(engine: EngineCases<V>): void {
  const { skip = false } = engine;
  const lacking = engine.without as Partial<Record<Capability, string>>;
  const of: Register = (capability, what, work) => {
    const reason = capability === undefined ? undefined : lacking[capability];
    if (reason === undefined) test(`${engine.name}: ${what}`, { skip }, work);
  };
  const open: Open = (program, profile) => {
    const vcpu = startProgram(engine, program, profile);
    return Object.assign(Object.create(vcpu) as V & Capabilities[Capability], {
      [Symbol.dispose]: () => vcpu[Symbol.dispose](),
    }) as unknown as ReturnType<Open>;
  };

  runsCases(of, open);
  budgetedCases(of, open);
  interruptibleCases(of, open);
  debuggableCases(of, open);
  snapshottableCases(of, open);
  codeCachedCases(of, open);
}

function runsCases(of: Register, open: Open): void {
  of(undefined, "ports, registers and memory", () => {
    // in eax, dx; out dx, eax; mov [0x182000], eax
    using vcpu = open(`${toPort}ed ef 890425${hex32(data)}${end}`.replaceAll(" ", ""));
    vcpu.registers.set("rbx", 0x1234_5678_9abc_def0n);
    const said = run(vcpu, (exit) => {
      if (exit.kind !== "in") return undefined;
      assert.deepEqual([exit.port, exit.size], [port, 4]);
      exit.value = 0x77;
      return "resume";
    });
    assert.deepEqual(said, ["in", 0x77, last]);
    assert.equal(vcpu.memory.bytes(data, 1)?.[0], 0x77);
    assert.equal(vcpu.registers.get("rbx"), 0x1234_5678_9abc_def0n);
    assert.equal(vcpu.registers.get("rax"), BigInt(last));
    assert.throws(() => vcpu.registers.get("x0"), RangeError);
  });

  of(undefined, "suspended is not over", () => {
    using vcpu = open(`${toPort}${out(1)}${out(2)}${end}`);
    const once = () => run(vcpu, (exit) => (exit.kind === "out" ? "suspend" : undefined));
    assert.deepEqual([once(), once(), once()], [[1], [2], [last]]);
  });

  of(undefined, "a region's protection is the host's", () => {
    // mov dword [0x200000], 0
    using vcpu = open(`${toPort}c70425${hex32(locked)}00000000${end}`);
    let refusedBy: string | undefined;
    run(vcpu, (exit) => {
      if (exit.kind === "fault") ({ refusedBy } = exit.fault);
      return undefined;
    });
    assert.equal(refusedBy, "host");
  });
}

function budgetedCases(of: Register, open: Open): void {
  of("budgeted", "a guest that goes on for ever comes back, and goes on", () => {
    // L: inc rcx; jmp L
    using vcpu = open("48ffc1ebfb");
    const counts = [1, 2].map(() => {
      vcpu.setBudget(10_000);
      run(vcpu);
      return vcpu.registers.get("rcx");
    });
    assert.ok((counts[0] ?? 0n) > 0n && (counts[1] ?? 0n) > (counts[0] ?? 0n), counts.join());
  });
}

function interruptibleCases(of: Register, open: Open): void {
  of("interruptible", "an interrupt waits until the guest allows it, and is asked for once", () => {
    // out 1; sti; mov ecx, 65536; L: dec ecx; jnz L; out 2
    using vcpu = open(`${toPort}${out(1)}fbb900000100ffc975fc${toPort}${out(2)}${end}`);
    let asked = 0;
    const acknowledge = (): number | undefined => (asked++ === 0 ? vector : undefined);
    vcpu.interrupt(acknowledge);
    assert.deepEqual(run(vcpu), [1, vector, 2, last]);
    assert.equal(asked, 1);
  });

  of("interruptible", "a controller that has none any more gives none", () => {
    using vcpu = open(`${toPort}fb90${out(2)}${end}`);
    let asked = 0;
    vcpu.interrupt(() => void asked++);
    assert.deepEqual(run(vcpu), [2, last]);
    assert.equal(asked, 1);
  });

  of("interruptible", "an interrupt ends a halt", () => {
    // sti; hlt
    using vcpu = open(`fbf4${toPort}${out(2)}${end}`);
    const said = run(vcpu, (exit) => {
      if (exit.kind !== "halt") return undefined;
      vcpu.interrupt(() => vector);
      return "resume";
    });
    assert.deepEqual(said, ["halt", vector, 2, last]);
  });

  of("interruptible", "a guest that computes is looked at", () => {
    // sti; L: jmp L
    using vcpu = open("fbebfe");
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

function debuggableCases(of: Register, open: Open): void {
  of("debuggable", "a breakpoint, while it is set", () => {
    // nop; nop; out
    using vcpu = open(`9090${toPort}${end}`);
    vcpu.setBreakpoint(BigInt(code + 1), true);
    assert.deepEqual(run(vcpu), ["breakpoint"]);
    assert.equal(vcpu.registers.get("rip"), BigInt(code + 1));
    assert.deepEqual([...(vcpu.memory.bytes(code, 2) ?? [])], [0x90, 0x90]);
    vcpu.setBreakpoint(BigInt(code + 1), false);
    assert.deepEqual(run(vcpu), [last]);
  });

  of("debuggable", "one instruction at a time", () => {
    using vcpu = open(`9090${toPort}${end}`);
    for (const at of [1, 2]) {
      vcpu.setStep(true);
      assert.deepEqual(run(vcpu), ["step"]);
      assert.equal(vcpu.registers.get("rip"), BigInt(code + at));
    }
    assert.deepEqual(run(vcpu), [last]);
  });

  of("debuggable", "a place that is written", () => {
    // mov dword [0x182000], 7
    using vcpu = open(`c70425${hex32(data)}07000000${toPort}${end}`);
    vcpu.setWatchpoint(BigInt(data), 4, "write", true);
    const seen: (bigint | string)[] = [];
    run(vcpu, (exit) => {
      if (exit.kind === "watchpoint") seen.push(exit.address, exit.access);
      return undefined;
    });
    assert.deepEqual(seen, [BigInt(data), "write"]);
    vcpu.setWatchpoint(BigInt(data), 4, "write", false);
    assert.deepEqual(run(vcpu), [last]);
    assert.equal(vcpu.memory.bytes(data, 1)?.[0], 7);
  });
}

function snapshottableCases(of: Register, open: Open): void {
  of("snapshottable", "instructions are counted, and a state is come back to", () => {
    // inc ebx; out 1; inc ebx; out
    using vcpu = open(`${toPort}ffc3${out(1)}ffc3${end}`, "replay");
    const once = () => run(vcpu, (exit) => (exit.kind === "out" ? "suspend" : undefined));
    assert.deepEqual(once(), [1]);
    const count = vcpu.instructions;
    assert.equal(count, 4n);
    const state = vcpu.timeMachine?.save();
    assert.deepEqual(once(), [last]);
    assert.equal(vcpu.registers.get("rbx"), 2n);
    vcpu.timeMachine?.restore(state);
    assert.equal(vcpu.instructions, count);
    assert.equal(vcpu.registers.get("rbx"), 1n);
    assert.deepEqual(once(), [last]);
    assert.equal(vcpu.instructions, 7n);
  });
}

function codeCachedCases(of: Register, open: Open): void {
  of("codeCached", "what one run has made another takes, or leaves", () => {
    // mov ecx, 100000; L: add rbx, rcx; dec ecx; jnz L
    const program = `b9a08601004801cbffc975f9${toPort}${end}`;
    const result = (bytes: Uint8Array | undefined) => {
      using vcpu = open(program);
      if (bytes !== undefined) vcpu.importCache?.(bytes);
      assert.deepEqual(run(vcpu), [last]);
      return [vcpu.registers.get("rbx"), vcpu.exportCache?.(1000)] as const;
    };
    const [sum, made] = result(undefined);
    assert.equal(sum, 5_000_050_000n);
    assert.equal(result(made)[0], sum);
    assert.equal(result(Uint8Array.of(1, 2, 3))[0], sum);
  });
}

/** Four bytes, the lowest first. */
const hex32 = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString("hex");
};
