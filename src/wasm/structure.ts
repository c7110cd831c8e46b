// Turns a control-flow graph into WebAssembly's blocks, loops and ifs, without duplicating a node. Norman Ramsey,
// "Beyond Relooper" (ICFP 2022): the dominator tree gives the nesting.
import {
  type Graph,
  immediateDominators,
  isReducible,
  positions,
  reversePostorder,
} from "./control-flow-graph.js";
import { reducible, type Reducible } from "./reducible.js";

/** Leaving a node by an edge: how many enclosing blocks, loops and ifs up, and the dispatch label to set before. */
export interface Branch {
  readonly node: number;
  readonly edge: number;
  readonly depth: number;
  readonly label: number | undefined;
}

/**
 * A structured program. A node's `code` is followed by what its last instruction does: nothing (a single successor
 * that follows in line), `branch`, `branchIf` (edge taken if the node's condition selects it), `if` (the arms of edges 0 and 1),
 * `switch`, `dispatch` (on the label), or `exit` for a node without successors.
 */
export type Part =
  | { readonly kind: "code"; readonly node: number }
  | { readonly kind: "exit"; readonly node: number }
  | { readonly kind: "block"; readonly body: readonly Part[] }
  | { readonly kind: "loop"; readonly node: number; readonly body: readonly Part[] }
  | { readonly kind: "branch"; readonly to: Branch }
  | { readonly kind: "branchIf"; readonly to: Branch }
  | {
      readonly kind: "if";
      readonly node: number;
      readonly zero: readonly Part[];
      readonly one: readonly Part[];
    }
  /** An inlined edge that sets the dispatch label. */
  | { readonly kind: "label"; readonly label: number }
  | { readonly kind: "switch"; readonly node: number; readonly depths: readonly number[] }
  | { readonly kind: "dispatch"; readonly targets: readonly number[]; readonly depths: readonly number[] };

/** What a branch can go to: the end of a block (then `node` follows), the start of a loop, or nothing (an if). */
interface Frame {
  readonly kind: "block" | "loop" | "if";
  readonly node: number;
}

export function structure(graph: Graph): Part[] {
  const order = reversePostorder(graph);
  const idom = immediateDominators(graph, order);
  // Nearly all are reducible as they are.
  if (isReducible(graph, order, idom)) return new Structurer({ successors: graph }, order, idom).parts();
  const changed = reducible(graph);
  const changedOrder = reversePostorder(changed.successors);
  const changedIdom = immediateDominators(changed.successors, changedOrder);
  return new Structurer(changed, changedOrder, changedIdom).parts();
}

/** What is known of a node, as bits. */
const LOOP = 1;
/** Reached by a branch to the end of a block: it has several ways in, or a switch before it. */
const MERGE = 2;
const REACHED = 4;

class Structurer {
  readonly #graph: Pick<Reducible, "successors"> & Partial<Reducible>;
  readonly #position: Int32Array;
  readonly #traits: Uint8Array;
  /** By node: those of the nodes it dominates at once that are merges, in the order of their positions. */
  readonly #merges: (number[] | undefined)[];
  readonly #frames: Frame[] = [];

