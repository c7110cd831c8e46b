// The whole instruction table, indexed by opcode when first asked: several rows may share an opcode and differ in
// prefixes, REX.W or ModRM; the most specific comes first.
import type { Row } from "./instruction.js";
import { type Encoding, type OpcodeMap, parse } from "./notation.js";
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

let index: (readonly Encoding[] | undefined)[] | undefined;

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

function buildIndex(): (readonly Encoding[] | undefined)[] {
  const built: Encoding[][] = [];
  for (const encoding of encodings()) {
    const count = encoding.plusRegister ? 8 : 1;
    for (let low = 0; low < count; low++) {
      (built[encoding.map * 256 + encoding.opcode + low] ??= []).push(encoding);
    }
  }
  for (const list of built) list?.sort((a, b) => specificity(b) - specificity(a));
  return built;
}

/** The encodings that share an opcode, the most specific first. */
export function candidates(map: OpcodeMap, opcode: number): readonly Encoding[] {
  index ??= buildIndex();
  return index[map * 256 + opcode] ?? [];
}
