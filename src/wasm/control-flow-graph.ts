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

/** Nodes by their predecessors, one entry to an edge; only edges from reachable nodes count. */
export function predecessors(successors: Graph, order: readonly number[]): number[][] {
  const out: number[][] = successors.map(() => []);
  for (const node of order) for (const to of successors[node] ?? []) out[to]?.push(node);
  return out;
}

/** The immediate dominator of every reachable node; the entry's is itself, an unreachable node's -1. */
export function immediateDominators(successors: Graph, order: readonly number[]): Int32Array {
  const position = new Int32Array(successors.length).fill(-1);
  order.forEach((node, index) => (position[node] = index));
  const incoming = predecessors(successors, order);
  const idom = new Int32Array(successors.length).fill(-1);
  idom[0] = 0;
  const at = (node: number) => position[node] ?? -1;
  const up = (node: number) => idom[node] ?? -1;
  const meet = (left: number, right: number): number => {
    while (left !== right) {
      while (at(left) > at(right)) left = up(left);
      while (at(right) > at(left)) right = up(right);
    }
    return left;
  };
  for (let changed = true; changed;) {
    changed = false;
    for (const node of order) {
      if (node === 0) continue;
      let best = -1;
      for (const from of incoming[node] ?? []) {
        if (up(from) !== -1) best = best === -1 ? from : meet(from, best);
      }
      if (up(node) !== best) {
        idom[node] = best;
        changed = true;
      }
    }
  }
  return idom;
}

/** Strongly connected components of the nodes for which `inside` holds, those of one node without a self-edge left out. */
export function loops(
  successors: Graph,
  nodes: readonly number[],
  inside: (node: number) => boolean,
): number[][] {
  const index = new Map<number, number>();
  const low = new Map<number, number>();
  const open: number[] = [];
  const isOpen = new Set<number>();
  const found: number[][] = [];
  const lower = (node: number, to: number | undefined) =>
    low.set(node, Math.min(low.get(node) ?? 0, to ?? Number.MAX_SAFE_INTEGER));

  for (const root of nodes) {
    if (index.has(root)) continue;
    const path: { node: number; edge: number }[] = [];
    const enter = (node: number) => {
      low.set(node, index.size);
      index.set(node, index.size);
      open.push(node);
      isOpen.add(node);
      path.push({ node, edge: 0 });
    };
    enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const to = successors[top.node]?.[top.edge++];
      if (to !== undefined) {
        if (!inside(to)) continue;
        if (!index.has(to)) enter(to);
        else if (isOpen.has(to)) lower(top.node, index.get(to));
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lower(parent.node, low.get(top.node));
      if (low.get(top.node) !== index.get(top.node)) continue;
      const component = open.splice(open.indexOf(top.node));
      for (const node of component) isOpen.delete(node);
      if (component.length > 1 || successors[top.node]?.includes(top.node) === true) found.push(component);
    }
  }
  return found;
}
