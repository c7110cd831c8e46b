// Small innermost loops are repeated a few times, so that one stop test, V8's own test and what the registers are
// moved about for come once in several rounds.
import { type Graph, loops } from "../../../wasm/control-flow-graph.js";

/** Instructions that the repeated body of a loop may have. */
const MAX_INSTRUCTIONS = 40;
const MAX_ROUNDS = 4;

/** A copy of a node for another round: what the caller adds to its nodes, with the edges that go with it. */
interface Copy {
  readonly of: number;
  readonly edges: number[];
}

/**
 * Copies to be added behind the graph's nodes. Edges of the graph that lead back to a repeated loop's header are changed.
 * `size` tells a node's instructions, Infinity where it cannot be copied.
 */
export function unroll(graph: number[][], size: (node: number) => number): Copy[] {
  const copies: Copy[] = [];
  for (const { header, body } of innermost(graph)) {
    const instructions = body.reduce((sum, node) => sum + size(node), 0);
    const rounds = Math.min(MAX_ROUNDS, Math.floor(MAX_INSTRUCTIONS / Math.max(1, instructions)));
    const isBody = new Set(body);
    // Where each node of the body is in the round before, at first itself.
    let previous = new Map(body.map((node) => [node, node]));
    const edgesOf = (node: number): number[] =>
      (node < graph.length ? graph[node] : copies[node - graph.length]?.edges) ?? [];
    const originals = new Map(body.map((node) => [node, [...(graph[node] ?? [])]]));
    for (let round = 1; round < rounds; round++) {
      const base = graph.length + copies.length;
      const present = new Map(body.map((node, index) => [node, base + index]));
      for (const node of body) {
        const edges = (originals.get(node) ?? []).map((to) =>
          to === header || !isBody.has(to) ? to : (present.get(to) ?? to),
        );
        copies.push({ of: node, edges });
      }
      for (const node of body) {
        const edges = edgesOf(previous.get(node) ?? node);
        for (let edge = 0; edge < edges.length; edge++) {
          if (edges[edge] === header) edges[edge] = present.get(header) ?? header;
        }
      }
      previous = present;
    }
  }
  return copies;
}

/** Loops of one entry that have no loop inside. */
function innermost(graph: Graph): { header: number; body: number[] }[] {
  const found: { header: number; body: number[] }[] = [];
  let incoming: number[][] | undefined;
  const visit = (nodes: readonly number[]): void => {
    const members = new Set(nodes);
    for (const body of loops(graph, nodes, (node) => members.has(node))) {
      incoming ??= predecessors(graph);
      const isBody = new Set(body);
      const entries = new Set(isBody.has(0) ? [0] : []);
      for (const node of body) {
        if (incoming[node]?.some((from) => !isBody.has(from)) === true) entries.add(node);
      }
      const [header] = entries;
      if (header === undefined) continue;
      const rest = body.filter((node) => node !== header);
      const inner = new Set(rest);
      if (loops(graph, rest, (node) => inner.has(node)).length > 0) visit(rest);
      else if (entries.size === 1) found.push({ header, body });
    }
  };
  visit(graph.map((_, node) => node));
  return found;
}

function predecessors(graph: Graph): number[][] {
  const found: number[][] = graph.map(() => []);
  graph.forEach((edges, from) => {
    for (const to of edges) found[to]?.push(from);
  });
  return found;
}
