// Goes through the opcode maps on the real CPU and on an engine, and says where one executes what the other refuses, or
// reads an instruction as longer or shorter.
import { disassemble } from "../../src/isa/x86-64/disassembler.js";
import { type NewVcpu, runEngine } from "./differential.js";
import { runNative } from "./native.js";
import type { Point } from "./opcode-maps.js";
import {
  CODE,
  CODE_CASES,
  CODE_MAX,
  CODE_STRIDE,
  type State,
  WINDOW,
  initialFx,
  stateBefore,
} from "./state.js";

/** Registers point into the window, and counts are small. */
function stateAt(point: Point, n: number): State {
  const pc = CODE + n * CODE_STRIDE + CODE_STRIDE / 2;
  const code = new Uint8Array(CODE_MAX).fill(0xcc);
  code.set(point.bytes);
  const fx = initialFx();
  // Two registers of the x87 are free.
  fx[4] = 0x3f;
  const gpr = Array.from({ length: 16 }, () => BigInt(WINDOW + 256));
  gpr[1] = 3n;
  return stateBefore(pc, code, gpr, fx);
}

/** What became of it: the exception, or how long the instruction before the INT3 is. */
function outcome(before: State, after: State): string {
  if (after.trap === 3) return `executes ${after.rip - 1n - before.rip} bytes`;
  return after.trap === 6 ? "#UD" : `exception ${after.trap}`;
}

const hex = (bytes: readonly number[]) =>
  bytes.map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(" ");

export interface Difference {
  readonly point: Point;
  readonly text: string;
  readonly cpu: string;
  readonly engine: string;
}

/** Where they differ, in the order of the maps. */
export function sweep(newVcpu: NewVcpu, all: readonly Point[]): Difference[] {
  const found: Difference[] = [];
  for (let start = 0; start < all.length; start += CODE_CASES) {
    const batch = all.slice(start, start + CODE_CASES);
    const states = batch.map(stateAt);
    const expected = runNative(states);
    const actual = runEngine(newVcpu, states);
    batch.forEach((point, n) => {
      const [before, a, b] = [states[n], expected[n], actual[n]];
      if (before === undefined || a === undefined || b === undefined) return;
      const [cpu, engine] = [outcome(before, a), outcome(before, b)];
      if (cpu === engine) return;
      const text = `${hex(point.bytes)} (${disassemble(before.code, 0, Number(before.rip))})`;
      found.push({ point, text, cpu, engine });
    });
  }
  return found;
}
