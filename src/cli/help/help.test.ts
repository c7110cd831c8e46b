// Help as people read it: what fits a screen, every option once, emphasis on terminals alone; and what is suggested.
import assert from "node:assert/strict";
import { test } from "node:test";
import { classicCommands } from "../catalogue/classic.js";
import { ownCommands } from "../catalogue/own.js";
import { commands } from "../catalogue/registry.js";
import { refuseOption } from "./refuse.js";
import { hasColours } from "./style.js";
import { nearest } from "./suggest.js";
import { commandHelp, overview } from "./text.js";

test("all commands are on one screen, and each that is listed can be called", () => {
  const lines = overview(ownCommands, classicCommands).split("\n");
  assert.ok(lines.length <= 24, `${lines.length} lines`);
  assert.deepEqual(
    lines.filter((line) => line.length > 80),
    [],
  );
  assert.deepEqual(
    [...commands.values()].map(({ line }) => line),
    ownCommands,
  );
});

test("a command's help has every option once, and examples that are calls of it", () => {
  for (const line of [...ownCommands, ...classicCommands]) {
    const help = commandHelp(line);
    for (const key of Object.keys(line.options)) {
      const form = key.length === 1 ? `-${key}` : `--${key}`;
      const found = help.match(new RegExp(`^  (-\\w, )?${form}(?![\\w-])`, "gm")) ?? [];
      assert.equal(found.length, 1, `${line.name} ${form}`);
    }
    for (const { line: example } of line.examples) assert.ok(example.includes(line.name), example);
    // Examples are to be copied, and stay whole; so does the usage.
    const [, text = ""] = /^usage: .*\n([^]*?)(?:\nExamples:\n|$)/.exec(help) ?? [];
    assert.deepEqual(
      text.split("\n").filter((one) => one.length > 80),
      [],
    );
  }
});

test("no emphasis where it is not wanted", () => {
  assert.equal(hasColours(1, { NO_COLOR: "1" }), false);
  assert.equal(hasColours(1, { TERM: "dumb" }), false);
  for (const line of ownCommands) assert.ok(!commandHelp(line).includes("\u001b"));
  assert.ok(commandHelp(ownCommands[0] ?? assert.fail(), true).includes("\u001b[1m"));
});

test("what was probably meant", () => {
  const words = ["mem", "block", "block-sector-size", "net", "net-mac", "engine", "verbose", "version"];
  for (const [given, meant] of [
    ["menn", "mem"],
    ["blcok", "block"],
    ["verb", "verbose"],
    ["egnine", "engine"],
    ["netmac", "net-mac"],
    ["memory-size", undefined],
    ["x", undefined],
  ] as const)
    assert.equal(nearest(given, words), meant, given);
  const table = ownCommands.find(({ name }) => name === "solo5 seal")?.options ?? {};
  assert.equal(refuseOption(table)("-o").message, "-o: this option is written --output=FILE");
});
