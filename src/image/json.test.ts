// JSON with lines. Witness: JSON.parse.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseJson, type Json } from "./json.js";

const refuses = (text: string, message: string): void =>
  assert.throws(() => parseJson(text), { name: "Solo5Error", code: "BAD_JSON", message });

/** The plain value, as JSON.parse gives it; numbers that are no integers are not kept. */
function plain(json: Json): unknown {
  switch (json.type) {
    case "OBJECT":
      return Object.fromEntries([...json.members].map(([key, value]) => [key, plain(value)]));
    case "ARRAY":
      return json.items.map(plain);
    case "STRING":
    case "BOOLEAN":
      return json.value;
    case "INTEGER":
      return Number(json.value);
    default:
      return null;
  }
}

test("every value knows its line", () => {
  const root = parseJson('\n{ "a": [\n1,\n"x"\n],\r\n"b": true }\n');
  assert.equal(root.line, 2);
  assert.equal(root.type, "OBJECT");
  const a = root.type === "OBJECT" ? root.members.get("a") : undefined;
  assert.equal(a?.type, "ARRAY");
  assert.deepEqual(a?.type === "ARRAY" ? a.items.map(({ line }) => line) : [], [3, 4]);
  assert.equal(root.type === "OBJECT" ? root.members.get("b")?.line : 0, 6);
});

test("what ends too early", () => {
  for (const text of [
    "",
    " \n",
    "{",
    "[",
    "[1",
    "[1,",
    "[1,,",
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '"abc',
    '"abc\\"',
    '["',
  ])
    refuses(text, "premature EOF in JSON data");
});

test("what is wrong, and on which line", () => {
  refuses("[\n,1]", "missing value before comma on line 2 in JSON data");
  refuses("\ufeff[]", String.raw`invalid token '\ufeff' on line 1 in JSON data`);
  refuses("{\n1:2}", "expected a name in quotes, got '1' on line 2 in JSON data");
  refuses('{"a" 1}', "expected ':', got '1' on line 1 in JSON data");
  refuses('{"a":1,\n\n"a":2}', "duplicate key: a on line 3 in JSON data");
  refuses("nul", "invalid token 'nul' on line 1 in JSON data");
  refuses("01", "invalid token '01' on line 1 in JSON data");
  refuses("+1", "invalid token '+1' on line 1 in JSON data");
  refuses("1.", "invalid token '1.' on line 1 in JSON data");
  refuses("NaN", "invalid token 'NaN' on line 1 in JSON data");
  refuses(String.raw`"\x"`, String.raw`invalid string "\x" on line 1 in JSON data`);
  refuses("[".repeat(40), "nested too deeply on line 1 in JSON data");
});

test("commas only stand between values, and what follows the root is not read", () => {
  for (const text of ["[1 2]", "[1,2,]", "[1,,2]", "[1\v2]", "[1,2] x", "[1,2]]", "[1,2]\n[", "[1,2],"])
    assert.deepEqual(plain(parseJson(text)), [1, 2], text);
  for (const text of ['{"a":1 "b":2}', '{"a":1,,"b":2,}', '{"a":1,"b":2}}']) {
    assert.deepEqual(plain(parseJson(text)), { a: 1, b: 2 }, text);
  }
  assert.deepEqual(plain(parseJson('["a""b"]')), ["a", "b"]);
});

test("integers of any length end where 64 bits do", () => {
  const value = (text: string): unknown => (parseJson(text) as { value?: unknown }).value;
  assert.equal(value("9223372036854775806"), 2n ** 63n - 2n);
  assert.equal(value("9223372036854775808"), 2n ** 63n - 1n);
  assert.equal(value(`-${"9".repeat(40)}`), -(2n ** 63n));
  assert.equal(parseJson("1e3").type, "REAL");
});

test("messages stay on one line, whatever is in the text", () => {
  refuses('"a\nb"', String.raw`invalid string "a\u000ab" on line 1 in JSON data`);
  refuses('{"a\\nb":1,"a\\nb":2}', String.raw`duplicate key: a\u000ab on line 1 in JSON data`);
  refuses("\u001b", String.raw`invalid token '\u001b' on line 1 in JSON data`);
});

test("a string of megabytes is a string", () => {
  const text = "x".repeat(8_000_000);
  assert.equal(plain(parseJson(`"${text}"`)), text);
  refuses(`"${text}`, "premature EOF in JSON data");
});

test("agrees with JSON.parse on every text", () => {
  const json = fc
    .json({ noUnicodeString: false, maxDepth: 5 })
    .filter((text) => !/-?\d+[.eE]|\d{19}/.test(text));
  fc.assert(
    fc.property(json, (text) => {
      assert.deepEqual(plain(parseJson(text)), JSON.parse(text));
    }),
    { seed: 5010, numRuns: 500 },
  );
});

test("commas as they come make no difference: JSON.parse reads the text that has them right", () => {
  const json = fc.json({ maxDepth: 4 }).filter((text) => !/-?\d+[.eE]|\d{19}/.test(text));
  const commas = fc.infiniteStream(fc.constantFrom(" ", ",", ",,", " ,\n,"));
  const tail = fc.constantFrom("", ",", "]", " x", "{");
  fc.assert(
    fc.property(json, commas, tail, (text, commas, tail) => {
      let before = "";
      const changed = text.replaceAll(/"(?:[^"\\]|\\.)*"|[,\]}[{]/g, (token) => {
        const isEmpty = (before === "[" && token === "]") || (before === "{" && token === "}");
        before = token;
        if (token === ",") return String(commas.next().value);
        return (token === "]" || token === "}") && !isEmpty ? `${commas.next().value}${token}` : token;
      });
      const isWord = /[\w"]$/.test(text) && tail === "";
      assert.deepEqual(plain(parseJson(changed + (isWord ? " " : "") + tail)), JSON.parse(text), changed);
    }),
    { seed: 5010, numRuns: 1000 },
  );
});

test("gives what JSON.parse gives, or refuses with one line", () => {
  const piece = fc.constantFrom("{", "}", "[", "]", ",", ":", '"', "\\", "a", "1", "-", ".", "e", "\n", " ", "true", "null", '"k"'); // prettier-ignore
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(text, (text) => {
      let expected: unknown;
      let valid = true;
      try {
        expected = JSON.parse(text);
      } catch {
        valid = false;
      }
      try {
        const parsed = parseJson(text);
        if (valid && !/\d[.eE]/.test(text)) assert.deepEqual(plain(parsed), expected);
      } catch (error) {
        if ((error as Error).name !== "Solo5Error") throw error;
        const { message } = error as Error;
        assert.match(message, /^.+ in JSON data$/);
        if (valid) assert.match(message, /duplicate key/);
      }
    }),
    { seed: 5010, numRuns: 5000 },
  );
});
