// Control-flow graphs as plain data: order, dominators and strongly connected components. Cooper, Harvey and
// Kennedy, "A Simple, Fast Dominance Algorithm"; Tarjan's components.

/** Node 0 is the entry; `successors[n]` lists where node n may go, an edge being a node and an index in its list. */
export type Graph = readonly (readonly number[])[];

/** The reachable nodes in reverse postorder: every node before its successors, back edges excepted. */
export function reversePostorder(successors: Graph): number[] {
  const order: number[] = [];
  const seen = new Uint8Array(successors.length);
  const stack = [0];
  const next = new Uint32Array(successors.length);
  seen[0] = 1;
  while (stack.length > 0) {
    const node = stack.at(-1) ?? 0;
    const edges = successors[node] ?? [];
    const edge = next[node] ?? 0;
    if (edge === edges.length) {
      order.push(node);
      stack.pop();
      continue;
    }
    next[node] = edge + 1;
    const to = edges[edge] ?? 0;
    if (seen[to] === 1) continue;
    seen[to] = 1;
    stack.push(to);
  }
  return order.reverse();
}

/** Where each node stands in an order; -1 for nodes that do not. */
export function positions(successors: Graph, order: readonly number[]): Int32Array {
  const position = new Int32Array(successors.length).fill(-1);
  for (let index = 0; index < order.length; index++) position[order[index] ?? 0] = index;
  return position;
}

/** The immediate dominator of every reachable node; the entry's is itself, an unreachable node's -1. */
export function immediateDominators(successors: Graph, order: readonly number[]): Int32Array {
  const position = positions(successors, order);
  const idom = new Int32Array(successors.length).fill(-1);
  idom[0] = 0;
  // Edges by where they lead to, as lists in one array: the first of a node's, then the next of the same node's.
  const firstEdge = new Int32Array(successors.length).fill(-1);
  const sources: number[] = [];
  const nextEdge: number[] = [];
  for (const node of order) {
    for (const to of successors[node] ?? []) {
      sources.push(node);
      nextEdge.push(firstEdge[to] ?? -1);
      firstEdge[to] = sources.length - 1;
    }
  }
  const meet = (left: number, right: number): number => {
    while (left !== right) {
      while ((position[left] ?? -1) > (position[right] ?? -1)) left = idom[left] ?? -1;
      while ((position[right] ?? -1) > (position[left] ?? -1)) right = idom[right] ?? -1;
    }
    return left;
  };
  for (let changed = true; changed;) {
    changed = false;
    for (let index = 1; index < order.length; index++) {
      const node = order[index] ?? 0;
      let best = -1;
      for (let edge = firstEdge[node] ?? -1; edge !== -1; edge = nextEdge[edge] ?? -1) {
        const from = sources[edge] ?? 0;
        if (idom[from] !== -1) best = best === -1 ? from : meet(from, best);
      }
      if (idom[node] !== best) {
        idom[node] = best;
        changed = true;
      }
    }
  }
  return idom;
}

/** Whether every loop has one entry: whoever goes back, goes back to a node that dominates it. */
export function isReducible(successors: Graph, order: readonly number[], idom: Int32Array): boolean {
  const position = positions(successors, order);
  for (let index = 0; index < order.length; index++) {
    for (const to of successors[order[index] ?? 0] ?? []) {
      const target = position[to] ?? 0;
      let at = index;
      while (at > target) at = position[idom[order[at] ?? 0] ?? 0] ?? 0;
      if (index >= target && at !== target) return false;
    }
  }
  return true;
}

/** Tarjan's numbers, kept from call to call since most regions are small parts of their graphs: 0 where a node has none. */
let numbers = new Int32Array(256);
let lows = new Int32Array(256);
let isOpen = new Uint8Array(256);

/** Strongly connected components of the nodes for which `inside` holds, those of one node without a self-edge left out. */
export function loops(
  successors: Graph,
  nodes: readonly number[],
  inside: (node: number) => boolean,
): number[][] {
  if (numbers.length < successors.length) {
    numbers = new Int32Array(successors.length * 2);
    lows = new Int32Array(successors.length * 2);
    isOpen = new Uint8Array(successors.length * 2);
  }
  const [number, low, open] = [numbers, lows, isOpen];
  const found: number[][] = [];
  const numbered: number[] = [];
  const pending: number[] = [];
  const path: number[] = [];
  const edges: number[] = [];
  for (const root of nodes) {
    if (number[root] !== 0) continue;
    let entered = root;
    for (;;) {
      if (entered >= 0) {
        numbered.push(entered);
        number[entered] = numbered.length;
        low[entered] = numbered.length;
        open[entered] = 1;
        pending.push(entered);
        path.push(entered);
        edges.push(0);
        entered = -1;
      }
      const top = path.at(-1);
      if (top === undefined) break;
      const edge = edges[edges.length - 1] ?? 0;
      const to = successors[top]?.[edge];
      if (to !== undefined) {
        edges[edges.length - 1] = edge + 1;
        if (number[to] === 0) {
          if (inside(to)) entered = to;
        } else if (open[to] === 1) low[top] = Math.min(low[top] ?? 0, number[to] ?? 0);
        continue;
      }
      path.pop();
      edges.pop();
      const parent = path.at(-1);
      if (parent !== undefined) low[parent] = Math.min(low[parent] ?? 0, low[top] ?? 0);
      if (low[top] !== number[top]) continue;
      const component = pending.splice(pending.lastIndexOf(top));
      for (const node of component) open[node] = 0;
      if (component.length > 1 || successors[top]?.includes(top) === true) found.push(component);
    }
  }
  for (const node of numbered) number[node] = 0;
  return found;
}
