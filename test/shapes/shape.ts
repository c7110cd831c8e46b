// What a generated program looks like: how much code, how control goes through it, and what the code is made of. Each program
// takes a number of steps, so that programs of any size do the same amount of work.

/**
 * How control goes through the segments (a few statements each) of a function: one after the other; by a jump table, one for
 * each; loops within loops; from each to any other, into the middle of loops too.
 */
export type Flow = "straight" | "switch" | "nest" | "graph";

/** Who calls whom: nobody; functions further down; any; any, by a table of pointers. */
export type Calls = "none" | "down" | "any" | "table";

export interface Shape {
  readonly name: string;
  readonly functions: number;
  /** Segments of each function: about 75 bytes each. 0: a leaf of 20 bytes without a frame. */
  readonly segments: number;
  readonly flow: Flow;
  /** Of each jump table; where they are more than segments, several lead to one. */
  readonly entries: number;
  readonly calls: Calls;
  /** How many calls of generated functions are under way at most. */
  readonly depth: number;
  /** Of all statements, those of floating point; and of these, those with both halves of a register. */
  readonly floats: number;
  readonly packed: number;
  /** Calls may be under a handler, to which what is called may jump: the stack pointer moves and nothing returns. */
  readonly exceptions: boolean;
}

const plain: Omit<Shape, "name"> = {
  functions: 1,
  segments: 16,
  flow: "straight",
  entries: 0,
  calls: "none",
  depth: 2,
  floats: 0.1,
  packed: 0.5,
  exceptions: false,
};

export const shape = (name: string, differences: Partial<Shape>): Shape => ({
  ...plain,
  ...differences,
  name,
});

/** One of each kind, small enough to be interpreted. */
export const kinds: readonly Shape[] = [
  shape("straight", { functions: 4, segments: 200 }),
  shape("switch", { segments: 40, flow: "switch", entries: 4096 }),
  shape("switches", { functions: 12, segments: 40, flow: "switch", calls: "down" }),
  shape("nest", { segments: 1000, flow: "nest" }),
  shape("irreducible", { functions: 6, segments: 60, flow: "graph", calls: "down" }),
  shape("leaves", { functions: 5000, segments: 0 }),
  shape("pointers", { functions: 400, segments: 3, calls: "table", depth: 3 }),
  shape("recursion", { functions: 30, segments: 5, flow: "graph", calls: "any", depth: 500 }),
  shape("handlers", { functions: 40, segments: 6, calls: "any", depth: 12, exceptions: true }),
  shape("scalars", { functions: 3, segments: 20, flow: "nest", floats: 0.9, packed: 0 }),
  shape("mixture", { functions: 3, segments: 20, flow: "nest", floats: 0.9, packed: 0.5 }),
  shape("vectors", { functions: 3, segments: 20, flow: "nest", floats: 0.9, packed: 1 }),
];
