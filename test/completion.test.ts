// What the shells themselves complete, each with the script that we print for it; and the manual pages, as mandoc reads
// them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { completionScript } from "../src/cli/completion/shells.js";
import { shells } from "../src/cli/catalogue/own.js";
import { manPages } from "../src/cli/help/pages.js";
import { needs } from "./needs.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));
for (const shell of shells) writeFileSync(join(folder, shell), completionScript(shell));
const work = join(folder, "work");
mkdirSync(join(work, "folder"), { recursive: true });
writeFileSync(join(work, "kernel.spt"), "");

const cases = {
  "solo5 rep": ["replay"],
  "solo5 sea": ["seal"],
  "solo5 run --net-d": ["--net-dump:"],
  "solo5 run --me": ["--mem="],
  "solo5 run --engine=w": ["--engine=wasm"],
  "solo5 run --net-dump:service0=ker": ["--net-dump:service0=kernel.spt"],
  "solo5 run ker": ["kernel.spt"],
  "solo5 seal x -o ker": ["kernel.spt"],
  "solo5 completion z": ["zsh"],
  "solo5-virtio-run -H q": ["qemu"],
  "solo5-spt --x": ["--x-exec-heap"],
  "solo5-elftool gen": ["gen-manifest"],
} as const satisfies Record<string, readonly string[]>;

/** Runs a shell; gives what it prints. */
function shell(name: string, args: readonly string[]): string {
  const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder, TERM: "dumb" };
  const { stdout, stderr, status } = spawnSync(name, args, {
    cwd: work,
    env,
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

test("bash", { skip: needs.program("bash") }, () => {
  const calls = Object.keys(cases).map(
    (line) => `COMP_LINE='${line}' COMP_POINT=${line.length}; _solo5; echo "\${COMPREPLY[*]}"`,
  );
  // As an interactive bash has it: = and : end words, and what stands before them is not replaced.
  const script = `COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'; . ../bash; ${calls.join("\n")}`;
  const given = shell("bash", ["--norc", "-c", script]).trimEnd().split("\n");
  const expected = Object.entries(cases).map(([line, words]) => {
    const word = line.split(" ").at(-1) ?? "";
    const done = word.slice(0, Math.max(word.lastIndexOf("="), word.lastIndexOf(":")) + 1);
    return words.map((one) => one.slice(done.length)).join(" ");
  });
  assert.deepEqual(given, expected);
});

test("fish", { skip: needs.program("fish") }, () => {
  const calls = Object.keys(cases).map(
    (line) => `echo (complete -C '${line}' | string replace -r '\\t.*' '')`,
  );
  const given = shell("fish", ["--no-config", "-c", `source ../fish\n${calls.join("\n")}`]);
  assert.deepEqual(
    given.trimEnd().split("\n"),
    Object.values(cases).map((words) => words.join(" ")),
  );
});

test("zsh", { skip: needs.program("zsh") }, () => {
  // A zsh on a terminal of its own; ^X shows the line as it is, and empties it.
  const setUp = [
    "PS1='> '; unsetopt zle_bracketed_paste prompt_sp 2>/dev/null; autoload -U compinit; compinit -u -D; source ../zsh",
    `show() { print -r -- "<$BUFFER>"; BUFFER=; }; zle -N show; bindkey '^X' show; print READ''Y`,
  ].join("; ");
  const script = `zmodload zsh/zpty; zpty shell zsh -f -i; zpty -w shell ${quoted(setUp)}; zpty -r shell out '*READY*'
${Object.keys(cases)
  .map((line) => `zpty -w -n shell ${quoted(line)}$'\\t\\x18'; zpty -r shell out '*<*>*'; print -r -- "$out"`)
  .join("\n")}; zpty -d shell`;
  const given = [...shell("zsh", ["-f", "-c", script]).matchAll(/<(.*?)>/gs)].map(([, line = ""]) =>
    line.trimEnd(),
  );
  const expected = Object.entries(cases).map(([line, [word]]) =>
    [...line.split(" ").slice(0, -1), word].join(" "),
  );
  assert.deepEqual(given, expected);
});

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

test("manual pages are as mandoc wants them", { skip: needs.program("mandoc") }, () => {
  const pages = manPages();
  for (const [name, page] of pages) {
    writeFileSync(join(folder, name), page);
    const { stdout, status } = spawnSync("mandoc", ["-T", "lint", "-W", "warning", join(folder, name)], {
      encoding: "utf8",
    });
    assert.equal(status, 0, stdout);
    for (const [, other] of page.matchAll(/^\.Xr (\S+) 1/gm)) assert.ok(pages.has(`${other}.1`), other);
  }
  const { stdout } = spawnSync("mandoc", ["-T", "utf8", join(folder, "solo5-run.1")], { encoding: "utf8" });
  // Bold is a letter, a backspace and the letter again.
  const plain = stdout.replaceAll(/.[\b]/g, "");
  assert.match(plain, /solo5-run – run a unikernel/);
  assert.match(plain, /--net-dump:NAME=FILE\n/);
});
