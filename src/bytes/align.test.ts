// Rounding, by its definition.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { alignDown, alignUp } from "./align.js";

test("rounding gives the nearest multiple on its side", () => {
  const unit = fc.nat(16).map((shift) => 2 ** shift);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 52 }), unit, (value, unit) => {
      const [down, up] = [alignDown(value, unit), alignUp(value, unit)];
      assert.equal(down % unit, 0);
      assert.equal(up % unit, 0);
      assert.ok(down <= value && value - down < unit);
      assert.ok(up >= value && up - value < unit);
    }),
  );
});
