// What a target is: it lays a unikernel out in memory, sets the first registers, and turns each exit of the engine into
// a call of a device. It knows its ABI and no engine. A new target is a folder that exports one `Target`.
import type { Stateful } from "../bytes/plain.js";
import { alignDown, alignUp, pageSize } from "../bytes/align.js";
import type { BlockDevice, Clock, Console } from "../device/contract.js";
import type { NetDevice } from "../net/contract.js";
import type { Answer, ExceptionModel, Exit, Interruptible, Vcpu, Verdict } from "../engine/contract.js";
import type { Device } from "../image/manifest.js";
import type { MemoryMap, MemoryRegion } from "../image/memory-map.js";
import type { GuestMemory } from "../image/memory.js";
import type { Unikernel } from "../image/unikernel.js";

/** A declared device with what is attached to it. Sizes in bytes. */
export type GuestDevice = Device &
  (
    | { readonly type: "BLOCK_BASIC"; readonly capacity: bigint; readonly blockSize: number }
    | { readonly type: "NET_BASIC"; readonly mtu: number; readonly mac?: Uint8Array | undefined }
  );

/** A unikernel with all that its start depends on. A plan is one. */
export interface Guest {
  readonly unikernel: Unikernel;
  /** Bytes, as the user said. */
  readonly memSize: number;
  readonly cmdline: string;
  /** By handle. */
  readonly devices: readonly GuestDevice[];
  readonly execHeap: boolean;
}

/** What a guest had a device of its machine do, in the device's own words. */
export interface Operation {
  /** As the manifest calls it, or the machine. */
  readonly device: string;
  readonly name: string;
  readonly args: readonly OperationValue[];
  readonly results: readonly OperationValue[];
  /** What has passed a channel, as it lay there. */
  readonly element?: Uint8Array;
}
export type OperationValue = string | number | bigint | Uint8Array;
/** None by default. Data is valid during the call alone. */
export type DeviceTrace = ((operation: Operation) => void) | undefined;

/** The devices behind the handles, and what every guest has. */
export interface GuestHost {
  readonly nets: ReadonlyMap<number, NetDevice>;
  readonly blocks: ReadonlyMap<number, BlockDevice>;
  readonly console: Console;
  readonly clock: Clock;
  /** 64 random bits, for guests that ask the CPU. */
  random(): bigint;
  /** Told by targets whose guests drive devices, where one exit alone says little. */
  readonly deviceTrace?: DeviceTrace;
}

/** What the guest does when the engine has suspended. Times are the clock's monotonic ones, in nanoseconds. */
export type SessionState =
  /** Used up its budget: to be run again after the host has looked around. */
  | { readonly kind: "running" }
  /** Waits until one of the network devices can be read or the deadline has passed; then `wake` it. */
  | { readonly kind: "waiting"; readonly deadline: bigint }
  /**
   * Ended, with the status that the tender returns and what it says on stderr. A cookie is the address of what the
   * guest's handler of fatal traps tells of the trap.
   */
  | { readonly kind: "ended"; readonly status: number; readonly message?: string; readonly cookie?: bigint };

/** A unikernel that runs. */
export interface Session {
  readonly answer: Answer;
  readonly state: SessionState;
  /** Completes the wait of a guest that is `waiting`. */
  wake(): void;
  /** All that the session is; memory and registers are the caller's. Absent where a target cannot be taken back. */
  readonly stateful?: Stateful | undefined;
}

/** What a target needs of a virtual CPU: who runs it, runs it. Not every engine can interrupt. */
export type TargetVcpu = Pick<Vcpu, "memory" | "registers" | "counterHz" | "monitor"> &
  Partial<Interruptible>;

export interface Target {
  /** Bytes; memory is a multiple of it. 1 by default. */
  readonly memUnit?: number;
  /** What lies where in the guest's memory. */
  memory(guest: Guest): MemoryMap;
  /** Memory that its guests share with others, element by element, by name. None by default. */
  channels?(guest: Guest): readonly string[];
  readonly exceptions: ExceptionModel;
  /** Devices interrupt its guests, among other moments at the engine's ticks. */
  readonly isInterrupted?: true;
  /** Fills memory and registers; the session begins with `vcpu.run(session.answer)`. */
  start(guest: Guest, vcpu: TargetVcpu, host: GuestHost): Session;
}

/** What every target answers alike: what guests ask the CPU for, and the host's wish to look around. */
export function answerCommon(exit: Exit, { clock, random }: GuestHost): Verdict | undefined {
  switch (exit.kind) {
    case "counter":
      exit.value = clock.monotonic();
      return "resume";
    case "random":
      exit.value = random();
      return "resume";
    case "budget":
      return "suspend";
    // Only a machine has interrupts.
    case "tick":
    // A target has its own answer, or none.
    case "cpuid":
    case "msr":
      return "resume";
    default:
      return undefined;
  }
}

/** A unikernel's segments as regions of whole pages, protected as it asked for. */
export function segmentRegions({ segments }: Pick<Unikernel, "segments">): readonly MemoryRegion[] {
  return segments.map(({ vaddr, data, read, write, execute }, index) => ({
    name: `segment ${index}`,
    start: alignDown(vaddr, pageSize),
    end: alignUp(vaddr + data.length, pageSize),
    read,
    write,
    execute,
  }));
}

/**
 * Of a machine that protects nothing by itself, what the guest hardly ever writes: jumps through tables in it are five times as
 * fast then, since these need not be looked up again each time.
 */
export const seldomWrittenRegions = (unikernel: Pick<Unikernel, "segments">): readonly MemoryRegion[] =>
  segmentRegions(unikernel)
    .filter(({ write }) => !write)
    .map(({ name, start, end }) => ({
      name,
      start,
      end,
      read: true,
      write: true,
      execute: true,
      isSeldomWritten: true,
    }));

/** Copies a unikernel's segments into memory, which is zero before. */
export function loadSegments({ segments }: Unikernel, memory: GuestMemory): void {
  for (const { vaddr, data } of segments) memory.bytes(vaddr, data.length)?.set(data);
}