  constructor(
    graph: Pick<Reducible, "successors"> & Partial<Reducible>,
    order: readonly number[],
    idom: Int32Array,
  ) {
    const { successors } = graph;
    this.#graph = graph;
    this.#position = positions(successors, order);
    this.#traits = new Uint8Array(successors.length);
    this.#merges = Array.from({ length: successors.length });
    for (const from of order) {
      const isSwitch = this.#isSwitch(from);
      for (const to of successors[from] ?? []) {
        const traits = this.#traits[to] ?? 0;
        if (this.#isBackEdge(from, to)) this.#traits[to] = traits | LOOP;
        else this.#traits[to] = traits | REACHED | (isSwitch || (traits & REACHED) !== 0 ? MERGE : 0);
      }
    }
    for (const node of order) {
      if (node !== 0 && this.#has(node, MERGE)) (this.#merges[idom[node] ?? 0] ??= []).push(node);
    }
  }

  parts(): Part[] {
    const out: Part[] = [];
    this.#tree(0, out);
    return out;
  }

  #has(node: number, trait: number): boolean {
    return ((this.#traits[node] ?? 0) & trait) !== 0;
  }
  #isSwitch(node: number): boolean {
    return (this.#graph.successors[node]?.length ?? 0) > 2 || this.#isDispatch(node);
  }
  #isDispatch(node: number): boolean {
    return this.#graph.isDispatch?.(node) === true;
  }
  #isBackEdge(from: number, to: number): boolean {
    return (this.#position[from] ?? -1) >= (this.#position[to] ?? -1);
  }
  #isInline(from: number, to: number): boolean {
    return !this.#isBackEdge(from, to) && !this.#has(to, MERGE);
  }

  #within(frame: Frame, body: (out: Part[]) => void): Part[] {
    const out: Part[] = [];
    this.#frames.push(frame);
    body(out);
    this.#frames.pop();
    return out;
  }

  #depthOf(from: number, to: number): number {
    const kind = this.#isBackEdge(from, to) ? "loop" : "block";
    for (let index = this.#frames.length - 1; index >= 0; index--) {
      const frame = this.#frames[index];
      if (frame?.node === to && frame.kind === kind) return this.#frames.length - 1 - index;
    }
    throw new Error(`no ${kind} encloses the branch to node ${to}`);
  }

  #tree(node: number, out: Part[]): void {
    const merges = this.#merges[node] ?? [];
    if (this.#has(node, LOOP)) {
      const body = this.#within({ kind: "loop", node }, (inner) =>
        this.#nested(node, merges, merges.length, inner),
      );
      out.push({ kind: "loop", node, body });
    } else this.#nested(node, merges, merges.length, out);
  }

  /** The node with the blocks that the first merges it dominates follow, the last of them outermost. */
  #nested(node: number, merges: readonly number[], count: number, out: Part[]): void {
    const last = merges[count - 1];
    if (last === undefined) return this.#withEnd(node, out);
    const body = this.#within({ kind: "block", node: last }, (inner) =>
      this.#nested(node, merges, count - 1, inner),
    );
    out.push({ kind: "block", body });
    this.#tree(last, out);
  }

  #branch(node: number, edge: number): Branch {
    const to = this.#graph.successors[node]?.[edge] ?? 0;
    return { node, edge, depth: this.#depthOf(node, to), label: this.#graph.labels?.[node]?.[edge] };
  }

  #follow(node: number, edge: number, out: Part[]): void {
    const to = this.#graph.successors[node]?.[edge] ?? 0;
    if (!this.#isInline(node, to)) return void out.push({ kind: "branch", to: this.#branch(node, edge) });
    const label = this.#graph.labels?.[node]?.[edge];
    if (label !== undefined) out.push({ kind: "label", label });
    this.#tree(to, out);
  }

  #withEnd(node: number, out: Part[]): void {
    const edges = this.#graph.successors[node] ?? [];
    const [first, second] = edges;
    out.push({ kind: "code", node });
    if (first === undefined) out.push({ kind: "exit", node });
    else if (this.#isSwitch(node)) {
      const depths = edges.map((to) => this.#depthOf(node, to));
      out.push(
        this.#isDispatch(node)
          ? { kind: "dispatch", targets: edges, depths }
          : { kind: "switch", node, depths },
      );
    } else if (second === undefined) this.#follow(node, 0, out);
    else if (!this.#isInline(node, first)) {
      out.push({ kind: "branchIf", to: this.#branch(node, 0) });
      this.#follow(node, 1, out);
    } else if (!this.#isInline(node, second)) {
      out.push({ kind: "branchIf", to: this.#branch(node, 1) });
      this.#follow(node, 0, out);
    } else {
      const frame: Frame = { kind: "if", node: -1 };
      const zero = this.#within(frame, (inner) => this.#follow(node, 0, inner));
      const one = this.#within(frame, (inner) => this.#follow(node, 1, inner));
      out.push({ kind: "if", node, zero, one });
    }
  }
}
