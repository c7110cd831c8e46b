// What translated functions, the root and the dispatcher agree on: types, imports, and the engine's words in the
// state area. docs/engine.md, "Calls".
import type { FunctionType, Import } from "../../../wasm/module.js";
import { state } from "../state.js";

/**
 * A unit: fuel in; the guest address where to go on and the fuel left out. All registers are in the state area at
 * both times. `LEAVE` in the address's place means that `rip` in the state area says where, and the dispatcher must look.
 */
const unitType: FunctionType = { params: ["i32"], results: ["i64", "i32"] };

/** A unit's name in its module. */
export const unitName = (entry: number): string => `0x${entry.toString(16)}`;

/** See `unitType`: no guest address is this. */
export const LEAVE = -(1n << 63n);

/** The types of every unit module, by index. */
export const types = {
  unit: 0,
  /** The address that follows in, 0 out where the interpreter's one instruction led there. */
  slow: 1,
  /** flagsOperation of the state area in, CF out. */
  carry: 1,
  settle: 2,
} as const;

export const moduleTypes: readonly FunctionType[] = [
  unitType,
  { params: ["i32"], results: ["i32"] },
  { params: [], results: [] },
];

/** Imported functions by index; a module's own follow. The root's module has `carry` itself, as its first. */
export const imported = { slow: 0, settle: 1, carry: 2, count: 3 } as const;

export const rootImports = (memoryPages: number, tableSize: number): readonly Import[] => [
  { module: "solo5", name: "memory", kind: "memory", min: memoryPages },
  { module: "solo5", name: "table", kind: "table", min: tableSize },
  { module: "solo5", name: "slow", kind: "function", type: types.slow },
  { module: "solo5", name: "settle", kind: "function", type: types.settle },
];

export const moduleImports = (memoryPages: number, tableSize: number): readonly Import[] => [
  ...rootImports(memoryPages, tableSize),
  { module: "solo5", name: "carry", kind: "function", type: types.carry },
];

/** The translator's words in the state area, offsets in bytes. */
export const words = {
  /** 4: why a unit left: `reasons`. */
  reason: state.translator,
  /** 8: the guest address that a missing function was called at. */
  missing: state.translator + 8,
  /** 4: the address of the latest RET, which the interpreter does again where its target is beyond 4 GiB. */
  returned: state.translator + 4,
  /** 8: rsp of a unit's entry must lie in [stackLow, stackLow + STACK_WINDOW): guest frames stand for V8's. */
  stackLow: state.translator + 16,
  /** 8 * `LOOKUP_ENTRIES`: a cache of units: guest address, then index in the table, by the address's low bits. */
  lookup: state.translator + 1024,
} as const;

export const LOOKUP_ENTRIES = 4096;

export const reasons = {
  none: 0,
  /** A check failed, or a stop test: the interpreter decides about the instruction at rip. */
  slow: 2,
  /** An instruction of the interpreter's led elsewhere, or its exit was answered by `suspend`. */
  stopped: 3,
  /** A function was called that is not translated. */
  called: 4,
} as const;

/**
 * The stack pointers with which units may be entered until the root is reached again. V8's own stack of 984 KiB holds
 * as many frames as there are return addresses in this many bytes.
 */
export const STACK_WINDOW = 16384;
/** How much of the window is above the root's stack pointer: callers that return one after the other. */
export const STACK_ABOVE = 4096;
/** Writable memory that is certain to be below and above the stack pointer at a unit's entry. */
export const FRAME_BELOW = 4096;
export const FRAME_ABOVE = 16;

/** Fuel in instructions (replay profile) that no unit uses up between two of its tests. */
export const COUNTED_MIN = 8192;

/** Whether there is room for a stack window; without, accesses near the stack pointer are checked one by one. */
export const hasStackWindow = ({ size, writable }: { size: number; writable: number }): boolean =>
  size - writable >= 2 * STACK_WINDOW + FRAME_BELOW + FRAME_ABOVE;
