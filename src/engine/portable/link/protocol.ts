// What translated functions, the root and the dispatcher agree on: types, imports, and the engine's words in the
// state area. docs/engine.md, "Calls".
import type { FunctionType, Import } from "../../../wasm/module.js";
import type { GuestIsa } from "../guest-isa.js";
import { state } from "../memory/state.js";

/**
 * A unit: fuel, depth and three registers of the guest (`RegisterSpec.passed`) in; the guest address where to go on and
 * the fuel left out. All registers are in the state area at both times, those three as well; V8 passes no more than five
 * in machine registers. `LEAVE` in the address's place means that `pc` in the state area says where, and the dispatcher
 * must look. Depth is how many bytes of V8's stack may still be used.
 */
const unitType: FunctionType = { params: ["i32", "i32", "i64", "i64", "i64"], results: ["i64", "i32"] };
export const UNIT_PARAMETERS = unitType.params.length;

/** A unit's name in its module. */
export const unitName = (entry: number): string => `0x${entry.toString(16)}`;

/** See `unitType`: no guest address is this. */
export const LEAVE = -(1n << 63n);

/** The types of every unit module, by index; those of the ISA's functions follow. */
export const types = {
  unit: 0,
  /** The address that follows in, 0 out where the interpreter's one instruction led there. */
  slow: 1,
  settle: 2,
  /** Fuel and depth in, the fuel left out: goes on at `words.elsewhere`, and says in `words.target` where it came to. */
  elsewhere: 3,
  /** A place of the table in, which has what belongs there from then on. */
  need: 1,
  /** Of a block: what a unit gives. */
  result: 4,
} as const;

const ownTypes: readonly FunctionType[] = [
  unitType,
  { params: ["i32"], results: ["i32"] },
  { params: [], results: [] },
  { params: ["i32", "i32"], results: ["i32"] },
  { params: [], results: unitType.results },
];

/** The type of the ISA's helper by its position, and of its function made on demand, behind so many helpers. */
export const helperType = (position: number): number => ownTypes.length + position;
export const onDemandType = (helpers: number, position: number): number =>
  ownTypes.length + helpers + position;

export const moduleTypes = ({ helpers, onDemand }: GuestIsa): readonly FunctionType[] => [
  ...ownTypes,
  ...helpers.map(({ type }) => type),
  ...onDemand.map(({ type }) => type),
];

/**
 * Places in the table: the first is for all that is missing, then come functions made on demand: until they are there,
 * functions that have them put there and leave the instruction. Then units.
 */
export const MISSING_SLOT = 0;
export const onDemandSlot = (position: number): number => 1 + position;
export const firstSlot = ({ onDemand }: GuestIsa): number => onDemandSlot(onDemand.length);

/** Imported functions by index; the ISA's helpers follow, which the root's module has itself as its first. */
export const imported = { slow: 0, settle: 1, missing: 2, failed: 3 } as const;
export const helperIndex = (position: number): number => imported.failed + 1 + position;
/** A unit module's own functions begin here. */
export const importedCount = ({ helpers }: GuestIsa): number => helperIndex(helpers.length);

export const rootImports = (memoryPages: number, tableSize: number): readonly Import[] => [
  { module: "solo5", name: "memory", kind: "memory", min: memoryPages },
  { module: "solo5", name: "table", kind: "table", min: tableSize },
  { module: "solo5", name: "slow", kind: "function", type: types.slow },
  { module: "solo5", name: "settle", kind: "function", type: types.settle },
  { module: "solo5", name: "missing", kind: "function", type: types.elsewhere },
  { module: "solo5", name: "failed", kind: "function", type: types.elsewhere },
];

/** The root has one more. */
export const rootOnly: readonly Import[] = [
  { module: "solo5", name: "need", kind: "function", type: types.need },
];

export const moduleImports = (
  { helpers }: GuestIsa,
  memoryPages: number,
  tableSize: number,
): readonly Import[] => [
  ...rootImports(memoryPages, tableSize),
  ...helpers.map(({ name }, position) => ({
    module: "solo5",
    name,
    kind: "function" as const,
    type: helperType(position),
  })),
];

/** The translator's words in the state area, offsets in bytes. */
export const words = {
  /** 4: the address of the latest return, which the interpreter does again where its target is beyond 4 GiB. */
  returned: state.translator,
  /** 4: the guest address that is gone on at where there is no unit, or that a unit leaves at. */
  elsewhere: state.translator + 8,
  /** 4: the entry of the unit whose check failed. */
  unit: state.translator + 88,
  /** 4: how far above the stack pointer the return address of the function is that goes on there; or `CAREFUL`. */
  frame: state.translator + 12,
  /** 8: where that led to, as a unit returns it. */
  target: state.translator + 16,
  /** 8: the root returns where the stack pointer is a little above this: its caller's frames wait for what comes then. */
  returnAbove: state.translator + 24,
  /** 8: where a register has return addresses, that of the function that a check failed in; -1 where nobody waits for a return. */
  link: state.translator + 64,
  /** 8: where the caller's frames that wait go on. */
  returnsTo: state.translator + 72,
  /** 8: the latest indirect jump that left a unit, or 0, and above it where that went: if to `elsewhere`, there was no unit. */
  jump: state.translator + 80,
  /** 32 bytes that the ISA's functions have for results. */
  results: state.translator + 32,
} as const;

/** In `words.frame`: the unit that is wanted relies on nothing around the stack pointer. */
export const CAREFUL = 0x8000_0000;
/** Slots of such units are kept for a function's address and this. */
export const CAREFUL_KEY = 2 ** 32;

/** A stack pointer that is farther above is on another stack. */
export const RETURN_SPAN = 65536;

/** Buckets of two entries, each 8 bytes: a unit's guest address, then its index in the table. */
export const LOOKUP_BUCKETS = 65536;

/** Accesses that are farther from the stack pointer at a unit's entry are checked by themselves. */
export const MAX_FRAME = 65536;
/** Plain memory below which a unit does not look where its stack is. */
const LEAST_PLAIN = 65536;
/** Bytes of V8's stack for translated code, of the 984 KiB that there are. */
export const STACK_BYTES = 500_000;
/** What the interpreter and whoever it asks may need of it. */
export const STACK_RESERVE = 100_000;
/** What going through the interpreter takes. */
export const STACK_FOR_INTERPRETER = 6_000;

/** Fuel in instructions (replay profile) that no unit uses up between two of its tests. */
export const COUNTED_MIN = 8192;

/** Whether units look once where their stack is; without, accesses near the stack pointer are checked one by one. */
export const checksStackAtEntry = ({ size, writable }: { size: number; writable: number }): boolean =>
  size - writable >= LEAST_PLAIN;
