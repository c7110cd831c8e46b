// The genode target: a component of Genode, here without Genode. Its calls of the library are calls of ours. docs/abi.md 10.
import { functionNames } from "../../abi/genode.js";
import { statusOf } from "../../abi/signals.js";
import { viewOf } from "../../bytes/struct.js";
import { hex } from "../../bytes/text.js";
import type { Exit, Verdict } from "../../engine/contract.js";
import { storable } from "../../image/memory-map.js";
import { answerCommon, type GuestHost, type Session, type SessionState, type Target } from "../contract.js";
import { genodeCalls, type Outcome } from "./calls.js";
import { argumentRegisters, numberRegister, resultRegister } from "./isa/x86-64.js";
import { genodeMap, imageStart, writeMemory } from "./layout.js";

const running: SessionState = { kind: "running" };

export const genode: Target = {
  exceptions: "exit",
  memory: genodeMap,

  start(guest, { memory, registers }, host: GuestHost): Session {
    for (const [name, value] of Object.entries(writeMemory(guest, memory)))
      registers.set(name, BigInt(value));
    const mayStore = storable(genodeMap(guest), { start: imageStart(guest), end: guest.memSize });
    const calls = genodeCalls({ guest, memory, mayStore, host });
    let state: SessionState = running;
    /** Where a yield that waits is to put the devices that are ready; 0 is nowhere. */
    let readySet = 0n;

    const end = (status: number, message?: string): Verdict => {
      state = { kind: "ended", status, ...(message === undefined ? {} : { message }) };
      return "suspend";
    };
    const ready = (): bigint =>
      [...host.nets].reduce((set, [handle, net]) => (net.readable ? set | (1n << BigInt(handle)) : set), 0n);
    const tellReady = (set: bigint): void => {
      const place = readySet === 0n ? undefined : memory.bytes(readySet, 8);
      if (place !== undefined) viewOf(place).setBigUint64(0, set, true);
    };
    const settle = (outcome: Outcome): Verdict => {
      if ("value" in outcome) {
        registers.set(resultRegister, BigInt.asUintN(64, outcome.value));
        return "resume";
      }
      if ("badAccess" in outcome)
        return end(statusOf("SIGSEGV"), `Invalid guest access: ${hex(outcome.badAccess)}`);
      if ("state" in outcome) {
        ({ state } = outcome);
        return "suspend";
      }
      const { deadline } = outcome.waits;
      ({ readySet } = outcome.waits);
      const set = ready();
      if (set !== 0n || deadline <= host.clock.monotonic()) {
        tellReady(set);
        return "resume";
      }
      state = { kind: "waiting", deadline };
      return "suspend";
    };

    return {
      get state() {
        return state;
      },
      wake() {
        tellReady(ready());
        state = running;
      },
      stateful: {
        save: () => ({ state, readySet }),
        restore: (saved: { state: SessionState; readySet: bigint }) => ({ state, readySet } = saved),
      },
      answer(exit: Exit): Verdict {
        if (exit.kind === "syscall") {
          const name =
            exit.isCompat === true ? undefined : functionNames[Number(registers.get(numberRegister))];
          if (name === undefined)
            return end(statusOf("SIGSYS"), "a system call that is none of the library's");
          return settle(calls[name](argumentRegisters.map((register) => registers.get(register))));
        }
        const common = answerCommon(exit, host);
        if (common !== undefined) return common;
        const reason =
          exit.kind === "fault" ? exit.fault.reason : `a component may not do this: ${exit.kind}`;
        return end(statusOf("SIGSEGV"), reason);
      },
    };
  },
};
