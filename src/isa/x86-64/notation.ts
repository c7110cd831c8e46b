// Parses the manual's notation of encodings (`REX.W + 0F AF /r`, `VEX.LZ.0F38.W0 F2 /r`) into what the decoder
// compares. Specification: Intel SDM volume 2, 3.1.1.1 and 3.1.1.2; the operands' v, y and z are appendix A's:
// v is 16, 32 or 64 bits by operand size, y is 32 or 64, z is an immediate of 16 or 32 bits.
import type { Row } from "./instruction.js";

/** Opcode maps: one byte, 0F, 0F 38, 0F 3A; the same with a VEX prefix from 4 on. */
export type OpcodeMap = 0 | 1 | 2 | 3 | 5 | 6 | 7;

/**
 * A mandatory prefix, `none` (NP: none of 66, F2 and F3), `unrepeated` (NFx: none of F2 and F3), or `any` where they are not
 * part of the opcode.
 */
type Mandatory = "any" | "none" | "unrepeated" | 0x66 | 0xf2 | 0xf3;

/** One encoding, parsed. */
export interface Encoding {
  readonly row: Row;
  readonly map: OpcodeMap;
  readonly opcode: number;
  /** Low three bits of the opcode name a register (`+r`). */
  readonly plusRegister: boolean;
  readonly prefix: Mandatory;
  /** REX.W or VEX.W: undefined where either will do. */
  readonly w: 0 | 1 | undefined;
  readonly hasModrm: boolean;
  /** `/digit`: ModRM.reg. */
  readonly digit: number | undefined;
  /** The whole ModRM byte, as in `D9 E8`; with `+i` the first of eight. */
  readonly exact: number | undefined;
  readonly plusIndex: boolean;
  /** Whether ModRM.rm must be memory or a register, from the operands; `ignored`: it is a register whatever mod says. */
  readonly mod: "memory" | "register" | "any" | "ignored";
  /** Sizes of immediates in order: bytes, or `z`, `v`, `moffs`. */
  readonly immediates: readonly ("b" | "w" | "d" | "q" | "z" | "v" | "moffs")[];
  readonly operands: readonly string[];
}

const immediates: Record<string, Encoding["immediates"][number]> = {
  ib: "b",
  iw: "w",
  id: "d",
  iq: "q",
  iz: "z",
  iv: "v",
  cb: "b",
  cz: "d",
  mo: "moffs",
};

const vexMaps: Record<string, OpcodeMap> = { "0F": 5, "0F38": 6, "0F3A": 7 };
const vexPrefixes: Record<string, Mandatory> = { "66": 0x66, F2: 0xf2, F3: 0xf3 };

/** Operands in ModRM.rm that are memory only or registers only decide between encodings with the same opcode. */
function modOf(operands: readonly string[], exact: number | undefined): Encoding["mod"] {
  if (exact !== undefined) return "register";
  if (operands.some((name) => /^R\d/.test(name))) return "ignored";
  if (operands.some((name) => /^m(\d|v|y|$)/.test(name))) return "memory";
  if (operands.some((name) => /^(xmm2|mm2|rm\d*|rmv|rmy)$/.test(name))) return "register";
  return "any";
}

/** An encoding as far as its opcode. */
interface Opening {
  readonly map: OpcodeMap;
  readonly opcode: number;
  readonly plusRegister: boolean;
  readonly prefix: Mandatory;
  readonly w: 0 | 1 | undefined;
  /** What follows the opcode. */
  readonly rest: readonly string[];
}

/** A byte of the opcode, which may be `+r`. */
const opcodeByte = /^[0-9A-F]{2}(?:\+r)?$/;

/** Reads a row's notation up to its opcode; throws on what it does not know, so that a typing error shows at once. */
export function opening({ mnemonic, opcode: notation }: Row): Opening {
  const tokens = notation.split(" ");
  let map: OpcodeMap = 0;
  let prefix: Mandatory = "any";
  let w: 0 | 1 | undefined;
  for (const [index, token] of tokens.entries()) {
    if (token === "+") continue;
    else if (token === "NP") prefix = "none";
    else if (token === "NFx") prefix = "unrepeated";
    else if (token === "REX.W") w = 1;
    else if (token.startsWith("VEX.")) {
      const parts = token.split(".");
      map = vexMaps[parts.find((part) => part in vexMaps) ?? ""] ?? map;
      prefix = vexPrefixes[parts.find((part) => part in vexPrefixes) ?? ""] ?? "none";
      w = parts.includes("W0") ? 0 : parts.includes("W1") ? 1 : undefined;
      if (map === 0) throw new SyntaxError(`no opcode map in ${notation}`);
    } else if (opcodeByte.test(token)) {
      const byte = Number.parseInt(token, 16);
      if (map === 0 && (byte === 0x66 || byte === 0xf2 || byte === 0xf3)) prefix = byte;
      else if (map === 0 && byte === 0x0f) map = 1;
      else if (map === 1 && byte === 0x38) map = 2;
      else if (map === 1 && byte === 0x3a) map = 3;
      else {
        const plusRegister = token.endsWith("+r");
        return { map, opcode: byte, plusRegister, prefix, w, rest: tokens.slice(index + 1) };
      }
    } else throw new SyntaxError(`${token} in ${mnemonic} ${notation}`);
  }
  throw new SyntaxError(`no opcode in ${mnemonic} ${notation}`);
}

/** Reads all of a row's notation; throws as `opening` does. */
export function parse(row: Row): Encoding {
  const { rest, ...first } = opening(row);
  const operands = row.operands === "" ? [] : row.operands.split(/,\s*/);
  const found: Encoding["immediates"][number][] = [];
  let digit: number | undefined;
  let exact: number | undefined;
  let [plusIndex, hasModrm] = [false, false];
  for (const token of rest) {
    if (token === "/r") hasModrm = true;
    else if (/^\/[0-7]$/.test(token)) {
      hasModrm = true;
      digit = Number(token[1]);
    } else if (token in immediates) found.push(immediates[token] ?? "b");
    else if (/^[0-9A-F]{2}(\+i)?$/.test(token)) {
      hasModrm = true;
      exact = Number.parseInt(token, 16);
      plusIndex = token.endsWith("+i");
    } else throw new SyntaxError(`${token} in ${row.mnemonic} ${row.opcode}`);
  }
  const mod = modOf(operands, exact);
  return {
    row,
    ...first,
    hasModrm,
    digit,
    exact,
    plusIndex,
    mod,
    immediates: found,
    operands,
  };
}
