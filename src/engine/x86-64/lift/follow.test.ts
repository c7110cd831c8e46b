// What belongs to a function: not what it jumps to at its end, unless that is small, and not what only looks like a table's entries.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Code, follow } from "../../portable/lift/follow.js";
import { x86 } from "../isa.js";

const SIZE = 0x10000;
const [FUNCTION, OTHER, TABLE] = [0x1000, 0x2000, 0x8000];
const nop = "90";
const ret = "c3";

/** Code with instructions in hex from some addresses on. */
function codeOf(parts: Readonly<Record<number, readonly string[]>>, given: Partial<Code> = {}): Code {
  const bytes = new Uint8Array(SIZE);
  for (const [at, texts] of Object.entries(parts))
    bytes.set(Uint8Array.from(Buffer.from(texts.join("").replaceAll(" ", ""), "hex")), Number(at));
  return {
    isa: x86,
    bytes,
    shape: { base: 0, size: SIZE, readable: 0x1000, writable: 0xc000 },
    isExecutable: (pc) => pc >= FUNCTION && pc < TABLE,
    isEntry: () => false,
    isBoundary: () => false,
    isLargeUnit: () => false,
    addBoundary: () => {},
    counts: false,
    keepsFlags: false,
    exact: false,
    registerNow: () => 0,
    isKnown: () => true,
    isCalled: () => false,
    looksUp: () => false,
    hasRun: () => true,
    decoded: () => undefined,
    countAt: () => 0,
    targetsOf: () => [],
    jumpTargetsOf: () => [],
    jumpSourcesOf: () => [],
    functions: new Map(),
    tables: new Map(),
    ...given,
  };
}

/** jmp, of five bytes at `at`. */
function jump(at: number, to: number): string {
  const bytes = Buffer.alloc(5);
  bytes[0] = 0xe9;
  bytes.writeInt32LE(to - at - 5, 1);
  return bytes.toString("hex");
}

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
