// The process of an spt guest on aarch64. Arm ARM (DDI 0487), D17.2.37, for the exception classes; Linux's signals for what they
// become.
import { bootInfoBase, stackGap } from "../../../abi/spt.js";
import type { SignalName } from "../../../abi/signals.js";
import type { SptMachine } from "./contract.js";

/** By exception class: undefined instructions, misaligned PC and SP, BRK. */
const signals: Readonly<Record<number, SignalName>> = {
  0x00: "SIGILL",
  0x22: "SIGBUS",
  0x26: "SIGBUS",
  0x3c: "SIGTRAP",
};
const DATA_ABORT = 0x24;
const STATUS = 0x3f;
const ALIGNMENT = 0b100001;

export const aarch64: SptMachine = {
  registers: (entry, memSize) => ({ pc: entry, sp: memSize - stackGap.aarch64, x0: bootInfoBase }),
  tls: "tpidr_el0",
  signalOf({ vector, code }) {
    if (vector === DATA_ABORT && (code & STATUS) === ALIGNMENT) return "SIGBUS";
    return signals[vector] ?? "SIGSEGV";
  },
};
