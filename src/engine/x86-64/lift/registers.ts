// The registers of x86-64 as units have them.
import { RegisterFile } from "../../portable/ir/register-file.js";
import { state } from "../state.js";

/** General registers by their numbers. */
export const [RSP, RBP] = [4, 5] as const;

/** Status flags in the order of their slots, and their bit numbers in RFLAGS. */
export const flagNames = ["CF", "PF", "AF", "ZF", "SF", "OF"] as const;
export const flagPositions = [0, 2, 4, 6, 7, 11] as const;

export const registers = new RegisterFile({
  generals: 16,
  generalAt: state.gpr,
  vectors: 16,
  vectorAt: state.xmm,
  flags: flagNames.length,
  flagsOperationAt: state.flagsOperation,
  flagsAAt: state.flagsA,
  flagsBAt: state.flagsB,
  stackPointer: RSP,
  /** rbx, rbp, r12 to r15: System V ABI 3.2.1. */
  calleeSaved: [3, RBP, 12, 13, 14, 15],
  /** rdi, the first argument, and rax, the result: System V ABI 3.2.3. */
  passed: [RSP, 7, 0],
});
