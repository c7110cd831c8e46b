// State as data: copies, which come back whole as often as one likes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { stateIn, stateOfList, stateOfParts } from "./plain.js";

test("a saved state comes back whole, more than once, whatever happened to it", () => {
  const [one, other] = [{ list: [1, 2], bytes: Uint8Array.of(7) }, { low: undefined as number | undefined }];
  const owner = stateOfParts({ one: stateIn(one), others: stateOfList([stateIn(other)]) });
  const state = owner.save();
  for (let round = 0; round < 2; round++) {
    one.list.push(3);
    one.bytes[0] = 9;
    other.low = 5;
    owner.restore(state);
    assert.deepEqual([one, other], [{ list: [1, 2], bytes: Uint8Array.of(7) }, { low: undefined }]);
  }
});
