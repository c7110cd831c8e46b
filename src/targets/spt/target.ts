// The spt target on x86-64: a process that may make nine system calls, here without a kernel. The same table that a
// seccomp program is made of says what is allowed; all else ends the guest as the kernel would. docs/abi.md 4.
import {
  argumentRegisters,
  bootInfoBase,
  epollEvent,
  itimerspec,
  stackGap,
  syscalls,
  timerDatum,
  timespec,
  type SyscallName,
} from "../../abi/spt.js";
import { viewOf, type Field } from "../../bytes/struct.js";
import { alignUp, pageSize } from "../../bytes/align.js";
import { isFrameLength } from "../../net/contract.js";
import { guestMinBase, result } from "../../abi/start.js";
import type { Exit, Protection, Verdict } from "../../engine/contract.js";
import {
  answerCommon,
  storable,
  loadSegments,
  segmentProtections,
  type Guest,
  type Session,
  type SessionState,
  type Target,
} from "../contract.js";
import { bootData } from "./boot-data.js";
import { statusOf } from "../../abi/signals.js";
import { isAllowed, sptRules } from "./rules.js";

const isa = "x86-64";
const callNames = new Map(
  (Object.keys(syscalls[isa]) as SyscallName[]).map((name) => [BigInt(syscalls[isa][name]), name]),
);
const nsecsPerSec = 1_000_000_000n;
/** Errors as system calls return them: errno(3), negative. */
const error = { io: -5n, again: -11n, fault: -14n, invalid: -22n } as const;
/** The signal that a CPU exception becomes, by its vector; all others are SIGSEGV. */
const exceptionSignals: Readonly<Record<number, Parameters<typeof statusOf>[0]>> = {
  0: "SIGFPE",
  1: "SIGTRAP",
  3: "SIGTRAP",
  6: "SIGILL",
  12: "SIGBUS",
  16: "SIGFPE",
  17: "SIGBUS",
  19: "SIGFPE",
};

/** Descriptors as a launch gives them out: the lowest that is free. */
export function descriptorsOf({ devices }: Pick<Guest, "devices">): {
  epollfd: number;
  timerfd: number;
  devices: Map<number, number>;
} {
  const [epollfd, timerfd, first] = [3, 4, 5];
  return { epollfd, timerfd, devices: new Map(devices.map(({ handle }, i) => [handle, first + i])) };
}

