// Gives every loop one entry: a loop with several gets a dispatch node in front, through which all edges to its
// entries go with a label that says which one is meant. GCC's jump-threaded state machines need it.
import { type Graph, loops, reversePostorder } from "./control-flow-graph.js";

/**
 * The graph with dispatch nodes (and, between a switch and a dispatch node, empty ones) added behind the given nodes.
 * A dispatch node goes to the successor that the label selects.
 */
export interface Reducible {
  readonly successors: Graph;
  /** For an edge, `labels[node][edge]`: the label to set when it is taken; undefined where none is. */
  readonly labels: readonly (readonly (number | undefined)[])[];
  readonly isDispatch: (node: number) => boolean;
}

export function reducible(graph: Graph): Reducible {
  const successors = graph.map((edges) => [...edges]);
  const labels: (number | undefined)[][] = graph.map((edges) => edges.map(() => undefined));
  const dispatchers = new Set<number>();
  const result = { successors, labels, isDispatch: (node: number) => dispatchers.has(node) };

  const add = (to: number[]): number => {
    successors.push(to);
    labels.push(to.map(() => undefined));
    return successors.length - 1;
  };

  /** Leads every edge to one of the entries through a new node. */
  const dispatch = (entries: readonly number[]): number => {
    const node = add([...entries]);
    dispatchers.add(node);
    for (let from = 0; from < node; from++) {
      const edges = successors[from] ?? [];
      for (let edge = 0; edge < edges.length; edge++) {
        const label = entries.indexOf(edges[edge] ?? -1);
        if (label < 0) continue;
        const isSwitch = edges.length > 2 || dispatchers.has(from);
        const source = isSwitch ? add([node]) : from;
        if (isSwitch) edges[edge] = source;
        else edges[edge] = node;
        const sourceLabels = labels[source];
        if (sourceLabels !== undefined) sourceLabels[isSwitch ? 0 : edge] = label;
      }
    }
    return node;
  };

  /** Nodes of one region from which the header has been taken: what still goes round in it is an inner loop. */
  const visit = (region: readonly number[]): void => {
    const members = new Set(region);
    for (const loop of loops(successors, region, (node) => members.has(node))) {
      const body = new Set(loop);
      const isEntry = new Set(loop.includes(0) ? [0] : []);
      for (const from of reversePostorder(successors)) {
        if (body.has(from)) continue;
        for (const to of successors[from] ?? []) if (body.has(to)) isEntry.add(to);
      }
      const entries = [...isEntry];
      const [first] = entries;
      if (first === undefined) continue;
      const before = successors.length;
      const header = entries.length > 1 ? dispatch(entries) : first;
      const added = successors.length - before;
      // The empty nodes that the dispatch needed stand inside the loop where their switch does.
      const inner = [...loop, ...Array.from({ length: added }, (_, index) => before + index)];
      visit(inner.filter((node) => node !== header));
    }
  };

  visit(reversePostorder(graph));
  return result;
}
