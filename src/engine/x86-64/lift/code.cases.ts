// The guest's code for tests of what is found in it: machine code in hex at some addresses.
import type { Code } from "../../portable/lift/follow.js";
import { x86 } from "../isa.js";

const SIZE = 0x10000;
export const [FUNCTION, OTHER, TABLE] = [0x1000, 0x2000, 0x8000];
export const nop = "90";
export const ret = "c3";

/** Code with instructions in hex from some addresses on. */
export function codeOf(parts: Readonly<Record<number, readonly string[]>>, given: Partial<Code> = {}): Code {
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
export function jump(at: number, to: number): string {
  const bytes = Buffer.alloc(5);
  bytes[0] = 0xe9;
  bytes.writeInt32LE(to - at - 5, 1);
  return bytes.toString("hex");
}
