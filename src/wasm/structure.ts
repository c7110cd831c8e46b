// Turns a control-flow graph into WebAssembly's blocks, loops and ifs, without duplicating a node. Norman Ramsey,
// "Beyond Relooper" (ICFP 2022): the dominator tree gives the nesting.
import { type Graph, immediateDominators, predecessors, reversePostorder } from "./control-flow-graph.js";
import { reducible } from "./reducible.js";

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
  const { successors, labels, isDispatch } = reducible(graph);
  const order = reversePostorder(successors);
  const position = new Int32Array(successors.length).fill(-1);
  order.forEach((node, index) => (position[node] = index));
  const at = (node: number) => position[node] ?? -1;
  const idom = immediateDominators(successors, order);
  const incoming = predecessors(successors, order);
  const isSwitch = (node: number) => (successors[node]?.length ?? 0) > 2 || isDispatch(node);

  const isBackEdge = (from: number, to: number) => at(from) >= at(to);
  const isLoop = (node: number) => incoming[node]?.some((from) => isBackEdge(from, node)) === true;
  /** Reached by a branch to the end of a block: it has several ways in, or a switch before it. */
  const isMerge = (node: number) => {
    const forward = incoming[node]?.filter((from) => !isBackEdge(from, node)) ?? [];
    return forward.length > 1 || forward.some(isSwitch);
  };
  const children: number[][] = successors.map(() => []);
  for (const node of order) if (node !== 0) children[idom[node] ?? 0]?.push(node);

  const frames: Frame[] = [];
  const within = (frame: Frame, body: () => Part[]): Part[] => {
    frames.push(frame);
    const parts = body();
    frames.pop();
    return parts;
  };
  const depthOf = (to: number, isBack: boolean): number => {
    const kind = isBack ? "loop" : "block";
    for (let index = frames.length - 1; index >= 0; index--) {
      if (frames[index]?.kind === kind && frames[index]?.node === to) return frames.length - 1 - index;
    }
    throw new Error(`no ${kind} encloses the branch to node ${to}`);
  };

  const tree = (node: number): Part[] => {
    const merges = (children[node] ?? []).filter(isMerge).sort((left, right) => at(left) - at(right));
    if (!isLoop(node)) return nested(node, merges);
    return [{ kind: "loop", node, body: within({ kind: "loop", node }, () => nested(node, merges)) }];
  };
  /** The node with the blocks that the merges it dominates follow, the last of them outermost. */
  const nested = (node: number, merges: readonly number[]): Part[] => {
    const last = merges.at(-1);
    if (last === undefined) return withEnd(node);
    const body = within({ kind: "block", node: last }, () => nested(node, merges.slice(0, -1)));
    return [{ kind: "block", body }, ...tree(last)];
  };
  const isInline = (from: number, to: number) => !isBackEdge(from, to) && !isMerge(to);
  const branch = (node: number, edge: number): Branch => {
    const to = successors[node]?.[edge] ?? 0;
    return { node, edge, depth: depthOf(to, isBackEdge(node, to)), label: labels[node]?.[edge] };
  };
  const follow = (node: number, edge: number): Part[] => {
    const to = successors[node]?.[edge] ?? 0;
    if (!isInline(node, to)) return [{ kind: "branch", to: branch(node, edge) }];
    const label = labels[node]?.[edge];
    return label === undefined ? tree(to) : [{ kind: "label", label }, ...tree(to)];
  };
  const withEnd = (node: number): Part[] => {
    const code: Part = { kind: "code", node };
    const edges = successors[node] ?? [];
    const [first, second] = edges;
    if (first === undefined) return [code, { kind: "exit", node }];
    if (isSwitch(node)) {
      const depths = edges.map((to) => depthOf(to, isBackEdge(node, to)));
      return [
        code,
        isDispatch(node) ? { kind: "dispatch", targets: edges, depths } : { kind: "switch", node, depths },
      ];
    }
    if (second === undefined) return [code, ...follow(node, 0)];
    if (!isInline(node, first)) return [code, { kind: "branchIf", to: branch(node, 0) }, ...follow(node, 1)];
    if (!isInline(node, second)) return [code, { kind: "branchIf", to: branch(node, 1) }, ...follow(node, 0)];
    const frame: Frame = { kind: "if", node: -1 };
    const arms = [within(frame, () => follow(node, 0)), within(frame, () => follow(node, 1))] as const;
    return [code, { kind: "if", node, zero: arms[0], one: arms[1] }];
  };
  return tree(0);
}
