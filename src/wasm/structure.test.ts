// Random graphs: the structured program visits the blocks that the graph does, whatever the conditions say.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Graph } from "./control-flow-graph.js";
import { type Branch, type Part, structure } from "./structure.js";

/** Which edge a node takes the nth time anything is decided. */
type Choose = (node: number, edges: number) => number;

const steps = 200;

function walk(graph: Graph, choose: Choose): number[] {
  const visited: number[] = [];
  for (let node = 0; visited.length < steps;) {
    visited.push(node);
    const edges = graph[node] ?? [];
    if (edges.length === 0) break;
    node = edges[edges.length === 1 ? 0 : choose(node, edges.length)] ?? 0;
  }
  return visited;
}

/** Runs parts; a number is how many frames a branch still has to leave, "done" ends. */
function interpret(graph: Graph, parts: readonly Part[], choose: Choose): number[] {
  const visited: number[] = [];
  let label = -1;
  let choice = -1;
  let passes = 0;
  type Outcome = number | "done" | "next";
  const take = (to: Branch): number => {
    if (to.label !== undefined) label = to.label;
    return to.depth;
  };
  const run = (body: readonly Part[]): Outcome => {
    for (const part of body) {
      const outcome = step(part);
      if (outcome !== "next") return outcome;
    }
    return "next";
  };
  const leave = (outcome: Outcome): Outcome =>
    outcome === 0 ? "next" : typeof outcome === "number" ? outcome - 1 : outcome;
  const step = (part: Part): Outcome => {
    switch (part.kind) {
      case "code": {
        const edges = graph[part.node];
        if (edges === undefined) return "next";
        visited.push(part.node);
        if (visited.length === steps) return "done";
        if (edges.length > 1) choice = choose(part.node, edges.length);
        return "next";
      }
      case "exit":
        return "done";
      case "block":
        return leave(run(part.body));
      case "loop":
        for (;;) {
          assert.ok(passes++ < 10 * steps, "a loop goes round without visiting a block");
          const outcome = run(part.body);
          if (outcome !== 0) return leave(outcome);
        }
      case "branch":
        return take(part.to);
      case "branchIf":
        return part.to.edge === choice ? take(part.to) : "next";
      case "if":
        return leave(run(choice === 0 ? part.zero : part.one));
      case "label":
        label = part.label;
        return "next";
      case "switch":
        return part.depths[choice] ?? assert.fail();
      case "dispatch":
        return part.depths[label] ?? assert.fail();
      default:
        return part satisfies never;
    }
  };
  const outcome = run(parts);
  assert.ok(outcome === "done", `the program ends at an exit, not by ${String(outcome)}`);
  return visited;
}

function chooser(choices: readonly number[]): Choose {
  let count = 0;
  return (node, edges) => ((choices[count++ % choices.length] ?? 0) + node) % edges;
}

const graphs = fc
  .integer({ min: 1, max: 14 })
  .chain((size) =>
    fc.array(fc.array(fc.nat(size - 1), { maxLength: 4 }), { minLength: size, maxLength: size }),
  );

test("a structured program visits the blocks of its graph", () => {
  fc.assert(
    fc.property(graphs, fc.array(fc.nat(11), { minLength: 1, maxLength: 40 }), (graph, choices) => {
      const parts = structure(graph);
      assert.deepEqual(interpret(graph, parts, chooser(choices)), walk(graph, chooser(choices)));
    }),
    { numRuns: 3000 },
  );
});

test("a loop with two entries gets one dispatch", () => {
  const parts = structure([[1, 2], [2, 3], [1], []]);
  const dispatches = (body: readonly Part[]): number =>
    body.reduce((sum, part) => {
      const inner =
        part.kind === "block" || part.kind === "loop"
          ? dispatches(part.body)
          : part.kind === "if"
            ? dispatches(part.zero) + dispatches(part.one)
            : 0;
      return sum + inner + (part.kind === "dispatch" ? 1 : 0);
    }, 0);
  assert.equal(dispatches(parts), 1);
});
