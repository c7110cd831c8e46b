// Response files and the driver's command line.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { joinResponse, parseDriverArguments, splitResponse, takeAbi } from "./arguments.js";

const mode = (...args: string[]) => parseDriverArguments(args).mode;

test("a response file is split as gcc splits it", () => {
  assert.deepEqual(splitResponse(`-c 'a b.c'\n"-DX=\\"y\\""  c\\ d.c\t''`), [
    "-c",
    "a b.c",
    '-DX="y"',
    "c d.c",
    "",
  ]);
});

test("what is joined is split into the same", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (args) => {
      assert.deepEqual(splitResponse(joinResponse(args)), args);
    }),
  );
});

test("the ABI is taken from any of its spellings, and the last one counts", () => {
  assert.deepEqual(takeAbi(["-z", "solo5-abi=spt", "-z", "now", "a.o"]), {
    rest: ["-z", "now", "a.o"],
    abi: "spt",
  });
  assert.deepEqual(takeAbi(["-zsolo5-abi=spt", "-Wl,-z,solo5-abi=hvt"]), { rest: [], abi: "hvt" });
  assert.deepEqual(takeAbi(["a.o", "-z"]), { rest: ["a.o", "-z"], abi: undefined });
});

test("a command line is a compilation, a link or a question", () => {
  assert.equal(mode("-c", "a.c"), "compile");
  assert.equal(mode("-E", "-"), "compile");
  assert.equal(mode("a.c"), "link");
  assert.equal(mode("-o", "a", "liba.a"), "link");
  assert.equal(mode("-v"), "query");
  assert.equal(mode("-dumpmachine"), "query");
  assert.equal(mode("-I", "folder", "-lm"), "query");
});

test("a link keeps the order of its inputs and drops what the wrapper decides", () => {
  const { link, compiler, output } = parseDriverArguments([
    "-O2",
    "-static",
    "-no-pie",
    "a.c",
    "-Wl,-Map,m",
    "b.o",
    "-L",
    "d",
    "-la",
    "-Xlinker",
    "-x",
    "-oout",
  ]);
  assert.deepEqual(link, [
    { source: "a.c" },
    ...["-Map", "m", "b.o", "-L", "d", "-la", "-x"].map((linker) => ({ linker })),
  ]);
  assert.deepEqual(compiler, ["-O2"]);
  assert.equal(output, "out");
});