export const spt: Target = {
  exceptions: "exit",
  memorySize: ({ memSize }) => memSize,
  noExecute: ({ execHeap }) => !execHeap,

  protections(guest): readonly Protection[] {
    const boot = alignUp(bootInfoBase + bootData(guest, descriptorsOf(guest)).length, pageSize);
    const nothing = { read: false, write: false, execute: false };
    return [
      { start: 0, end: bootInfoBase, ...nothing },
      { start: boot, end: guestMinBase, ...nothing },
      ...segmentProtections(guest.unikernel),
    ];
  },

  start(guest, { memory, registers }, host): Session {
    const numbers = descriptorsOf(guest);
    const { epollfd, timerfd } = numbers;
    const data = bootData(guest, numbers);
    memory.bytes(bootInfoBase, data.length)?.set(data);
    loadSegments(guest.unikernel, memory);
    registers.set("rip", BigInt(guest.unikernel.entry));
    registers.set("rsp", BigInt(guest.memSize - stackGap[isa]));
    registers.set("rdi", BigInt(bootInfoBase));

    const byDescriptor = <T>(devices: ReadonlyMap<number, T>): Map<bigint, T> =>
      new Map([...devices].map(([handle, device]) => [BigInt(numbers.devices.get(handle) ?? -1), device]));
    const nets = byDescriptor(host.nets);
    const blocks = byDescriptor(host.blocks);
    const rules = sptRules(isa, {
      epollfd,
      timerfd,
      nets: [...nets.keys()].map(Number),
      blocks: [...blocks].map(([fd, { blockSize, capacity }]) => ({ fd: Number(fd), blockSize, capacity })),
    });
    let state: SessionState = { kind: "running" };
    /** Absolute, monotonic; 0 where the timer is not armed. */
    let deadline = 0n;
    let waitArgs: readonly bigint[] = [];

    const end = (status: number, message?: string): undefined => {
      state = { kind: "ended", status, ...(message === undefined ? {} : { message }) };
      return undefined;
    };
    const timerFired = (): boolean => deadline !== 0n && host.clock.monotonic() >= deadline;
    const mayStore = storable(guest.unikernel, guest.memSize);
    const fillable = (address: bigint, size: bigint): Uint8Array | undefined =>
      mayStore(address, size) ? memory.bytes(address, size) : undefined;
    /** Writes `value` for the guest; its address may be anything. */
    const store = <T>(field: Field<T>, address: bigint, value: T): bigint => {
      const bytes = fillable(address, BigInt(field.size));
      if (bytes === undefined) return error.fault;
      field.write(viewOf(bytes), 0, value);
      return 0n;
    };
    const writeEvents = ([, events = 0n, max = 0n]: readonly bigint[]): bigint => {
      const ready = [...host.nets].filter(([, net]) => net.readable).map(([handle]) => BigInt(handle));
      if (timerFired()) ready.push(timerDatum);
      const some = ready.slice(0, Number(max));
      const layout = epollEvent[isa];
      for (const [i, data] of some.entries()) {
        const written = store(layout, events + BigInt(i * layout.size), { events: 1, data });
        if (written !== 0n) return written;
      }
      return BigInt(some.length);
    };

    /** The result, or undefined where the guest does not go on at once. */
    const calls: Readonly<Record<SyscallName, (args: readonly bigint[]) => bigint | undefined>> = {
      read([fd = 0n, address = 0n, size = 0n]) {
        const buffer = fillable(address, size);
        if (buffer === undefined) return error.fault;
        const frame = nets.get(fd)?.read()?.subarray(0, buffer.length);
        if (frame === undefined) return error.again;
        buffer.set(frame);
        return BigInt(frame.length);
      },
      write([fd = 0n, address = 0n, size = 0n]) {
        const net = nets.get(fd);
        if (net !== undefined && !isFrameLength(net, size)) return error.invalid;
        const bytes = memory.bytes(address, size);
        if (bytes === undefined) return error.fault;
        if (net === undefined) host.console.write(bytes);
        else {
          const written = net.write(bytes.slice());
          if (written !== result.ok) return written === result.again ? error.again : error.io;
        }
        return size;
      },
      pread64: ([fd = 0n, address = 0n, size = 0n, offset = 0n]) => {
        const into = fillable(address, size);
        if (into === undefined) return error.fault;
        return blocks.get(fd)?.read(offset, into) === result.ok ? size : error.io;
      },
      pwrite64: ([fd = 0n, address = 0n, size = 0n, offset = 0n]) => {
        const bytes = memory.bytes(address, size);
        if (bytes === undefined) return error.fault;
        return blocks.get(fd)?.write(offset, bytes) === result.ok ? size : error.io;
      },
      arch_prctl([, base = 0n]) {
        registers.set("fs_base", base);
        return 0n;
      },
      clock_gettime([id = 0n, address = 0n]) {
        const now = id === 0n ? host.clock.wall() : host.clock.monotonic();
        return store(timespec, address, { sec: now / nsecsPerSec, nsec: now % nsecsPerSec });
      },
      exit_group: ([status = 0n]) => end(Number(status & 0xffn)),
      timerfd_settime([, , address = 0n]) {
        const bytes = memory.bytes(address, itimerspec.size);
        if (bytes === undefined) return error.fault;
        const { sec, nsec } = itimerspec.read(viewOf(bytes), 0).value;
        deadline = sec * nsecsPerSec + nsec;
        return 0n;
      },
      epoll_pwait(args) {
        const ready = writeEvents(args);
        const onlyLooks = args[3] === 0n;
        if (ready !== 0n || onlyLooks) return ready;
        waitArgs = args;
        state = { kind: "waiting", deadline: deadline === 0n ? 1n << 63n : deadline };
        return undefined;
      },
    };

    const systemCall = (): Verdict => {
      const name = callNames.get(registers.get("rax"));
      const args = argumentRegisters[isa].map((register) => registers.get(register));
      if (name === undefined || !isAllowed(rules, name, args)) {
        end(statusOf("SIGSYS"));
        return "suspend";
      }
      const value = calls[name](args);
      if (value === undefined) return "suspend";
      registers.set("rax", value);
      return "resume";
    };

    return {
      get state() {
        return state;
      },
      wake() {
        registers.set("rax", writeEvents(waitArgs));
        state = { kind: "running" };
      },
      save() {
        const saved = [state, deadline, waitArgs] as const;
        return () => ([state, deadline, waitArgs] = saved);
      },
      answer(exit: Exit): Verdict {
        if (exit.kind === "syscall" && exit.isCompat === true) {
          // The filter allows calls of this ABI only.
          end(statusOf("SIGSYS"));
          return "suspend";
        }
        if (exit.kind === "syscall") return systemCall();
        const common = answerCommon(exit, host);
        if (common !== undefined) return common;
        if (exit.kind === "fault")
          end(statusOf(exceptionSignals[exit.fault.vector] ?? "SIGSEGV"), exit.fault.reason);
        else end(statusOf("SIGSEGV"), `a process may not do this: ${exit.kind}`);
        return "suspend";
      },
    };
  },
};
