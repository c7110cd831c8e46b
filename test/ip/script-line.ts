// The lines of scripts: FLAGS SEQ(LEN), then names with numbers behind them.
import assert from "node:assert/strict";

const flagLetters: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, ".": 16, U: 32 };
export const flagsOf = (text: string): number =>
  [...text].reduce((sum, letter) => sum | (flagLetters[letter] ?? 0), 0);

export interface SegmentLine {
  readonly flags: number;
  readonly seq: number;
  readonly length: number;
  readonly rest: readonly string[];
}

export function readSegmentLine(text: string): SegmentLine {
  const [, flags = "", seq = "", length = "0", rest = ""] =
    /^(\S+) (-?\d+)(?:\((\d+)\))?(.*)$/.exec(text) ?? assert.fail(`cannot read: ${text}`);
  return {
    flags: flagsOf(flags),
    seq: Number(seq),
    length: Number(length),
    rest: rest.trim().split(/\s+/).filter(Boolean),
  };
}

/** The `count` numbers behind `name`, where it is there. */
export function numbersAfter(rest: readonly string[], name: string, count: number): number[] | undefined {
  const at = rest.indexOf(name);
  return at < 0 ? undefined : rest.slice(at + 1, at + 1 + count).map(Number);
}
