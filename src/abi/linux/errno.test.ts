// Error numbers and texts. Witnesses: the kernel's headers and strerror(3).
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { cValues } from "../../../test/c-values.js";
import { needs, needsAll } from "../../../test/needs.js";
import { errorNumbers, strerror, type ErrorName } from "./errno.js";

const skip = needsAll(needs.program("gcc", "perl"), needs.x8664Linux());

test("names and numbers are those of the kernel's headers, and none is missing", { skip }, () => {
  const names = Object.keys(errorNumbers) as ErrorName[];
  assert.deepEqual(
    cValues("#include <errno.h>", names),
    names.map((name) => BigInt(errorNumbers[name])),
  );
  const macros = execFileSync("gcc", ["-dM", "-E", "-include", "errno.h", "-x", "c", "/dev/null"], {
    encoding: "utf8",
  });
  const defined = [...macros.matchAll(/^#define E[A-Z0-9]+ (\d+)$/gm)].map((match) => Number(match[1]));
  assert.ok(defined.length > 130);
  const known = new Set<number>(Object.values(errorNumbers));
  assert.deepEqual(
    defined.filter((number) => !known.has(number)),
    [],
  );
});

test("texts are what strerror(3) says", { skip }, () => {
  const script = 'for (1..133) { $! = $_; print "$!\\n" }';
  const env = { ...process.env, LC_ALL: "C" };
  const texts = execFileSync("perl", ["-e", script], { encoding: "utf8", env }).trim().split("\n");
  assert.deepEqual(
    texts,
    texts.map((_, i) => strerror(i + 1)),
  );
});

test("an unknown number is said as it is", () => {
  assert.equal(strerror(9999), "Unknown error 9999");
});
