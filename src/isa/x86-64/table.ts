// The whole instruction table, indexed by opcode when first asked: several rows may share an opcode and differ in
// prefixes, REX.W or ModRM; the most specific comes first.
import type { Row } from "./instruction.js";
import { type Encoding, opening, type OpcodeMap, parse } from "./notation.js";
import { integerRows } from "./rows/integer.js";
import { mmxRows } from "./rows/mmx.js";
import { sseFloatRows } from "./rows/sse-float.js";
import { sseIntegerRows } from "./rows/sse-integer.js";
import { sseMoveRows } from "./rows/sse-move.js";
import { x87Rows } from "./rows/x87.js";

export const table: readonly Row[] = [
  ...integerRows,
  ...sseMoveRows,
  ...sseFloatRows,
  ...sseIntegerRows,
  ...mmxRows,
  ...x87Rows,
];

let index: (readonly Row[] | undefined)[] | undefined;
/** What has been asked for of it: most of the table never is. */
const parsed: (readonly Encoding[] | undefined)[] = [];

/** How much an encoding asks for: the more, the earlier it is compared. */
function specificity(encoding: Encoding): number {
  return (
    (encoding.exact !== undefined && !encoding.plusIndex ? 64 : 0) +
    (encoding.exact === undefined ? 0 : 32) +
    (encoding.plusRegister ? 0 : 1) +
    (encoding.w === undefined ? 0 : 16) +
    (encoding.prefix === "any" || encoding.prefix === "unrepeated"
      ? 0
      : encoding.prefix === 0xf2 || encoding.prefix === 0xf3
        ? 10
        : 8) +
    (encoding.digit === undefined ? 0 : 2) +
    (encoding.mod === "any" ? 0 : 1)
  );
}

/** Every row of the table, parsed. */
export const encodings = (): readonly Encoding[] => table.map(parse);

/** Rows by opcode. */
function buildIndex(): (Row[] | undefined)[] {
  const built: (Row[] | undefined)[] = [];
  for (const row of table) {
    const { map, opcode, plusRegister } = opening(row);
    const count = plusRegister ? 8 : 1;
    for (let low = 0; low < count; low++) (built[map * 256 + opcode + low] ??= []).push(row);
  }
  return built;
}

const sorted = (rows: readonly Row[]): readonly Encoding[] =>
  rows.map(parse).sort((a, b) => specificity(b) - specificity(a));

/** The encodings that share an opcode, the most specific first. */
export function candidates(map: OpcodeMap, opcode: number): readonly Encoding[] {
  const at = map * 256 + opcode;
  index ??= buildIndex();
  return (parsed[at] ??= sorted(index[at] ?? []));
}
