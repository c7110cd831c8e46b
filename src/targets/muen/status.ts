// How a subject ended: no status leaves a subject, but its bindings say it in the log, and ours in registers when they ask for
// the end. docs/abi.md 9.5.
import type { Stateful } from "../../bytes/plain.js";
import { exitStatus } from "../../abi/start.js";
import type { Registers } from "../../engine/contract.js";

/** RDI at the end, where RSI is the status and RDX the cookie. */
const toldMagic = 0x0035_6f6c_6f73n; // "solo5"

const said = /Solo5: (?:solo5_exit\((-?\d+)\) called|(solo5_abort\(\) called)|(ABORT: ))/g;
/** Longer lines are no one's that count. */
const tailMax = 256;

export interface EndStatus {
  /** Takes what the subject has printed. */
  hear(text: Uint8Array): void;
  of(registers: Registers): { readonly status: number; readonly cookie?: bigint };
  readonly stateful: Stateful;
}

export function createEndStatus(): EndStatus {
  let tail = "";
  let heard: number = exitStatus.success;
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
    of(registers) {
      if (registers.get("rdi") !== toldMagic) return { status: heard };
      return { status: Number(registers.get("rsi") & 0xffn), cookie: registers.get("rdx") };
    },
    stateful: {
      save: () => ({ tail, heard }),
      restore: (saved: { tail: string; heard: number }) => ({ tail, heard } = saved),
    },
  };
}
