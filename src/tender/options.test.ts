// Command lines split into options, unikernel and arguments. docs/abi.md 6.1.
import assert from "node:assert/strict";
import { test } from "node:test";
import { classicOptions, sptOptions } from "./options.js";
import { parseOptions } from "./parse-options.js";
import { usage } from "./usage.js";

const parse = (...args: readonly string[]) => parseOptions(args, sptOptions);
const refuses = (argument: string, ...args: readonly string[]): void =>
  assert.throws(() => parse(...args, "kernel"), {
    name: "Solo5Error",
    code: "INVALID_OPTION",
    message: `Invalid option: \`${argument}'`,
  });

test("options, unikernel, its arguments", () => {
  const { given, kernel, args } = parse(
    "--mem=2",
    "--net:n0=tap0",
    "--net-mac:n0=02:0:0",
    "k",
    "--mem=3",
    "x",
  );
  assert.deepEqual(given, [
    { option: "mem", name: "", value: "2" },
    { option: "net", name: "n0", value: "tap0" },
    { option: "net-mac", name: "n0", value: "02:0:0" },
  ]);
  assert.equal(kernel, "k");
  assert.deepEqual(args, ["--mem=3", "x"]);
});

test("-- ends the options", () => {
  assert.deepEqual(parse("--", "--kernel", "--", "a"), { given: [], kernel: "--kernel", args: ["--", "a"] });
  assert.equal(parse("--mem=2", "--").kernel, undefined);
  assert.equal(parse().kernel, undefined);
  assert.equal(parse("-").kernel, "-");
});

test("values are taken whole", () => {
  assert.equal(parse("--block:b=/a=b c\n", "k").given[0]?.value, "/a=b c\n");
});

test("what has not the form of an option is one no more", () => {
  for (const argument of [
    "--memory=2",
    "--mem",
    "--mem=",
    "--mem:a=2",
    "--help=1",
    "--help:a",
    "--MEM=2",
    "--mem =2",
    "--toString",

    "--net=tap0",
    "--net:=tap0",
    "--net:a",
    "--net:a=",
    "--net:a-b=x",
    `--net:${"n".repeat(68)}=x`,
    "--constructor=x",
    "--block:é=x",
    "---mem=2",
    "--x-exec-heap=1",
  ])
    refuses(argument, argument);
  assert.equal(parse(`--net:${"n".repeat(67)}=x`, "k").given.length, 1);
});

test("each tender has its own options", () => {
  assert.equal(parseOptions(["--x-exec-heap", "k"], sptOptions).given.length, 1);
  assert.throws(
    () => parseOptions(["--x-exec-heap", "k"], classicOptions),
    /Invalid option: `--x-exec-heap'/,
  );
});

test("the usage has a line for every option", () => {
  const text = usage("solo5-spt", sptOptions);
  assert.ok(text.startsWith("usage: solo5-spt [OPTIONS] [--] KERNEL [ARGUMENTS]\n"));
  for (const [key, option] of Object.entries(sptOptions)) {
    const form = `    --${key}${"name" in option ? ":NAME" : ""}${"value" in option ? `=${option.value}` : ""} `;
    assert.ok(text.includes(form), form);
  }
});
