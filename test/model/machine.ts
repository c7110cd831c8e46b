// The CPU under the models of hypervisors: our own engine's, with memory and registers as a hypervisor has them, and exits one at a
// time. What a model makes of them is its own.
import { portableEngines } from "../../src/engine/engines.js";
import type { Exit, PortableVcpu, Protection } from "../../src/engine/contract.js";
import type { GuestMemory } from "../../src/image/memory.js";

const load = portableEngines["x86-64"];
if (load === undefined) throw new Error("there is no engine for x86-64");
const engine = await load();

/** Instructions between two looks at whoever wants the CPU back. */
const slice = 200_000;
/** Of the counter that guests read. */
export const counterHz = 1_000_000_000n;

/** Where self-tests have their code. */
const codeAt = 0x10_0000;
const codeSize = 0x1_0000;
const pageSize = 4096;
let isCodeWritten = false;
/** The host writes code as well, as debuggers do: what hardware sees by itself, the engine has to be told. */
export const watchCode = (): void => void (isCodeWritten = true);

export const newGuestMemory = (size: number): GuestMemory => engine.newMemory(size);

/** Why the CPU stopped. `rip` is of the instruction that did it, `length` bytes long, and the registers are those before it ended. */
export type MachineExit =
  | {
      readonly kind: "io";
      readonly isOut: boolean;
      readonly port: number;
      readonly size: 1 | 2 | 4;
      readonly value: number;
      readonly rip: bigint;
      readonly length: number;
    }
  | { readonly kind: "halt"; readonly rip: bigint }
  | { readonly kind: "memory"; readonly address: bigint; readonly size: number; readonly isWrite: boolean; readonly value: bigint } // prettier-ignore
  | { readonly kind: "refused"; readonly rip: bigint }
  | { readonly kind: "shutdown"; readonly rip: bigint }
  | { readonly kind: "step" }
  | { readonly kind: "breakpoint" }
  | { readonly kind: "watchpoint"; readonly address: bigint; readonly isWrite: boolean }
  | { readonly kind: "interrupted" };

export interface Machine {
  get(name: string): bigint;
  set(name: string, value: bigint): void;
  /** Runs to the next exit. `isWanted` is asked now and then whether somebody wants the CPU back. */
  run(isWanted: () => boolean): MachineExit;
  /** What the next `in` gives. */
  completeIn(value: number, size: 1 | 2 | 4): void;
  setStep(on: boolean): void;
  /** The debug registers' places: addresses of code, and of data. */
  setPoints(breakpoints: readonly bigint[], watches: readonly Watch[]): void;
  dispose(): void;
}

export interface Watch {
  readonly address: bigint;
  readonly length: number;
  readonly isWriteOnly: boolean;
}

/** Registers that guests of x86-64 start with: all are 0 until they are set, but these. SDM volume 3, table 10-1. */
const reset: Readonly<Record<string, bigint>> = { rflags: 2n, mxcsr: 0x1f80n, fctrl: 0x37fn };

/** The length of an I/O instruction that ends at `end`: one byte where DX names the port, two where a byte does. */
function ioLength(memory: GuestMemory, end: bigint, size: number): number {
  const operandSize = size === 2 ? 1 : 0;
  const last = memory.bytes(end - 1n, 1)?.[0] ?? 0;
  return operandSize + (last >= 0xec && last <= 0xef ? 1 : 2);
}

