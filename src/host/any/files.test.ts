// Files replaced in one step, and what is written through.
import assert from "node:assert/strict";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { readFile, writeFile } from "./files.js";

let folder = "";
const path = (name: string): string => join(folder, name);
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "solo5-files-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("a file is replaced, never changed: who reads the old one goes on reading it", () => {
  writeFileSync(path("f"), "old");
  const before = statSync(path("f")).ino;
  writeFile(path("f"), "new");
  assert.equal(readFileSync(path("f"), "utf8"), "new");
  assert.notEqual(statSync(path("f")).ino, before);
  assert.deepEqual(readdirSync(folder), ["f"]);
});

test("an executable is one, as far as the umask lets it", () => {
  const umask = process.umask(0o027);
  try {
    writeFile(path("f"), Uint8Array.of(1), 0o777);
  } finally {
    process.umask(umask);
  }
  assert.equal(statSync(path("f")).mode & 0o777, 0o750);
});

test("a link is written through", () => {
  writeFileSync(path("target"), "old");
  symlinkSync("target", path("link"));
  writeFile(path("link"), "new");
  assert.equal(readFileSync(path("target"), "utf8"), "new");
  assert.deepEqual(readdirSync(folder), ["link", "target"]);
});

test("what fails leaves nothing and says why", () => {
  assert.throws(() => writeFile(path("no/f"), "x"), {
    code: "WRITE",
    message: `${path("no/f")}: Could not write: No such file or directory`,
  });
  assert.throws(() => readFile(path("no")), {
    code: "OPEN",
    message: `${path("no")}: Could not open: No such file or directory`,
  });
  assert.deepEqual(readdirSync(folder), []);
});
