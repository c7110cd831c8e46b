// What differs between the ISAs of virtual CPUs: how one is made ready, its registers, its counter, and its stops.
import type { Registers } from "../../engine/contract.js";
import type { GuestMemory } from "../../image/memory.js";
import type { CpuDebug, Stop, Wishes } from "../cpu-debug.js";
import { checked, system } from "../system.js";
import { request, runHead } from "./abi.js";

/** A virtual machine as the kernel gave it: descriptors, and what is shared. */
export interface KvmDescriptors {
  readonly kvm: number;
  readonly vm: number;
  readonly vcpu: number;
  /** struct kvm_run, shared with the kernel. */
  readonly run: DataView;
}

export interface KvmCpu {
  readonly registers: Registers;
  /** Hz of the counter that the guest reads without an exit. */
  readonly counterHz: bigint;
  readonly debug: CpuDebug;
  /** What an exit of KVM's means to a debugger; undefined where nothing. */
  stop(reason: number): Stop | undefined;
  /** Gives the virtual CPU what was set since it ran last. */
  beforeRun(): void;
  /** What was read before is no longer so. */
  afterRun(): void;
}

/** How an ISA is debugged. Linux, Documentation/virt/kvm/api.rst, 4.87. */
export interface KvmDebug extends Pick<CpuDebug, "pc" | "trap" | "probe" | "codeWritten"> {
  /** KVM_SET_GUEST_DEBUG. */
  readonly request: number;
  /** Its argument. Throws RangeError where the CPU has fewer debug registers. */
  encode(wishes: Wishes): Uint8Array;
  stop(reason: number): Stop | undefined;
}

/** The debugger's way to a virtual CPU of either ISA. */
export function kvmDebug(
  { vcpu, run }: KvmDescriptors,
  memory: GuestMemory,
  { registers, beforeRun, afterRun }: Pick<KvmCpu, "registers" | "beforeRun" | "afterRun">,
  { request: setGuestDebug, encode, stop, ...isa }: KvmDebug,
): CpuDebug {
  const sys = system();
  return {
    ...isa,
    memory,
    registers,
    check: encode,
    enforce(wishes) {
      // KVM looks at the registers that are to be in force.
      beforeRun();
      checked(sys.ioctl(vcpu, setGuestDebug, encode(wishes)), "KVM: KVM_SET_GUEST_DEBUG");
    },
    runOnce() {
      let returned: number;
      beforeRun();
      do {
        run.setUint8(runHead.offsets.immediate_exit, 0);
        returned = sys.ioctl(vcpu, request.RUN, 0);
      } while (returned < 0 && run.getUint8(runHead.offsets.immediate_exit) !== 0);
      afterRun();
      return returned < 0 ? undefined : stop(run.getUint32(runHead.offsets.exit_reason, true));
    },
  };
}
