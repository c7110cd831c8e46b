// The operations that x86-64's semantics name are every ISA's.
export type * from "../operation.js";
