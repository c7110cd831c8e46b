// What a hypervisor is: what a system has of virtual machines, as one engine, one thread and one debugger drive them all. A
// new one is a folder that exports one `HypervisorDriver`, and a line in hypervisors.ts.
import type { Isa } from "../abi/elf.js";
import type { TargetName } from "../abi/notes.js";
import type { Cleanup } from "../bytes/cleanup.js";
import type { ErrorCode } from "../bytes/error-codes.js";
import type { MemoryMap } from "../image/memory-map.js";
import type { Budgeted, Debuggable, Interruptible, Vcpu } from "../engine/contract.js";

/** One row each in hypervisors.ts. */
export type HypervisorName = "kvm" | "freebsd-vmm" | "openbsd-vmm";

/** What a virtual machine is made of. */
export interface MachineOptions {
  readonly isa: Isa;
  readonly memory: MemoryMap;
  /** Devices interrupt the guest: it halts until one does, and is brought back at ticks. */
  readonly isInterrupted?: boolean | undefined;
}

/** A virtual machine with one CPU. `run` blocks its thread until the guest exits, or another thread wants it back. */
export type HypervisorVcpu = Vcpu &
  Debuggable &
  Partial<Interruptible & Budgeted> & {
    /** What `kick` needs of it. */
    readonly handle: bigint;
    /**
     * Takes from the process what a guest that runs does not need: its user and its root. Called when everything is open, and only where
     * the process is this guest's alone. Throws Solo5Error.
     */
    confine?(): void;
  };

/** Makes a machine of what its driver has opened. Throws Solo5Error; nothing stays open. */
export type NewVcpu = (opened: number, options: MachineOptions) => HypervisorVcpu;

export interface HypervisorDriver {
  readonly name: HypervisorName;
  /** As messages call it, and each of them begins. */
  readonly title: string;
  /** Of what it refuses or fails at. */
  readonly errorCode: ErrorCode;
  /** By Node's name; elsewhere nothing of this is looked at. */
  readonly platform: NodeJS.Platform;
  /** Targets whose guests run on it, by ISA. */
  readonly targets: Readonly<Record<Isa, readonly TargetName[]>>;
  /** Why it is not the one to take here. A user who `insisted` also takes what works, but worse than the wasm engine would. */
  unsupportedReason(insisted: boolean): string | undefined;
  /**
   * Opens what a virtual machine is made from, in the thread that starts it: a descriptor, or a number that the other
   * thread gets. Throws Solo5Error with the way out; `cleanup` closes it.
   */
  open(cleanup: Cleanup): number;
  /** Loads what makes the machine, in the virtual CPU's thread: no other needs it. */
  loadVcpu(): Promise<NewVcpu>;
  /** Called in another thread, before the virtual CPU's is signalled: makes `run`, which may not have begun, end with a `budget` exit. */
  kick(handle: bigint): void;
}
