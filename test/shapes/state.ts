// What generated code keeps where. Everything lives in registers from the first step to the last; functions have no arguments.

/** What integer statements compute with; rax, rcx and rdx are scratch between statements. */
export const accumulators = ["rbx", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11"] as const;

/** A sequence of random numbers, of which the upper half is random enough to branch on. */
export const randomState = "r12";
/** The address of `state`. */
export const base = "r13";
/** How many more calls may be under way. */
export const depthLeft = "r14";
/** Steps left; negative at the end. */
export const stepsLeft = "r15";

/** Offsets in `state`. */
export const at = {
  table: 0,
  /** Two masks of a double's fraction, and two of 1.0: both together bring any number to between 1 and 2. */
  fractions: 4096,
  ones: 4112,
  /** The stack pointer at the innermost handler, or 0. */
  handler: 4128,
  callerStack: 4136,
  vectors: 4144,
} as const;
export const stateSize = 4352;

const name32: Readonly<Record<string, string>> = { rbx: "ebx", rbp: "ebp", rsi: "esi", rdi: "edi" };
export const low32 = (register: string): string => name32[register] ?? `${register}d`;

/** The next random number. */
export const advance: readonly string[] = [
  `imul ${randomState}, ${randomState}, 0x41c64e6d`,
  `add ${randomState}, 12345`,
];

/** Puts a random number below `n` into rax. */
export const choose = (n: number): readonly string[] => [
  ...advance,
  `mov rax, ${randomState}`,
  "shr rax, 32",
  `imul rax, rax, ${n}`,
  "shr rax, 32",
];
