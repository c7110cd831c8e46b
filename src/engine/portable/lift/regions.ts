// Cuts a function that is too large for one unit into regions of one entry each, from which units are made: subtrees of
// the dominator tree, the rarely executed cut off first. Ways between them are tail calls.
import { type Graph, immediateDominators, reversePostorder } from "../../../wasm/control-flow-graph.js";

interface Weighted {
  /** What a node adds to its region's size. */
  readonly size: (node: number) => number;
  /** How often it has been executed, about. */
  readonly heat: (node: number) => number;
  /** It may be entered from other regions without being the entry of one. */
  readonly isOpen?: (node: number) => boolean;
}

/**
 * The region of every node: the node that it is entered at, -1 where a node is not reachable. Regions are of at most
 * `limit`, but for single nodes that are larger.
 */
export function regions(graph: Graph, limit: number, { size, heat, isOpen }: Weighted): Int32Array {
  const order = reversePostorder(graph);
  const idom = immediateDominators(graph, order);
  const isRoot = new Uint8Array(graph.length);
  isRoot[0] = 1;
  cut(order, idom, isRoot, limit, { size, heat });
  const region = new Int32Array(graph.length).fill(-1);
  // A node that another region leads to is entered there: a region of its own, which may make more of them.
  for (let changed = true; changed;) {
    changed = false;
    for (const node of order) region[node] = isRoot[node] === 1 ? node : (region[idom[node] ?? 0] ?? 0);
    for (const node of order) {
      for (const to of graph[node] ?? []) {
        if (isRoot[to] === 1 || region[to] === region[node] || isOpen?.(to) === true) continue;
        isRoot[to] = 1;
        changed = true;
      }
    }
  }
  return region;
}

/** Of the limit, what a subtree that is cut keeps: nodes above it, as a loop's head above its switch, are to have room too. */
const ROOM = 0.9;

/** Makes nodes roots until no subtree between them is larger than `limit`. */
function cut(
  order: readonly number[],
  idom: Int32Array,
  isRoot: Uint8Array,
  limit: number,
  { size, heat }: Weighted,
): void {
  const children: (number[] | undefined)[] = [];
  const weight = new Float64Array(isRoot.length);
  const warmth = new Float64Array(isRoot.length);
  for (const node of order) if (node !== 0) (children[idom[node] ?? 0] ??= []).push(node);
  for (let index = order.length - 1; index >= 0; index--) {
    const node = order[index] ?? 0;
    const below = children[node] ?? [];
    let sum = size(node);
    let hottest = heat(node);
    for (const child of below) {
      sum += weight[child] ?? 0;
      hottest = Math.max(hottest, warmth[child] ?? 0);
    }
    if (sum > limit) {
      below.sort((a, b) => (warmth[a] ?? 0) - (warmth[b] ?? 0) || (weight[b] ?? 0) - (weight[a] ?? 0));
      for (const child of below) {
        if (sum <= limit * ROOM) break;
        isRoot[child] = 1;
        sum -= weight[child] ?? 0;
      }
    }
    weight[node] = sum;
    warmth[node] = hottest;
  }
}
