// Everything is undone, last first, also where a step cannot be.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCleanup } from "./cleanup.js";

test("the last step is undone first, each once, and what is added meanwhile as well", () => {
  const undone: string[] = [];
  const cleanup = createCleanup();
  cleanup.push(() => undone.push("first"));
  cleanup.push(() => {
    undone.push("second");
    cleanup.push(() => undone.push("on the way"));
  });
  cleanup.release();
  cleanup.release();
  assert.deepEqual(undone, ["second", "on the way", "first"]);
});

test("an error keeps nothing open, and the first one is told", () => {
  const undone: string[] = [];
  const cleanup = createCleanup();
  const fails = (name: string) => () => {
    undone.push(name);
    throw new Error(name);
  };
  cleanup.push(() => undone.push("a"));
  cleanup.push(fails("b"));
  cleanup.push(() => undone.push("c"));
  cleanup.push(fails("d"));
  assert.throws(() => cleanup.release(), /^Error: d$/);
  assert.deepEqual(undone, ["d", "c", "b", "a"]);
});
