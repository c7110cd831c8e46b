// JSON with the line of each value, so that a message can say where: RFC 8259, as the reference's solo5-elftool takes it.
// Commas only stand between values: missing, doubled and trailing ones change nothing, and what follows the root is not
// read. No duplicate keys. Errors in the words that users of solo5-elftool know (docs/abi.md 6.3).
import { Solo5Error } from "../bytes/error.js";
import { printable } from "../bytes/text.js";

/** A JSON value and the line, from 1, that it starts on. */
export type Json = { readonly line: number } & (
  | { readonly type: "OBJECT"; readonly members: ReadonlyMap<string, Json> }
  | { readonly type: "ARRAY"; readonly items: readonly Json[] }
  | { readonly type: "STRING"; readonly value: string }
  /** In 64 bits with a sign: what is beyond is the last of them. */
  | { readonly type: "INTEGER"; readonly value: bigint }
  | { readonly type: "BOOLEAN"; readonly value: boolean }
  | { readonly type: "REAL" | "NULL" }
);

const literals = {
  true: { type: "BOOLEAN", value: true },
  false: { type: "BOOLEAN", value: false },
  null: { type: "NULL" },
} as const;
const whitespace = " \t\r\n\v\f";
const deepest = 32;
const largest = 2n ** 63n - 1n;

function integer(digits: string): bigint {
  const value = BigInt(digits);
  if (value > largest) return largest;
  return value < -largest - 1n ? -largest - 1n : value;
}

/** Parses `text`. Throws Solo5Error `BAD_JSON`: `premature EOF in JSON data` or `TEXT on line N in JSON data`. */
export function parseJson(text: string): Json {
  let at = 0;
  let line = 1;
  const fail = (what: string): Solo5Error =>
    new Solo5Error("BAD_JSON", `${printable(what)} on line ${line} in JSON data`);
  const next = (): string => {
    for (; at < text.length; at++) {
      const char = text[at] ?? "";
      if (char === "\n") line++;
      if (!whitespace.includes(char)) return char;
    }
    throw new Solo5Error("BAD_JSON", "premature EOF in JSON data");
  };
  const expect = (char: string): void => {
    const got = next();
    if (got !== char) throw fail(`expected '${char}', got '${got}'`);
    at++;
  };
  /** What stands between `open` and `close`. */
  const list = (open: string, close: string, item: () => void): void => {
    expect(open);
    for (let isFirst = true; next() !== close; isFirst = false) {
      if (isFirst && next() === ",") throw fail("missing value before comma");
      while (next() === ",") at++;
      if (next() === close) break;
      item();
    }
    at++;
  };
  const string = (): string => {
    next();
    const match = /"(?:[^"\\]|\\[^])*"/y;
    match.lastIndex = at;
    const token = match.exec(text)?.[0];
    if (token === undefined) throw new Solo5Error("BAD_JSON", "premature EOF in JSON data");
    at += token.length;
    try {
      return JSON.parse(token) as string;
    } catch {
      throw fail(`invalid string ${token}`);
    }
  };
  const value = (depth: number): Json => {
    if (depth > deepest) throw fail("nested too deeply");
    const char = next();
    const start = line;
    if (char === "{") {
      const members = new Map<string, Json>();
      list("{", "}", () => {
        if (next() !== '"') throw fail(`expected a name in quotes, got '${next()}'`);
        const key = string();
        if (members.has(key)) throw fail(`duplicate key: ${key}`);
        expect(":");
        members.set(key, value(depth + 1));
      });
      return { type: "OBJECT", line: start, members };
    }
    if (char === "[") {
      const items: Json[] = [];
      list("[", "]", () => items.push(value(depth + 1)));
      return { type: "ARRAY", line: start, items };
    }
    if (char === '"') return { type: "STRING", line: start, value: string() };
    const word = /[A-Za-z0-9+.-]+/y;
    word.lastIndex = at;
    const token = word.exec(text)?.[0] ?? char;
    at += token.length;
    if (Object.hasOwn(literals, token)) return { ...literals[token as keyof typeof literals], line: start };
    if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(token)) throw fail(`invalid token '${token}'`);
    return /^-?\d+$/.test(token)
      ? { type: "INTEGER", line: start, value: integer(token) }
      : { type: "REAL", line: start };
  };

  return value(0);
}
