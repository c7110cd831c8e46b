// The registers of aarch64 as units have them.
import { SP } from "../../../isa/aarch64/emitter.js";
import { RegisterFile } from "../../portable/ir/register-file.js";
import { state } from "../state.js";

/** The general register with the return address. */
export const LR = 30;

/** Condition flags in the order of their slots, and their bit numbers in NZCV. */
export const flagNames = ["N", "Z", "C", "V"] as const;
export const [N, Z, C, V] = [0, 1, 2, 3] as const;
export const flagPositions = [31, 30, 29, 28] as const;

export const registers = new RegisterFile({
  generals: 32,
  generalAt: state.general,
  vectors: 32,
  vectorAt: state.simd,
  flags: flagNames.length,
  flagsOperationAt: state.flagsOperation,
  flagsAAt: state.flagsA,
  flagsBAt: state.flagsB,
  stackPointer: SP,
  /** X19 to X29: AAPCS64 6.1.1. */
  calleeSaved: [19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29],
  /** X0 and X1, first arguments and results: AAPCS64 6.4 and 6.5. */
  passed: [SP, 0, 1],
});
