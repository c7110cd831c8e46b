// How a guest ended whose host takes no status: its bindings say it in the log, and ours in registers when they ask for the end.
// docs/abi.md 9.5 and 11.2.
import type { Stateful } from "../bytes/plain.js";
import { exitStatus } from "../abi/start.js";
import type { Registers } from "../engine/contract.js";

/** Registers at the end: a mark that they tell something, the status, and the cookie. */
export interface Told {
  readonly mark: string;
  readonly status: string;
  readonly cookie: string;
}

const toldMagic = 0x0035_6f6c_6f73n; // "solo5"

const said = /Solo5: (?:solo5_exit\((-?\d+)\) called|(solo5_abort\(\) called)|(ABORT: ))/g;
/** Longer lines are no one's that count. */
const tailMax = 256;

export interface EndStatus {
  /** Takes what the guest has printed. */
  hear(text: Uint8Array): void;
  /** `silent` is the status of a guest that has said nothing. */
  of(registers: Registers, silent?: number): { readonly status: number; readonly cookie?: bigint };
  readonly stateful: Stateful;
}

export function createEndStatus(told: Told): EndStatus {
  let tail = "";
  let heard: number | undefined;
  const decoder = new TextDecoder("latin1");
  return {
    hear(text) {
      tail += decoder.decode(text);
      if (!tail.includes("\n")) {
        tail = tail.slice(-tailMax);
        return;
      }
      for (const [, status] of tail.matchAll(said))
        heard = status === undefined ? exitStatus.abort : Number(status) & 0xff;
      tail = tail.slice(tail.lastIndexOf("\n") + 1);
    },
    of(registers, silent = exitStatus.success) {
      if (registers.get(told.mark) !== toldMagic) return { status: heard ?? silent };
      return { status: Number(registers.get(told.status) & 0xffn), cookie: registers.get(told.cookie) };
    },
    stateful: {
      save: () => ({ tail, heard }),
      restore: (saved: { tail: string; heard: number | undefined }) => ({ tail, heard } = saved),
    },
  };
}
