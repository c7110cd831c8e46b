// Regions of random graphs: each is entered at one node, all of it is reached from there inside of it, and none is too large
// that could be cut.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { immediateDominators, reversePostorder } from "../../../wasm/control-flow-graph.js";
import { regions } from "./regions.js";

const graphs = fc
  .integer({ min: 1, max: 24 })
  .chain((size) =>
    fc.array(fc.array(fc.nat(size - 1), { maxLength: 3 }), { minLength: size, maxLength: size }),
  );
const numbers = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 24, maxLength: 24 });

test("a region is entered at its first node only, and lies below it in the dominator tree", () => {
  fc.assert(
    fc.property(graphs, numbers, numbers, fc.integer({ min: 1, max: 40 }), (graph, sizes, heats, limit) => {
      const found = regions(graph, limit, {
        size: (node) => sizes[node] ?? 1,
        heat: (node) => heats[node] ?? 1,
      });
      const order = reversePostorder(graph);
      const idom = immediateDominators(graph, order);
      const isReached = new Set(order);
      graph.forEach((edges, node) => {
        assert.equal((found[node] ?? -1) >= 0, isReached.has(node));
        if (!isReached.has(node)) return;
        const region = found[node] ?? -1;
        assert.equal(found[region], region);
        if (node !== region) assert.equal(found[idom[node] ?? -1], region);
        for (const to of edges) if (found[to] !== region) assert.equal(found[to], to, `${node} to ${to}`);
      });
      // What is larger than the limit is one node with children that are no larger region's.
      const weights = new Map<number, number>();
      for (const node of order) {
        const region = found[node] ?? 0;
        weights.set(region, (weights.get(region) ?? 0) + (sizes[node] ?? 1));
      }
      for (const [region, weight] of weights) if (weight > limit) assert.equal(weight, sizes[region]);
    }),
    { numRuns: 2000 },
  );
});

test("what has been executed least is cut off first, until there is some room", () => {
  // A node with ten arms of equal size: without one they would fit.
  const arms = [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], ...Array.from({ length: 10 }, () => [])];
  const heat = [100, 50, 1, 70, 80, 90, 60, 2, 30, 40, 20];
  const found = regions(arms, 105, { size: () => 10, heat: (node) => heat[node] ?? 0 });
  assert.deepEqual([...found], [0, 0, 2, 0, 0, 0, 0, 7, 0, 0, 0]);
});

test("a loop's head above its switch stays with it", () => {
  const graph = [[1], [2, 3, 4, 5, 6, 7, 8, 9, 10, 11], ...Array.from({ length: 10 }, () => [0])];
  const found = regions(graph, 100, { size: () => 10, heat: (node) => node });
  assert.equal(found[1], 0);
});

test("a node that may be entered from anywhere makes no region of its own", () => {
  // Two regions lead to a node that the first has.
  const graph = [[1, 2], [3], [3], []];
  const all = { size: (node: number) => (node === 3 ? 1 : 2), heat: () => 1 };
  const closed = regions(graph, 4, all);
  const open = regions(graph, 4, { ...all, isOpen: (node) => node === 3 });
  assert.equal(closed[3], 3);
  assert.notEqual(open[3], 3);
});
