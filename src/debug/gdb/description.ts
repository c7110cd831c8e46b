// The target description: which registers there are, in which order and of which type, as the XML that gdb reads and as
// the layout of its `g` and `p` packets. GDB manual, appendix G.

/** A register as gdb sees it; its number is its place among all of them. */
export interface GdbRegister {
  readonly name: string;
  readonly bits: number;
  /** One of gdb's types, or one that the feature defines. */
  readonly type: string;
  /** The engine's name for it (`Registers`); a register that the engine does not have is unavailable to gdb. */
  readonly source: string;
}

export interface GdbFeature {
  readonly name: string;
  /** XML that defines types. */
  readonly types?: string;
  readonly registers: readonly GdbRegister[];
}

export interface Architecture {
  /** As gdb calls it. */
  readonly name: string;
  /** The engine's name of the program counter. */
  readonly pc: string;
  /** Debuggers expect to hear of a watchpoint before the access, and see to it that the guest gets past. */
  readonly watchesBefore: boolean;
  readonly features: readonly GdbFeature[];
}

/** All registers in the order of their numbers. */
export const registersOf = ({ features }: Architecture): readonly GdbRegister[] =>
  features.flatMap(({ registers }) => registers);

/** The document `target.xml`. */
export function describe({ name, features }: Architecture): string {
  const body = features.map((feature) => {
    const registers = feature.registers.map(
      (register) => `<reg name="${register.name}" bitsize="${register.bits}" type="${register.type}"/>`,
    );
    return `<feature name="${feature.name}">${feature.types ?? ""}${registers.join("")}</feature>`;
  });
  return `<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target version="1.0"><architecture>${name}</architecture>${body.join("")}</target>`;
}

/** `count` registers NAME0, NAME1…, which the engine calls the same. */
export const numbered = (prefix: string, count: number, bits: number, type: string): readonly GdbRegister[] =>
  Array.from({ length: count }, (_, n) => ({ name: `${prefix}${n}`, bits, type, source: `${prefix}${n}` }));

/** Registers whose names are the engine's. */
export const named = (names: string, bits: number, type: string): readonly GdbRegister[] =>
  names.split(" ").map((name) => ({ name, bits, type, source: name }));
