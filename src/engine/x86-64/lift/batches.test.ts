// Units that are made again together, and units that would be too large for V8 as WebAssembly.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Batches } from "../../portable/translate/batches.js";
import { SlotMap } from "../../portable/link/slot-map.js";
import { codeOf, FUNCTION, nop, OTHER, ret } from "./code.cases.js";

const never = (): boolean => false;
/** Too long to be built in. */
const long = nop.repeat(200);

/** call, of five bytes at `at`. */
function call(at: number, to: number): string {
  const bytes = Buffer.alloc(5);
  bytes[0] = 0xe8;
  bytes.writeInt32LE(to - at - 5, 1);
  return bytes.toString("hex");
}

test("what calls a unit without asking the table is made again with it", () => {
  const third = 0x3000;
  const code = codeOf(
    {
      [FUNCTION]: [long, call(FUNCTION + 200, OTHER), ret],
      [OTHER]: [long, call(OTHER + 200, third), ret],
      [third]: [long, ret],
    },
    { countAt: () => 1000 },
  );
  const made = new Set<number>();
  const batches = new Batches(code, new SlotMap(1), 1, (key) => made.has(key));
  const entriesAgain = () => new Set(batches.again(third).map(({ entry }) => entry));
  assert.deepEqual(entriesAgain(), new Set([third]));
  // In a module of their own each, they ask.
  batches.translated(batches.gather([third], never));
  made.add(third);
  batches.translated(batches.gather([OTHER], never));
  assert.deepEqual(entriesAgain(), new Set([third]));
  made.clear();
  const units = batches.gather([FUNCTION], never);
  assert.equal(units.length, 3);
  batches.translated(units);
  assert.deepEqual(entriesAgain(), new Set([third, OTHER, FUNCTION]));
});

test("a unit that becomes much WebAssembly is cut until it fits", () => {
  // mov rdi, [rdi + 8]; jz on; add [rsi + 8], rsi; add [rax + 8], rax: each with a check of its own.
  const text = Array.from({ length: 490 }, () => "488b7f08 7404 48017608 48014008");
  const code = codeOf({ [FUNCTION]: [...text, ret] });
  const batches = new Batches(code, new SlotMap(1), 1, never);
  const [whole] = batches.gather([FUNCTION], never);
  assert.ok(whole !== undefined);
  const { units } = batches.translated([whole]);
  const [unit] = units;
  assert.ok(unit !== undefined && unit.code.body.length <= 58_000, `${unit?.code.body.length}`);
  assert.ok(unit.sizeBytes < whole.sizeBytes && unit.sizeBytes > whole.sizeBytes / 8);
});
