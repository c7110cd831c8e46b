// What belongs to a function: not what it jumps to at its end, unless that is small, and not what only looks like a table's entries.
import assert from "node:assert/strict";
import { test } from "node:test";
import { follow } from "../../portable/lift/follow.js";
import { codeOf, FUNCTION, jump, nop, OTHER, ret, TABLE } from "./code.cases.js";

test("a jump to what is called elsewhere leaves the function, unless that is small", () => {
  for (const [length, isPart] of [
    [10, true],
    [100, false],
  ] as const) {
    const other = [...Array.from({ length }, () => nop), ret];
    const parts = { [FUNCTION]: [nop, jump(FUNCTION + 1, OTHER)], [OTHER]: other };
    const found = follow(FUNCTION, codeOf(parts, { isEntry: (pc) => pc === OTHER }));
    assert.equal(found.instructions.has(OTHER), isPart);
    assert.equal(found.leaves, !isPart);
    // Who calls it not knows no other function there.
    assert.ok(follow(FUNCTION, codeOf(parts)).instructions.has(OTHER));
  }
});

test("where a jump's table ends is not known, it goes to what it has gone to", () => {
  const [first, second, third] = [FUNCTION + 0x100, FUNCTION + 0x200, FUNCTION + 0x300];
  const parts = { [FUNCTION]: ["ff 24 fd 00 80 00 00"], [first]: [ret], [second]: [ret], [third]: [ret] };
  const code = codeOf(parts, { jumpTargetsOf: () => [second] });
  const view = new DataView(code.bytes.buffer);
  [first, second, third].forEach((to, index) => view.setBigUint64(TABLE + 8 * index, BigInt(to), true));
  assert.deepEqual([...follow(FUNCTION, code).leaders], [FUNCTION, second]);
  assert.deepEqual(
    [...follow(FUNCTION, { ...code, tables: new Map(), jumpTargetsOf: () => [] }).leaders],
    [FUNCTION, first, second, third],
  );
});
