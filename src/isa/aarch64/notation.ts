// Parses the notation of encodings (`sf 0 0 01011 shift 0 Rm imm6 Rn Rd`), most significant bit first as the manual draws
// them: bits as 0 and 1, fields by name, fields whose bits are part of the opcode (`sf=1`), immediates with their width (`imm12` unsigned, `simm9` signed).
import { type Field, fieldWidths, type Row } from "./instruction.js";

/** Where a field lies in the word. */
export interface Part {
  readonly field: Field;
  readonly at: number;
  readonly width: number;
  readonly isSigned: boolean;
}

/** One encoding, parsed: a word is one of its instructions where `word & mask` is `value`. */
export interface Encoding {
  readonly row: Row;
  readonly mask: number;
  readonly value: number;
  readonly parts: readonly Part[];
}

const isField = (name: string): name is keyof typeof fieldWidths => name in fieldWidths;

/** Reads one row's notation; throws on what it does not know, so that a typing error shows at once. */
export function parse(row: Row): Encoding {
  const parts: Part[] = [];
  let [mask, value, at] = [0, 0, 32];
  for (const token of row.pattern.split(" ")) {
    const [name = "", bits] = token.split("=");
    const immediate = /^(s?)imm(\d+)$/.exec(token);
    if (/^[01]+$/.test(token)) {
      at -= token.length;
      mask |= (2 ** token.length - 1) << at;
      value |= Number.parseInt(token, 2) << at;
    } else if (immediate !== null) {
      const width = Number(immediate[2]);
      at -= width;
      parts.push({ field: "imm", at, width, isSigned: immediate[1] === "s" });
    } else if (isField(name)) {
      const width = fieldWidths[name];
      at -= width;
      parts.push({ field: name, at, width, isSigned: false });
      if (bits === undefined) continue;
      mask |= (2 ** width - 1) << at;
      value |= Number.parseInt(bits, 2) << at;
    } else throw new SyntaxError(`${token} in ${row.mnemonic} ${row.pattern}`);
  }
  if (at !== 0) throw new SyntaxError(`${32 - at} bits in ${row.mnemonic} ${row.pattern}`);
  return { row, mask, value, parts };
}
