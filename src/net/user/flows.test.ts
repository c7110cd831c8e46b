// What is kept as long as it is used: time and bounds, without any of either.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createFlows } from "./flows.js";

function flows(most: number) {
  let time = 0;
  const closed: string[] = [];
  const made = createFlows<string>(
    { most, idleMsecs: (flow) => (flow.startsWith("short") ? 10 : 100) },
    () => time,
    (flow) => closed.push(flow),
  );
  const at = (now: number): void => {
    time = now;
    made.sweep(now);
  };
  return { made, closed, at };
}

test("each has its own patience, counted from its last use", () => {
  const { made, closed, at } = flows(9);
  made.add("a", "short a");
  made.add("b", "long b");
  at(9);
  assert.equal(made.get("a"), "short a");
  at(18);
  assert.deepEqual(closed, []);
  at(19);
  assert.deepEqual(closed, ["short a"]);
  assert.equal(made.get("a"), undefined);
  at(100);
  assert.deepEqual(closed, ["short a", "long b"]);
});

test("where there are too many, who has been silent longest goes", () => {
  const { made, closed } = flows(3);
  for (const key of ["a", "b", "c"]) made.add(key, key);
  made.get("a");
  made.add("d", "d");
  assert.deepEqual(closed, ["b"]);
  made.remove("a");
  made.remove("a");
  made.close();
  assert.deepEqual(closed, ["b", "a", "c", "d"]);
});
