// Where a unit begins whose address is in a loop, and how much of the function it has.
import assert from "node:assert/strict";
import { test } from "node:test";
import { follow } from "../../portable/lift/follow.js";
import { cutToLoop, loopOf } from "../../portable/lift/loops.js";
import { codeOf, FUNCTION, jump, nop, ret } from "./code.cases.js";

/** jnz, of six bytes at `at`. */
function branch(at: number, to: number): string {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(0x0f85);
  bytes.writeInt32LE(to - at - 6, 2);
  return bytes.toString("hex");
}

const nops = (count: number): string => nop.repeat(count);

test("a loop of a function that has much more is taken by itself", () => {
  for (const [before, behind, isWhole] of [
    [10, 500, false],
    [10, 50, true],
    [300, 100, true],
  ] as const) {
    // before; jnz HEAD; behind; ret
    const end = FUNCTION + before;
    const code = codeOf({ [FUNCTION]: [nops(before), branch(end, FUNCTION), nops(behind), ret] });
    const found = follow(FUNCTION, code);
    const loop = cutToLoop(FUNCTION, found, code);
    assert.equal(loop === found, isWhole, `${before} and ${behind}`);
    if (!isWhole) assert.equal(loop.instructions.size, before + 1);
  }
});

test("what is in no loop has all of its function", () => {
  const code = codeOf({ [FUNCTION]: [nops(400), ret] });
  const found = follow(FUNCTION, code);
  assert.equal(cutToLoop(FUNCTION, found, code), found);
});

test("a loop begins where most of its blocks go, whichever of them is hot", () => {
  // HEAD: nop; ARM: jnz ARM + 16; 15 bytes less; jmp HEAD; six arms, then a way out.
  const [arms, size] = [6, 16];
  const head = FUNCTION + 3;
  const armAt = (n: number) => head + 1 + n * size;
  const texts = Array.from({ length: arms }, (_, n) => {
    const at = armAt(n);
    return branch(at, armAt(n + 1)) + nops(5) + jump(at + 11, head);
  });
  const code = codeOf({ [FUNCTION]: [nops(3), nop, ...texts, ret] });
  const whole = follow(FUNCTION, code);
  for (let n = 1; n < arms; n++) assert.equal(loopOf(armAt(n), FUNCTION, whole, code).head, head);
  assert.equal(loopOf(head, FUNCTION, whole, code).head, head);
  // As far as it can be seen from inside.
  assert.equal(loopOf(armAt(2), armAt(2), follow(armAt(2), code), code).head, head);
  // What is in no loop begins where it is.
  assert.deepEqual(loopOf(FUNCTION, FUNCTION, whole, code), { head: FUNCTION, size: 0 });
});
