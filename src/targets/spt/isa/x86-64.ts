// The process of an spt guest on x86-64. Intel SDM volume 3, 6.3, for the vectors; signal(7) for what they become.
import { bootInfoBase, stackGap } from "../../../abi/spt.js";
import type { SignalName } from "../../../abi/signals.js";
import type { SptMachine } from "./contract.js";

/** By vector; all others are SIGSEGV. */
const signals: Readonly<Record<number, SignalName>> = {
  0: "SIGFPE",
  1: "SIGTRAP",
  3: "SIGTRAP",
  6: "SIGILL",
  12: "SIGBUS",
  16: "SIGFPE",
  17: "SIGBUS",
  19: "SIGFPE",
};

export const x8664: SptMachine = {
  registers: (entry, memSize) => ({ rip: entry, rsp: memSize - stackGap["x86-64"], rdi: bootInfoBase }),
  tls: "fs_base",
  signalOf: ({ vector }) => signals[vector] ?? "SIGSEGV",
};
