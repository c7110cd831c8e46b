// Why the guest stands still, in gdb's terms: signals by gdb's numbers, and stop replies. GDB manual, appendix E.3.
import { exitStatus } from "../../abi/start.js";
import type { Ended } from "../../tender/instrument.js";

export const signals = { int: 2, ill: 4, trap: 5, abort: 6, fpe: 8, kill: 9, segv: 11 } as const;
/** By the vector of the exception; any other is a SIGSEGV. */
const signalOfFault: Readonly<Record<number, number>> = {
  0: signals.fpe,
  6: signals.ill,
  16: signals.fpe,
  19: signals.fpe,
};

/** What a guest dies of that has a fault; an access that the host refuses is always a SIGSEGV. */
export const faultSignal = (vector: number, refusedBy: "guest" | "host"): number =>
  (refusedBy === "guest" ? signalOfFault[vector] : undefined) ?? signals.segv;

const digits = (byte: number): string => byte.toString(16).padStart(2, "0");

/** `more` are pairs with their semicolons. */
export const stopReply = (signal: number, more = ""): string => `T${digits(signal)}thread:1;${more}`;
/** Before the guest has begun. */
export const firstReply = `S${digits(signals.trap)}`;
export const exitReply = (status: number): string => `W${digits(status)}`;

/** What gdb has to hear of an end that it has not heard of before. */
export const fatalSignal = ({ status }: Pick<Ended, "status">): number | undefined =>
  status === exitStatus.abort ? signals.abort : undefined;
