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
    case "INTEGER":
      return json.value;
    case "TRUE":
      return true;
    case "FALSE":
      return false;
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
  refuses("[1 2]", "expected ',', got '2' on line 1 in JSON data");
  refuses("{\n1:2}", "expected a name in quotes, got '1' on line 2 in JSON data");
  refuses('{"a" 1}', "expected ':', got '1' on line 1 in JSON data");
  refuses('{"a":1,\n\n"a":2}', "duplicate key: a on line 3 in JSON data");
  refuses("[1,]", "invalid token ']' on line 1 in JSON data");
  refuses("nul", "invalid token 'nul' on line 1 in JSON data");
  refuses("01", "invalid token '01' on line 1 in JSON data");
  refuses("+1", "invalid token '+1' on line 1 in JSON data");
  refuses("1.", "invalid token '1.' on line 1 in JSON data");
  refuses("NaN", "invalid token 'NaN' on line 1 in JSON data");
  refuses("[]\nx", "unexpected 'x' after the end on line 2 in JSON data");
  refuses(String.raw`"\x"`, String.raw`invalid string "\x" on line 1 in JSON data`);
  refuses("[".repeat(40), "nested too deeply on line 1 in JSON data");
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
  const json = fc.json({ noUnicodeString: false, maxDepth: 5 }).filter((text) => !/-?\d+[.eE]/.test(text));
  fc.assert(
    fc.property(json, (text) => {
      assert.deepEqual(plain(parseJson(text)), JSON.parse(text));
    }),
    { seed: 5010, numRuns: 500 },
  );
});

test("refuses what JSON.parse refuses, with one line", () => {
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
        assert.ok(valid, `accepted ${text}`);
        if (!/\d[.eE]/.test(text)) assert.deepEqual(plain(parsed), expected);
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
