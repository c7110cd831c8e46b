// The contract's virtual CPU on /dev/kvm: each return of KVM_RUN becomes an Exit. docs/abi.md 3.1; Linux,
// Documentation/virt/kvm/api.rst, 5.
import { errorText } from "../../abi/errno.js";
import { createCleanup } from "../../bytes/cleanup.js";
import { Solo5Error } from "../../bytes/error.js";
import { encode, viewOf } from "../../bytes/struct.js";
import { hex } from "../../bytes/text.js";
import type { Access, Answer, Fault, Verdict } from "../../engine/contract.js";
import type { HypervisorVcpu, MachineOptions } from "../contract.js";
import { createDebug, debugged, type VcpuDebug } from "../debug.js";
import { mapped, sharedMemory } from "../memory.js";
import { createTicker } from "../ticker.js";
import { checked, system, type System } from "../system.js";
import {
  exitReason,
  ioDirectionOut,
  request,
  runHead,
  runInternal,
  runIo,
  runMmio,
  userspaceMemoryRegion,
} from "./abi.js";
import type { KvmCpu } from "./cpu.js";
import { kvmCpus } from "./cpus.js";
import { createExternalInterrupts, type ExternalInterrupts } from "./interrupts.js";

/** Makes a virtual machine with one CPU. `kvm` is a descriptor of /dev/kvm. Throws Solo5Error; nothing stays open. */
export function newKvmVcpu(
  kvm: number,
  { isa, memory: map, isInterrupted = false }: MachineOptions,
): HypervisorVcpu {
  const sys = system();
  const cleanup = createCleanup();
  const make = (fd: number, which: number, what: string): number => {
    const made = checked(sys.ioctl(fd, which, 0), `KVM: ${what}`);
    cleanup.push(() => sys.close(made));
    return made;
  };
  try {
    const memory = sharedMemory(map.size);
    cleanup.push(() => memory[Symbol.dispose]());
    const vm = make(kvm, request.CREATE_VM, "cannot create a virtual machine");
    const vcpu = make(vm, request.CREATE_VCPU, "cannot create a virtual CPU");
    const runSize = checked(sys.ioctl(kvm, request.GET_VCPU_MMAP_SIZE, 0), "KVM: KVM_GET_VCPU_MMAP_SIZE");
    const runAddress = mapped(vcpu, runSize);
    cleanup.push(() => sys.unmap(runAddress, runSize));
    const run = viewOf(sys.bytesAt(runAddress, runSize));
    const region = { slot: 0, flags: 0, guest_phys_addr: 0n, memory_size: BigInt(memory.size), userspace_addr: memory.address }; // prettier-ignore
    checked(
      sys.ioctl(vm, request.SET_USER_MEMORY_REGION, encode(userspaceMemoryRegion, region)),
      "KVM: cannot give the guest its memory",
    );
    const cpu = kvmCpus[isa]({ kvm, vm, vcpu, run }, memory, isInterrupted);
    const debug = createDebug(cpu.debug);
    memory.protect(map.regions);
    const line = isInterrupted ? createExternalInterrupts(sys, vcpu, run) : undefined;
    const ticker = isInterrupted ? createTicker() : undefined;
    cleanup.push(() => ticker?.[Symbol.dispose]());
    return {
      memory,
      handle: runAddress,
      monitor: "KVM",
      registers: cpu.registers,
      counterHz: cpu.counterHz,
      ...debugged(debug, (answer) => {
        ticker?.start();
        try {
          runVcpu({ sys, vcpu, run, cpu, debug, line, size: memory.size }, answer);
        } finally {
          ticker?.stop();
        }
      }),
      ...(line === undefined ? {} : { interrupt: line.interrupt }),
      [Symbol.dispose]: cleanup.release,
    };
  } catch (error) {
    cleanup.release();
    throw error;
  }
}

interface OpenVcpu {
  readonly sys: System;
  readonly vcpu: number;
  readonly run: DataView;
  readonly cpu: KvmCpu;
  readonly debug: VcpuDebug;
  /** Where devices interrupt the guest. */
  readonly line: ExternalInterrupts | undefined;
  /** Bytes of guest memory. */
  readonly size: number;
}

function runVcpu(running: OpenVcpu, answer: Answer): void {
  const { sys, vcpu, run, cpu, line } = running;
  for (;;) {
    line?.inject();
    cpu.beforeRun();
    const returned = sys.ioctl(vcpu, request.RUN, 0);
    cpu.afterRun();
    if (returned >= 0) {
      if (handleExit(running, answer) === "resume") continue;
      settle(running, answer);
      return;
    }
    const error = sys.errorName();
    if (error === "EFAULT") {
      const verdict = answer({ kind: "fault", fault: hostFault(cpu.registers.get(cpu.debug.pc), "write") });
      if (verdict === "suspend") return;
    } else if (error !== "EINTR" && error !== "EAGAIN") {
      throw new Solo5Error("KVM", `KVM: host/guest KVM_RUN failed: ${errorText(error)}`);
    } else if (run.getUint8(immediateExit) !== 0) {
      run.setUint8(immediateExit, 0);
      if (answer({ kind: "budget" }) === "suspend") return;
    } else if (line !== undefined && answer({ kind: "tick" }) === "suspend") return;
  }
}

