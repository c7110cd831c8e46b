// The spt target: a process that may make nine system calls, here without a kernel. The same table that a
// seccomp program is made of says what is allowed; all else ends the guest as the kernel would. docs/abi.md 4.
import { statusOf } from "../../abi/signals.js";
import { argumentRegisters, bootInfoBase, callRegisters, syscalls, type SyscallName } from "../../abi/spt.js";
import { guestMinBase } from "../../abi/start.js";
import type { Exit, Verdict } from "../../engine/contract.js";
import { storable } from "../../image/memory-map.js";
import { answerCommon, loadSegments, type Session, type SessionState, type Target } from "../contract.js";
import { sptCalls, writeEvents, type SptState } from "./calls.js";
import { machines } from "./isa/registry.js";
import { bootData, descriptorsOf, sptMap } from "./layout.js";
import { isAllowed, sptRules } from "./rules.js";

export const spt: Target = {
  exceptions: "exit",
  memory: sptMap,

  start(guest, { memory, registers }, host): Session {
    const { unikernel, memSize } = guest;
    const { isa } = unikernel;
    const machine = machines[isa];
    if (machine === undefined) throw new RangeError(`spt is not made for ${isa} without a kernel`);
    const numbers = descriptorsOf(guest);
    const data = bootData(guest, numbers);
    memory.bytes(bootInfoBase, data.length)?.set(data);
    loadSegments(unikernel, memory);
    for (const [name, value] of Object.entries(machine.registers(unikernel.entry, memSize)))
      registers.set(name, BigInt(value));

    const byDescriptor = <T>(devices: ReadonlyMap<number, T>): Map<bigint, T> =>
      new Map([...devices].map(([handle, device]) => [BigInt(numbers.devices.get(handle) ?? -1), device]));
    const nets = byDescriptor(host.nets);
    const blocks = byDescriptor(host.blocks);
    const { epollfd, timerfd } = numbers;
    const rules = sptRules(isa, {
      epollfd,
      timerfd,
      nets: [...nets.keys()].map(Number),
      blocks: [...blocks].map(([fd, { blockSize, capacity }]) => ({ fd: Number(fd), blockSize, capacity })),
    });
    let state: SessionState = { kind: "running" };
    const remembered: SptState = { deadline: 0n, waitArgs: [] };
    const context = {
      isa,
      memory,
      mayStore: storable(sptMap(guest), { start: guestMinBase, end: memSize }),
      host,
      nets,
      blocks,
      state: remembered,
      setTls: (base: bigint) => registers.set(machine.tls, base),
      exit: (status: number) => void end(status),
      wait: (deadline: bigint) => void (state = { kind: "waiting", deadline }),
    };
    const calls = sptCalls(context);

    const end = (status: number, message?: string): Verdict => {
      state = { kind: "ended", status, ...(message === undefined ? {} : { message }) };
      return "suspend";
    };
    const { nr, result } = callRegisters[isa];
    const names = callNames(isa);
    const systemCall = (): Verdict => {
      const name = names.get(registers.get(nr));
      const args = argumentRegisters[isa].map((register) => registers.get(register));
      if (name === undefined || !isAllowed(rules, name, args)) return end(statusOf("SIGSYS"));
      const value = calls[name](args);
      if (value === undefined) return "suspend";
      registers.set(result, value);
      return "resume";
    };

    return {
      get state() {
        return state;
      },
      wake() {
        registers.set(result, writeEvents(context, remembered.waitArgs));
        state = { kind: "running" };
      },
      stateful: {
        save: () => ({ state, ...remembered }),
        restore({ state: saved, ...rest }: SptState & { state: SessionState }) {
          state = saved;
          Object.assign(remembered, rest);
        },
      },
      answer(exit: Exit): Verdict {
        if (exit.kind === "syscall")
          // The filter allows calls of this ABI only.
          return exit.isCompat === true ? end(statusOf("SIGSYS")) : systemCall();
        const common = answerCommon(exit, host);
        if (common !== undefined) return common;
        if (exit.kind === "fault") return end(statusOf(machine.signalOf(exit.fault)), exit.fault.reason);
        return end(statusOf("SIGSEGV"), `a process may not do this: ${exit.kind}`);
      },
    };
  },
};

/** The calls by number. */
const callNames = (isa: keyof typeof syscalls): ReadonlyMap<bigint, SyscallName> =>
  new Map(
    (Object.keys(syscalls[isa]) as SyscallName[]).flatMap((name) => {
      const number = syscalls[isa][name];
      return number === null ? [] : [[BigInt(number), name] as const];
    }),
  );
