// Forms of the vector registers: whole, or with the low double or single in a slot of its own, so that a loop of scalars
// carries scalars.

/** Forms of a register. */
export const form = { whole: 0, double: 1, single: 2 } as const;
export type Form = (typeof form)[keyof typeof form];

/** The form of each register. */
export type Forms = readonly Form[];
