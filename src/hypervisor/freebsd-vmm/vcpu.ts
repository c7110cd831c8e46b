// The contract's virtual CPU on FreeBSD's vmm: each return of VM_RUN becomes an Exit. docs/abi.md 3.1; machine/vmm.h.
import { errorText } from "../../abi/errno.js";
import { createCleanup } from "../../bytes/cleanup.js";
import { Solo5Error } from "../../bytes/error.js";
import { encode, viewOf } from "../../bytes/struct.js";
import { hex } from "../../bytes/text.js";
import type { Answer, Fault, Verdict } from "../../engine/contract.js";
import type { HypervisorVcpu, MachineOptions } from "../contract.js";
import type { CpuDebug, Stop } from "../cpu-debug.js";
import { createDebug, debugged, type VcpuDebug } from "../debug.js";
import { system, type System } from "../system.js";
import {
  capability,
  cpuOnly,
  exitCode,
  inoutAt,
  inoutFlag,
  request,
  runParams,
  setCapability,
  sysctls,
  vmExit,
  vmxReasonAt,
  type FreebsdLayout,
} from "./abi.js";
import { call, tscHz } from "../vmm.js";
import { openMachine, openMemory } from "./machine.js";
import { newRegisters, type FreebsdRegisters } from "./registers.js";

/** The argument of VM_RUN, the exit that it fills in, and which request it is. */
interface RunCall {
  readonly params: Uint8Array;
  readonly exit: DataView;
  request: number;
}

function newRunCall(sys: System, { run }: FreebsdLayout): RunCall {
  const [first] = request.RUN[run];
  if (run === "inline") {
    const params = new Uint8Array(runParams.inline.size);
    const { buffer, byteOffset } = params;
    return { params, exit: new DataView(buffer, byteOffset + runParams.inline.offsets.exit, vmExit.size), request: first }; // prettier-ignore
  }
  const exit = new Uint8Array(vmExit.size);
  const address = sys.addressOf(exit);
  const params = encode(runParams.pointed, { cpuid: 0, cpuset: 0n, cpusetSize: 0n, exit: address });
  return { params, exit: viewOf(exit), request: first };
}

function vmmDebug(
  fd: number,
  memory: CpuDebug["memory"],
  registers: FreebsdRegisters,
): CpuDebug & { readonly isStepping: boolean } {
  const sys = system();
  const ask = (type: number, value: number): boolean =>
    sys.ioctl(fd, request.SET_CAPABILITY, encode(setCapability, { cpuid: 0, type, value, allCpus: 0 })) >= 0;
  let isStepping = false;
  let hasTraps = false;
  return {
    get isStepping() {
      return isStepping;
    },
    memory,
    registers,
    pc: "rip",
    // INT3, whose exception vmm gives to us where it is asked to.
    trap: Uint8Array.of(0xcc),
    // There are no debug registers to try.
    probe: { code: new Uint8Array(), register: "rax" },
    check({ breakpoints, watches }) {
      if (breakpoints.length + watches.length > 0) throw new RangeError("vmm has no debug registers");
    },
    enforce({ step, hasTraps: wanted }) {
      if (wanted !== hasTraps && !ask(capability.BPT_EXIT, wanted ? 1 : 0))
        throw new RangeError("this vmm has no breakpoints");
      hasTraps = wanted;
      if (step === isStepping) return;
      // VT-x has a trap for it, AMD's CPUs the trap flag.
      const value = step ? 1 : 0;
      if (!ask(capability.MTRAP_EXIT, value) && !ask(capability.RFLAGS_TF, value))
        throw new RangeError("this vmm cannot step");
      isStepping = step;
    },
    runOnce: () => undefined,
    codeWritten() {},
  };
}

interface OpenVcpu {
  readonly sys: System;
  readonly fd: number;
  readonly run: RunCall;
  readonly layout: FreebsdLayout;
  readonly registers: FreebsdRegisters;
  readonly cpuDebug: ReturnType<typeof vmmDebug>;
  readonly debug: VcpuDebug;
}

/** Makes a virtual machine with one CPU. `control` is a descriptor of /dev/vmmctl, or -1. Throws Solo5Error; nothing stays open. */
export function newVmmVcpu(
  control: number,
  layout: FreebsdLayout,
  { memory: map }: Pick<MachineOptions, "memory">,
): HypervisorVcpu {
  const sys = system();
  const cleanup = createCleanup();
  try {
    const counterHz = tscHz(sys, sysctls);
    const { fd, confine } = openMachine(control, cleanup);
    call(
      fd,
      request.SET_CAPABILITY,
      encode(setCapability, { cpuid: 0, type: capability.HALT_EXIT, value: 1, allCpus: 0 }),
      "cannot be told of HLT",
    );
    const memory = openMemory(fd, map.size, layout, cleanup);
    const registers = newRegisters(fd, memory);
    const cpuDebug = vmmDebug(fd, memory, registers);
    const debug = createDebug(cpuDebug);
    call(fd, request.ACTIVATE_CPU, encode(cpuOnly, { cpuid: 0 }), "cannot activate the virtual CPU");
    const running: OpenVcpu = { sys, fd, run: newRunCall(sys, layout), layout, registers, cpuDebug, debug };
    return {
      memory,
      handle: BigInt(fd),
      confine,
      registers,
      counterHz,
      ...debugged(debug, (answer) => runVcpu(running, answer)),
      [Symbol.dispose]: cleanup.release,
    };
  } catch (error) {
    cleanup.release();
    throw error;
  }
}

