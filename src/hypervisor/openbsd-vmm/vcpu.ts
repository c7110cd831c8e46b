// The contract's virtual CPU on OpenBSD's vmm: each return of VMM_IOC_RUN becomes an Exit. docs/abi.md 3.1; dev/vmm/vmm.h.
import { errorText } from "../../abi/errno.js";
import { createCleanup } from "../../bytes/cleanup.js";
import { Solo5Error } from "../../bytes/error.js";
import { encode, viewOf } from "../../bytes/struct.js";
import { hex } from "../../bytes/text.js";
import type { Answer, Fault, Verdict } from "../../engine/contract.js";
import type { GuestMemory } from "../../image/memory.js";
import type { HypervisorVcpu, MachineOptions } from "../contract.js";
import type { CpuDebug } from "../cpu-debug.js";
import { createDebug, debugged, type VcpuDebug } from "../debug.js";
import { successors } from "../successors.js";
import { system, type System } from "../system.js";
import {
  directionIn,
  exitInout,
  exitReason,
  faultProtect,
  regState,
  request,
  runParams,
  sysctls,
  vmExit,
  type OpenbsdLayout,
} from "./abi.js";
import { tscHz, vmmError } from "../vmm.js";
import { openMachine } from "./machine.js";
import { newRegisters, type OpenbsdRegisters } from "./registers.js";

/** OUT DX, AL: one byte, and whatever DX is, vmm gives it to us. */
const trap = Uint8Array.of(0xee);

interface Stepper extends CpuDebug {
  /**
   * Before the guest runs, and after: traps wherever its next instruction may lead, while it is to step. False where that leads nowhere
   * else, and so has been done.
   */
  cover(): boolean;
  uncover(): void;
  readonly isStepping: boolean;
  /** Whether a step has led to `address`. */
  hasLed(address: bigint): boolean;
}

function newStepper(memory: GuestMemory, registers: OpenbsdRegisters): Stepper {
  let isStepping = false;
  const covered = new Map<bigint, number>();
  return {
    memory,
    registers,
    pc: "rip",
    trap,
    // There are no debug registers to try.
    probe: { code: new Uint8Array(), register: "rax" },
    check({ breakpoints, watches }) {
      if (breakpoints.length + watches.length > 0) throw new RangeError("vmm has no debug registers");
    },
    enforce: ({ step }) => void (isStepping = step),
    runOnce: () => undefined,
    codeWritten() {},
    get isStepping() {
      return isStepping;
    },
    hasLed: (address) => covered.has(address),
    cover() {
      if (!isStepping) return true;
      const here = registers.get("rip");
      const { own, handlers } = successors(memory, registers);
      if (own.length > 0 && own.every((address) => address === here)) return false;
      for (const address of [...own, ...handlers]) {
        const at = memory.bytes(address, 1);
        // What may lead to itself has to run.
        if (at === undefined || address === here || covered.has(address)) continue;
        covered.set(address, at[0] ?? 0);
        at.set(trap);
      }
      return true;
    },
    uncover() {
      for (const [address, byte] of covered) {
        const at = memory.bytes(address, 1);
        if (at?.[0] === trap[0]) at?.set([byte]);
      }
      covered.clear();
    },
  };
}

interface OpenVcpu {
  readonly sys: System;
  readonly fd: number;
  readonly params: DataView;
  readonly exit: DataView;
  readonly registers: OpenbsdRegisters;
  readonly stepper: Stepper;
  readonly debug: VcpuDebug;
  /** A byte that another thread sets when it wants this one back. */
  readonly wanted: Uint8Array;
}

const wantedSize = 4096;
/** As vmd(8) becomes it, in its folder. */
const unprivilegedUser = "_vmd";