/** `protections` are asked for when the CPU first runs. */
export function newMachine(memory: GuestMemory, protections: () => readonly Protection[]): Machine {
  let vcpu: PortableVcpu | undefined;
  const pending = new Map<string, bigint>(Object.entries(reset));
  let breakpoints: readonly bigint[] = [];
  let watches: readonly Watch[] = [];
  let step = false;

  const made = (): PortableVcpu => {
    if (vcpu !== undefined) return vcpu;
    vcpu = engine.newVcpu({
      memory,
      exceptions: "guest",
      protections: protections(),
      noExecute: false,
      profile: isCodeWritten ? "replay" : "plain",
      // Models share their thread with nobody.
      later: undefined,
    });
    // Long mode first: what the others mean depends on it.
    for (const [name, value] of pending) vcpu.registers.set(name, value);
    pending.clear();
    return vcpu;
  };
  const get = (name: string): bigint =>
    vcpu === undefined ? (pending.get(name) ?? 0n) : vcpu.registers.get(name);

  const seen = new Uint8Array(codeSize);
  const noticeCode = (cpu: PortableVcpu): void => {
    if (!isCodeWritten || memory.size < codeAt + codeSize) return;
    const now = memory.bytes(codeAt, codeSize);
    if (now === undefined || Buffer.compare(now, seen) === 0) return;
    for (let at = 0; at < codeSize; at += pageSize) {
      const [page, before] = [now.subarray(at, at + pageSize), seen.subarray(at, at + pageSize)];
      if (Buffer.compare(page, before) !== 0) cpu.timeMachine?.forgetPage((codeAt + at) / pageSize);
    }
    seen.set(now);
  };

  /** One run of the engine's, which ends at the first exit that is a hypervisor's. */
  const once = (isWanted: () => boolean): MachineExit => {
    const cpu = made();
    for (;;) {
      let exit: MachineExit | undefined;
      cpu.setBudget(slice);
      cpu.run((one) => {
        if (one.kind === "budget") return "suspend";
        exit = translate(one, cpu, memory);
        return exit === undefined ? "resume" : "suspend";
      });
      if (exit !== undefined) return exit;
      if (isWanted()) return { kind: "interrupted" };
    }
  };
  const arm = (cpu: PortableVcpu, on: boolean): void => {
    for (const address of breakpoints) cpu.setBreakpoint(address, on);
    for (const { address, length, isWriteOnly } of watches) {
      cpu.setWatchpoint(address, length, "write", on);
      if (!isWriteOnly) cpu.setWatchpoint(address, length, "read", on);
    }
  };

  return {
    get,
    set(name, value) {
      if (vcpu === undefined) pending.set(name, value);
      else vcpu.registers.set(name, value);
    },
    run(isWanted) {
      const cpu = made();
      noticeCode(cpu);
      arm(cpu, true);
      if (step) cpu.setStep(true);
      try {
        const exit = once(isWanted);
        if (exit.kind !== "watchpoint") return exit;
        // A CPU tells only when the instruction is done.
        arm(cpu, false);
        cpu.setStep(true);
        once(() => false);
        return exit;
      } finally {
        arm(cpu, false);
      }
    },
    completeIn(value, size) {
      const mask = (1n << BigInt(8 * size)) - 1n;
      // 32 bits clear the upper half of the register.
      const kept = size === 4 ? 0n : get("rax") & ~mask;
      made().registers.set("rax", kept | (BigInt(value) & mask));
    },
    setStep: (on) => void (step = on),
    setPoints(wantedBreakpoints, wantedWatches) {
      breakpoints = wantedBreakpoints;
      watches = wantedWatches;
    },
    dispose: () => vcpu?.[Symbol.dispose](),
  };
}

/** What a hypervisor makes of an exit of the engine's; undefined where hardware has none. */
function translate(exit: Exit, { registers }: PortableVcpu, memory: GuestMemory): MachineExit | undefined {
  const rip = (): bigint => registers.get("rip");
  switch (exit.kind) {
    case "out":
    case "in": {
      const length = ioLength(memory, rip(), exit.size);
      const isOut = exit.kind === "out";
      return { kind: "io", isOut, port: exit.port, size: exit.size, value: isOut ? exit.value : 0, rip: rip() - BigInt(length), length }; // prettier-ignore
    }
    case "store":
    case "load":
      return { kind: "memory", address: exit.address, size: exit.size, isWrite: exit.kind === "store", value: exit.kind === "store" ? exit.value : 0n }; // prettier-ignore
    case "halt":
      return { kind: "halt", rip: rip() - 1n };
    case "fault":
      return { kind: exit.fault.refusedBy === "host" ? "refused" : "shutdown", rip: rip() };
    case "counter":
      exit.value = process.hrtime.bigint();
      return undefined;
    case "random":
      exit.value = crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
      return undefined;
    case "cpuid":
      exit.values = [0, 0, 0, 0];
      return undefined;
    case "breakpoint":
    case "step":
      return { kind: exit.kind };
    case "watchpoint":
      return { kind: "watchpoint", address: exit.address, isWrite: exit.access === "write" };
    case "hypercall":
    case "syscall":
    case "tick":
    case "budget":
    case "msr":
      return undefined;
    default:
      return exit satisfies never;
  }
}
