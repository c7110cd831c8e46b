// What slow instructions work on: the CPU's state, memory, and the way out.
import { SP } from "../../isa/aarch64/emitter.js";
import type { Instruction } from "../../isa/aarch64/instruction.js";
import type { Exit } from "../contract.js";
import type { Cpu } from "./cpu.js";
import type { ProcessMemory } from "./memory.js";

export interface Machine {
  readonly cpu: Cpu;
  readonly memory: ProcessMemory;
  /** Floating point is to be as FPCR has it, with all its exceptions. */
  readonly isExact: boolean;
  /** Exceptions are kept although nobody has asked for them yet. */
  readonly keepsExceptions: boolean;
  /** Asks the host; what `answer` filled in is in `exit`. */
  ask(exit: Exit): void;
}

/** An instruction done on the state itself. Throws `GuestFault` before any effect. */
export type Slow = (m: Machine, i: Instruction) => void;
/** Whether what is interpreted tells FPSR of its exceptions. */
export const keepsFlags = ({ isExact, keepsExceptions }: Machine): boolean => isExact || keepsExceptions;

/** A general register where 31 is ZR. */
export const readGeneral = ({ cpu }: Machine, index: number): bigint =>
  index === SP ? 0n : cpu.general(index);
export function writeGeneral({ cpu }: Machine, index: number, value: bigint): void {
  if (index !== SP) cpu.setGeneral(index, value);
}