/** Makes a virtual machine with one CPU; `fd` is a descriptor of /dev/vmm. Throws Solo5Error; nothing stays open. */
export function newVmmVcpu(
  fd: number,
  layout: OpenbsdLayout,
  { memory: map }: Pick<MachineOptions, "memory">,
): HypervisorVcpu {
  const sys = system();
  const cleanup = createCleanup();
  try {
    const counterHz = tscHz(sys, sysctls);
    const wantedAt = sys.mapAnonymous(wantedSize);
    if (wantedAt === undefined) throw vmmError("cannot map a page", sys.errorName());
    cleanup.push(() => sys.unmap(wantedAt, wantedSize));
    const { id, memory } = openMachine(fd, map.size, layout, cleanup);
    const exit = new Uint8Array(vmExit.size);
    const state = exit.subarray(vmExit.offsets.state, vmExit.offsets.state + regState.size);
    const registers = newRegisters(fd, id, state, memory);
    const stepper = newStepper(memory, registers);
    const debug = createDebug(stepper);
    const params = encode(runParams, {
      vmId: id,
      vcpuId: 0,
      inject: { vector: 0, errorCode: 0, type: 0 },
      intrPending: 0,
      exit: sys.addressOf(exit),
      exitReason: 0,
      irqReady: 0,
    });
    const wanted = sys.bytesAt(wantedAt, wantedSize);
    const running: OpenVcpu = { sys, fd, params: viewOf(params), exit: viewOf(exit), registers, stepper, debug, wanted }; // prettier-ignore
    return {
      memory,
      handle: wantedAt,
      confine() {
        if (!sys.isRoot()) return;
        const account = sys.accountOf(unprivilegedUser);
        sys.becomeUser(account, account.home);
      },
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
  const { sys, fd, params, registers, stepper, wanted } = running;
  const data = new Uint8Array(params.buffer, params.byteOffset, params.byteLength);
  for (;;) {
    if (Atomics.load(wanted, 0) !== 0) {
      Atomics.store(wanted, 0, 0);
      registers.refresh();
      if (answer({ kind: "budget" }) === "suspend") return;
      continue;
    }
    registers.beforeRun();
    if (!stepper.cover()) {
      if (running.debug.answer({ kind: "step" }, answer) === "suspend") return;
      continue;
    }
    const returned = sys.ioctl(fd, request.RUN, data);
    if (returned < 0) {
      stepper.uncover();
      const error = sys.errorName();
      if (error === "EINTR" || error === "EAGAIN") continue;
      throw new Solo5Error("VMM", `vmm: VMM_IOC_RUN failed: ${errorText(error)}`);
    }
    if (handleExit(running, answer) === "suspend") return;
  }
}

const is = (reason: number, one: readonly number[]): boolean => one.includes(reason);

function handleExit(running: OpenVcpu, answer: Answer): Verdict {
  const { params, exit, stepper } = running;
  const reason = params.getUint16(runParams.offsets.exitReason, true);
  if (is(reason, exitReason.IO)) return handleInout(running, answer);
  stepper.uncover();
  if (reason === exitReason.NONE) return "resume";
  if (is(reason, exitReason.MEMORY) && exit.getUint8(0) === faultProtect)
    return answer({ kind: "fault", fault: { ...unhandled(""), refusedBy: "host", access: "write" } });
  const what = is(reason, exitReason.TRIPLE_FAULT) ? " (triple fault)" : "";
  return answer({ kind: "fault", fault: unhandled(`exit_reason=${hex(reason)}${what}`) });
}

/** The kernel goes on where RIP of the exit then is: behind the instruction, unless a trap of ours was there. */
function handleInout(running: OpenVcpu, answer: Answer): Verdict {
  const { exit, stepper, debug } = running;
  const stopped = debugStop(running, answer);
  if (stopped !== undefined) return stopped;
  advance(exit, exit.getUint8(exitInout.offsets.insnLength));
  const port = exit.getUint16(exitInout.offsets.port, true);
  if (exit.getUint8(exitInout.offsets.rep) !== 0 || exit.getUint8(exitInout.offsets.string) !== 0)
    return answer({ kind: "fault", fault: unhandled(`string access, port=${hex(port)}`) });
  const size = exit.getUint8(exitInout.offsets.size) as 1 | 2 | 4;
  const value = exit.getUint32(exitInout.offsets.data, true);
  const verdict =
    exit.getUint8(exitInout.offsets.dir) === directionIn
      ? answerIn(exit, { port, size }, answer)
      : answer({ kind: "out", port, size, value });
  if (!stepper.isStepping) return verdict;
  const stepped = debug.answer({ kind: "step" }, answer);
  return verdict === "suspend" ? verdict : (stepped ?? verdict);
}

const ripAt = vmExit.offsets.state + 8 * 16;

/** RIP goes on by `length` bytes; in halves, since it is done at every exit. */
function advance(exit: DataView, length: number): void {
  const low = exit.getUint32(ripAt, true) + length;
  exit.setUint32(ripAt, low, true);
  if (low > 0xffff_ffff) exit.setUint32(ripAt + 4, exit.getUint32(ripAt + 4, true) + 1, true);
}

/** What the access is to a debugger: a step that has led here, or a trap. */
function debugStop({ exit, stepper, debug }: OpenVcpu, answer: Answer): Verdict | undefined {
  if (!debug.isUsed) return undefined;
  const rip = exit.getBigUint64(ripAt, true);
  const hasStepped = stepper.hasLed(rip);
  stepper.uncover();
  if (hasStepped) return debug.answer({ kind: "step" }, answer) ?? "resume";
  return debug.answer({ kind: "trap", address: rip, isAsked: false }, answer);
}

function answerIn(
  exit: DataView,
  access: { readonly port: number; readonly size: 1 | 2 | 4 },
  answer: Answer,
): Verdict {
  const asked = { kind: "in" as const, ...access, value: 0 };
  const verdict = answer(asked);
  exit.setUint32(exitInout.offsets.data, asked.value, true);
  return verdict;
}

const unhandled = (reason: string): Fault => ({
  vector: 0,
  code: 0,
  address: 0n,
  access: "execute",
  refusedBy: "guest",
  reason,
});