const immediateExit = runHead.offsets.immediate_exit;
const exitUnion = runHead.size;

const reasonOf = (run: DataView): number => run.getUint32(runHead.offsets.exit_reason, true);

/**
 * An access to a port or a device is complete, and the registers are those of the next instruction, only when KVM_RUN
 * begins once more: before a debugger looks.
 */
function settle({ sys, vcpu, run, cpu, debug }: OpenVcpu, answer: Answer): void {
  const reason = reasonOf(run);
  if (!debug.isUsed || (reason !== exitReason.IO && reason !== exitReason.MMIO)) return;
  run.setUint8(immediateExit, 1);
  const returned = sys.ioctl(vcpu, request.RUN, 0);
  run.setUint8(immediateExit, 0);
  cpu.afterRun();
  if (returned >= 0) debug.answer(cpu.stop(reasonOf(run)), answer);
}

/** Tells what the guest wants; what an answer fills in goes back to where KVM takes it from. */
function handleExit({ run, size, cpu, debug, line }: OpenVcpu, answer: Answer): Verdict {
  const reason = reasonOf(run);
  const verdict = debug.answer(cpu.stop(reason), answer);
  if (verdict !== undefined) return verdict;
  switch (reason) {
    case exitReason.IO:
      return handleIo(run, answer);
    case exitReason.MMIO:
      return handleMmio(run, size, answer);
    case exitReason.IRQ_WINDOW_OPEN:
      return "resume";
    case exitReason.HLT:
      return line === undefined ? unknownExit(run, answer) : answer({ kind: "halt" });
    default:
      return unknownExit(run, answer);
  }
}

function unknownExit(run: DataView, answer: Answer): Verdict {
  const reason = reasonOf(run);
  const detail =
    reason === exitReason.INTERNAL_ERROR ? `, suberror=${runInternal.read(run, exitUnion).suberror}` : "";
  return answer({ kind: "fault", fault: unhandled(`exit_reason=${hex(reason)}${detail}`) });
}

/** String instructions move several items to or from one port: `count` of them lie side by side. */
export function handleIo(run: DataView, answer: Answer): Verdict {
  const first = Number(run.getBigUint64(exitUnion + runIo.offsets.data_offset, true));
  const size = run.getUint8(exitUnion + runIo.offsets.size) as 1 | 2 | 4;
  const port = run.getUint16(exitUnion + runIo.offsets.port, true);
  const word = size === 4 ? "Uint32" : size === 2 ? "Uint16" : "Uint8";
  const isOut = run.getUint8(exitUnion + runIo.offsets.direction) === ioDirectionOut;
  const count = run.getUint32(exitUnion + runIo.offsets.count, true);
  let verdict: Verdict = "resume";
  for (let at = first; at < first + count * size; at += size) {
    const exit = { kind: "in" as const, port, size, value: 0 };
    const one = answer(
      isOut ? { kind: "out" as const, port, size, value: run[`get${word}`](at, true) } : exit,
    );
    if (!isOut) run[`set${word}`](at, exit.value, true);
    if (one === "suspend") verdict = one;
  }
  return verdict;
}

function handleMmio(run: DataView, memorySize: number, answer: Answer): Verdict {
  const { phys_addr: address, data, len: size, is_write: write } = runMmio.read(run, exitUnion);
  // Some hypervisors report memory that mprotect keeps from the guest as an access to a device.
  if (address < memorySize)
    return answer({ kind: "fault", fault: hostFault(address, write ? "write" : "read") });
  const mask = (1n << BigInt(8 * size)) - 1n;
  if (write)
    return answer({ kind: "store", address, size, value: viewOf(data).getBigUint64(0, true) & mask });
  const exit = { kind: "load" as const, address, size, value: 0n };
  const verdict = answer(exit);
  run.setBigUint64(exitUnion + runMmio.offsets.data, exit.value, true);
  return verdict;
}

/** What the guest's memory is protected from. KVM does not tell which address it was. */
const hostFault = (address: bigint, access: Access): Fault => ({
  vector: 0,
  code: 0,
  address,
  access,
  refusedBy: "host",
  reason: "",
});
const unhandled = (reason: string): Fault => ({ ...hostFault(0n, "execute"), refusedBy: "guest", reason });