function runVcpu(running: OpenVcpu, answer: Answer): void {
  const { sys, fd, run, registers } = running;
  for (;;) {
    registers.beforeRun();
    if (sys.ioctl(fd, run.request, run.params) >= 0) {
      if (handleExit(running, answer) === "suspend") return;
      continue;
    }
    const error = sys.errorName();
    if (error === "EINTR" || error === "EAGAIN") continue;
    if (error === "EFAULT") {
      if (answer({ kind: "fault", fault: hostFault(registers.get("rip")) }) === "suspend") return;
    } else if (error !== "ENOTTY" || !tryNextRequest(running))
      throw new Solo5Error("VMM", `vmm: VM_RUN failed: ${errorText(error)}`);
  }
}

function tryNextRequest({ run, layout }: OpenVcpu): boolean {
  const all: readonly number[] = request.RUN[layout.run];
  const next = all[all.indexOf(run.request) + 1];
  if (next === undefined) return false;
  run.request = next;
  return true;
}

function handleExit(running: OpenVcpu, answer: Answer): Verdict {
  const { fd, run, debug } = running;
  const code = run.exit.getInt32(vmExit.offsets.exitcode, true);
  switch (code) {
    case exitCode.INOUT:
      return handleInout(running, answer);
    case exitCode.BOGUS:
      return "resume";
    case exitCode.DEBUG:
      call(fd, request.RESUME_CPU, encode(cpuOnly, { cpuid: 0 }), "cannot resume the virtual CPU");
      return answer({ kind: "budget" });
    case exitCode.MTRAP:
    case exitCode.DB:
    case exitCode.BPT:
      return debug.answer(stopOf(code, run.exit), answer) ?? "resume";
    default: {
      const reason = code === exitCode.VMX ? `, reason=${run.exit.getUint32(vmxReasonAt, true)}` : "";
      return answer({ kind: "fault", fault: unhandled(`exitcode=${code}${reason}`) });
    }
  }
}

const stopOf = (code: number, exit: DataView): Stop =>
  code === exitCode.BPT
    ? { kind: "trap", address: exit.getBigUint64(vmExit.offsets.rip, true), isAsked: true }
    : { kind: "step" };

/** The kernel goes on behind the instruction by itself; a debugger sees the registers there. */
function handleInout({ run, registers, cpuDebug, debug }: OpenVcpu, answer: Answer): Verdict {
  const flags = run.exit.getUint16(inoutAt.flags, true);
  const size = (flags & inoutFlag.bytes) as 1 | 2 | 4;
  const port = run.exit.getUint16(inoutAt.port, true);
  const value = run.exit.getUint32(inoutAt.eax, true);
  if (debug.isUsed) {
    const rip = run.exit.getBigUint64(vmExit.offsets.rip, true);
    registers.set("rip", rip + BigInt(run.exit.getInt32(vmExit.offsets.instLength, true)));
  }
  if ((flags & inoutFlag.string) !== 0)
    return answer({ kind: "fault", fault: unhandled(`string access, port=${hex(port)}`) });
  const verdict =
    (flags & inoutFlag.in) === 0
      ? answer({ kind: "out", port, size, value })
      : answerIn(port, size, registers, answer);
  if (!cpuDebug.isStepping) return verdict;
  const stepped = debug.answer({ kind: "step" }, answer);
  return verdict === "suspend" ? verdict : (stepped ?? verdict);
}

function answerIn(port: number, size: 1 | 2 | 4, registers: FreebsdRegisters, answer: Answer): Verdict {
  const exit = { kind: "in" as const, port, size, value: 0 };
  const verdict = answer(exit);
  // 32 bits clear the upper half of the register.
  const kept = size === 4 ? 0n : (registers.get("rax") >> BigInt(8 * size)) << BigInt(8 * size);
  registers.set("rax", kept | BigInt(exit.value));
  return verdict;
}

/** What the guest's memory is protected from: vmm does not tell which address it was. */
const hostFault = (address: bigint): Fault => ({
  vector: 0,
  code: 0,
  address,
  access: "write",
  refusedBy: "host",
  reason: "",
});
const unhandled = (reason: string): Fault => ({
  ...hostFault(0n),
  access: "execute",
  refusedBy: "guest",
  reason,
});
