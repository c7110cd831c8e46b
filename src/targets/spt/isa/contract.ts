// What the process of an spt guest is on one ISA: its first registers, those of a system call, and the signals that exceptions
// become. docs/abi.md 4.
import type { SignalName } from "../../../abi/signals.js";
import type { Fault } from "../../../engine/contract.js";

export interface SptMachine {
  /** At the first instruction; all others are 0. */
  registers(entry: number, memSize: number): Readonly<Record<string, number>>;
  /** The register that thread-local storage is found by, where a call sets it. */
  readonly tls: string;
  /** The signal that a CPU exception becomes. */
  signalOf(fault: Fault): SignalName;
}
