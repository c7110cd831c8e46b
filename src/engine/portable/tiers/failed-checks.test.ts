// When a unit is made again for an instruction whose check fails: after many failures, and once for each unit.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FailedChecks } from "./failed-checks.js";

const PC = 0x1234;

/** Failures of an instruction in a unit until that is to be made again; undefined if it never is. */
function failuresUntil(failed: FailedChecks, entry: number): number | undefined {
  for (let count = 1; count <= 10_000; count++) if (failed.count(PC, entry)) return count;
  return undefined;
}

test("a check that fails now and then changes nothing, and one that fails often changes its unit once", () => {
  const failed = new FailedChecks();
  const first = failuresUntil(failed, 0x1000);
  assert.ok(first !== undefined && first >= 100);
  assert.ok(failed.has(PC) && !failed.has(PC + 1));
  assert.equal(failuresUntil(failed, 0x1000), undefined);
  assert.equal(failuresUntil(failed, 0x2000), 1);
});

test("a bounded number of units is made again for an instruction", () => {
  const failed = new FailedChecks();
  const made = Array.from({ length: 100 }, (_, unit) => failuresUntil(failed, unit));
  assert.ok(made.filter((count) => count !== undefined).length <= 8);
});
