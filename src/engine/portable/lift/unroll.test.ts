// Unrolled graphs: a walk visits the same nodes, copies taken for what they are copies of.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { unroll } from "./unroll.js";

const graphs = fc
  .integer({ min: 1, max: 10 })
  .chain((size) =>
    fc.array(fc.array(fc.nat(size - 1), { maxLength: 3 }), { minLength: size, maxLength: size }),
  );

test("a walk over an unrolled graph visits the blocks of the graph", () => {
  fc.assert(
    fc.property(graphs, fc.array(fc.nat(5), { minLength: 60, maxLength: 60 }), (graph, choices) => {
      const walk = (edges: readonly (readonly number[])[], of: (node: number) => number): number[] => {
        const visited: number[] = [];
        let node = 0;
        for (const choice of choices) {
          visited.push(of(node));
          const next = edges[node] ?? [];
          if (next.length === 0) break;
          node = next[choice % next.length] ?? 0;
        }
        return visited;
      };
      const expected = walk(graph, (node) => node);
      const changed = graph.map((edges) => [...edges]);
      const copies = unroll(changed, () => 3);
      const whole = [...changed, ...copies.map(({ edges }) => edges)];
      const of = (node: number) => (node < graph.length ? node : (copies[node - graph.length]?.of ?? -1));
      assert.deepEqual(walk(whole, of), expected);
    }),
    { numRuns: 2000 },
  );
});
