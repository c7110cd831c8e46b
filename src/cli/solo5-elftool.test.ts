// solo5-elftool as a command: what it prints and where, its statuses, what it leaves behind. docs/abi.md 6.3.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { commandFile, selfTest } from "../../test/command.js";
import * as make from "../../test/elf-file.js";
import { needs } from "../../test/needs.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-elftool-"));
after(() => rmSync(folder, { recursive: true }));

const good =
  '{ "type": "solo5.manifest", "version": 1, "devices": [ { "name": "n0", "type": "NET_BASIC" } ] }\n';
/** Runs in `folder`, so that messages have short paths. */
function elftool(
  args: readonly string[],
  input = "",
): { stdout: string; stderr: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [commandFile("solo5-elftool"), ...args], {
    cwd: folder,
    input,
    encoding: "utf8",
    timeout: 30_000,
  });
  return { stdout, stderr, status };
}
const says = (stdout: string) => ({ stdout, stderr: "", status: 0 });
const refuses = (...lines: readonly string[]) => ({
  stdout: "",
  stderr: lines.map((line) => `solo5-elftool: ${line}\n`).join(""),
  status: 1,
});

before(() => {
  writeFileSync(join(folder, "good.json"), good);
  writeFileSync(join(folder, "bad.json"), "\n[]\n");
});

test("gen-manifest writes the same to a file, to - and to /dev/stdout", () => {
  const { stdout, ...rest } = elftool(["gen-manifest", "good.json", "-"]);
  assert.deepEqual(rest, { stderr: "", status: 0 });
  assert.match(stdout, /\{ \.name = "n0", \.type = MFT_DEV_NET_BASIC \},/);
  assert.deepEqual(elftool(["gen-manifest", "good.json", "/dev/stdout"]), says(stdout));
  assert.deepEqual(elftool(["gen-manifest", "-", "-"], good), says(stdout));
  assert.deepEqual(elftool(["gen-manifest", "good.json", "out.c"]), says(""));
  assert.equal(readFileSync(join(folder, "out.c"), "utf8"), stdout);
});

test("/dev/stdout is the stdout that others write to as well", () => {
  const line = `"${process.execPath}" "${commandFile("solo5-elftool")}" gen-manifest good.json /dev/stdout`;
  execFileSync("sh", ["-c", `{ echo first; ${line}; echo last; } >whole`], { cwd: folder });
  const whole = readFileSync(join(folder, "whole"), "utf8");
  assert.match(whole, /^first\n[^]*MFT1_NOTE_DECLARE_END\nlast\n$/);
});

test("an output that is a link stays one", () => {
  writeFileSync(join(folder, "linked.c"), "");
  symlinkSync("linked.c", join(folder, "link"));
  assert.deepEqual(elftool(["gen-manifest", "good.json", "link"]), says(""));
  assert.match(readFileSync(join(folder, "linked.c"), "utf8"), /MFT1_NOTE_DECLARE_END/);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith(".tmp")),
    [],
  );
});

test("an output that cannot be written leaves nothing", () => {
  const before = readdirSync(folder).toSorted();
  assert.deepEqual(
    elftool(["gen-manifest", "good.json", "missing/out.c"]),
    refuses("missing/out.c: Could not write: No such file or directory"),
  );
  assert.deepEqual(
    elftool(["gen-manifest", "good.json", "."]),
    refuses(".: Could not write: Is a directory"),
  );
  assert.deepEqual(readdirSync(folder).toSorted(), before);
  assert.deepEqual(
    elftool(["gen-manifest", "good.json", "/dev/full"]),
    refuses("/dev/full: Could not write: No space left on device"),
  );
});

test("bad input leaves the output as it was", () => {
  writeFileSync(join(folder, "kept.c"), "kept");
  assert.deepEqual(
    elftool(["gen-manifest", "bad.json", "kept.c"]),
    refuses("bad.json:2: (root): expected OBJECT, got ARRAY"),
  );
  assert.deepEqual(elftool(["gen-manifest", "bad.json", "new.c"]).status, 1);
  assert.equal(readFileSync(join(folder, "kept.c"), "utf8"), "kept");
  assert.equal(readdirSync(folder).includes("new.c"), false);
});

test("every message of gen-manifest", () => {
  const device = (text: string): string => `{"type":"solo5.manifest","version":1,"devices":[\n${text}]}`;
  const many = Array.from({ length: 64 }, (_, i) => `{"name":"d${i}","type":"NET_BASIC"}`).join();
  const cases: readonly (readonly [input: string, message: string])[] = [
    ["[]", "<stdin>:1: (root): expected OBJECT, got ARRAY"],
    ['{"type":"solo5.manifest"}', "<stdin>:1: missing .version"],
    ['{"type":"solo5.manifest","version":2}', "<stdin>:1: .version: invalid version 2, expected 1"],
    ['{"type":"solo5.manifest","version":1}', "<stdin>:1: missing .devices[]"],
    ['{"k":1}', "<stdin>:1: (root): unknown key: k"],
    ['{"type":"x"}', '<stdin>:1: .type: invalid value, expected "solo5.manifest"'],
    ["{}", "<stdin>:1: missing .type"],
    [device('{"name":"a-b","type":"NET_BASIC"}'), "<stdin>:2: .devices[...]: name is not alphanumeric"],
    [device('{"x":1}'), "<stdin>:2: .devices[...]: unknown key: x"],
    [device('{"type":"NET_BASIC"}'), "<stdin>:2: .devices[...]: missing .name"],
    [device('{"name":"a"}'), "<stdin>:2: .devices[...]: missing .type"],
    [device('{"name":"","type":"NET_BASIC"}'), "<stdin>:2: .devices[...]: .name may not be empty"],
    [device(`{"name":"${"x".repeat(68)}","type":"NET_BASIC"}`), "<stdin>:2: .devices[...]: name too long"],
    [device('{"name":1,"type":"NET_BASIC"}'), "<stdin>:2: .devices[...]: expected STRING, got INTEGER"],
    [device('{"name":"a","type":"NET_BASIC"},{"name":"a","type":"NET_BASIC"}'), "<stdin>:2: .devices[...]: name a is declared twice"],
    [device('{"name":"a","type":"DISK"}'), "<stdin>:2: .devices[...]: unknown type: DISK, expected BLOCK_BASIC or NET_BASIC"],
    [`{"type":"solo5.manifest","version":1,"devices":[${many}]}`, "<stdin>:1: .devices[]: too many entries, maximum 63"],
    ["", "premature EOF in JSON data"],
    ["{\n!", "expected a name in quotes, got '!' on line 2 in JSON data"],
  ]; // prettier-ignore
  for (const [input, message] of cases)
    assert.deepEqual(elftool(["gen-manifest", "-", "-"], input), refuses(message));
});

test("query-manifest and query-abi", () => {
  assert.deepEqual(elftool(["query-abi", selfTest("test_net.hvt")]), says('{\n  "type": "solo5.abi",\n  "target": "hvt",\n  "version": 2\n}\n')); // prettier-ignore
  const { stdout, stderr, status } = elftool(["query-manifest", selfTest("test_net.spt")]);
  assert.deepEqual([stderr, status], ["", 0]);
  assert.equal(
    stdout,
    '{\n  "type": "solo5.manifest",\n  "version": 1,\n  "devices": [\n    { "name": "service0", "type": "NET_BASIC" }\n  ]\n}\n',
  );
  assert.equal(elftool(["gen-manifest", "-", "-"], stdout).status, 0);
});

test("queries of what is no unikernel", () => {
  writeFileSync(join(folder, "muen"), make.unikernelFile({ target: 4, version: 9 }));
  writeFileSync(join(folder, "bare"), make.elfFile({ headers: [make.hltText] }));
  for (const [query, missing] of [
    ["query-abi", "No Solo5 ABI information found in executable"],
    ["query-manifest", "No Solo5 manifest found in executable"],
  ] as const) {
    assert.deepEqual(elftool([query, "bare"]), refuses(`bare: ${missing}`));
    assert.deepEqual(elftool([query, "good.json"]), refuses("good.json: Not an ELF executable"));
    assert.deepEqual(
      elftool([query, "nothing"]),
      refuses("nothing: Could not open: No such file or directory"),
    );
    assert.deepEqual(elftool([query, "."]), refuses(".: Could not open: Is a directory"));
    const buggy = elftool([query, selfTest("buggyelf.hvt")]);
    assert.match(
      buggy.stderr,
      /^solo5-elftool: .*buggyelf\.hvt: .*note does not fall within valid size.*\n$/,
    );
    assert.equal(buggy.status, 1);
  }
  // What a version means is for those to know who run it.
  assert.match(elftool(["query-abi", "muen"]).stdout, /"target": "muen",\n {2}"version": 9/);
});

test("how it is called", () => {
  for (const args of [
    [],
    ["--help"],
    ["gen-manifest"],
    ["gen-manifest", "a"],
    ["gen-manifest", "a", "b", "c"],
    ["query-abi"],
    ["query-abi", "a", "b"],
    ["toString"],
  ]) {
    const { stdout, stderr, status } = elftool(args);
    assert.deepEqual([stdout, status], ["", 1]);
    assert.match(stderr, /^usage: solo5-elftool COMMAND/);
  }
});

test("a reader that goes away is no crash", { skip: needs.program("sh") }, () => {
  const line = `"${process.execPath}" "${commandFile("solo5-elftool")}" query-abi "${selfTest("test_net.hvt")}" | true`;
  assert.equal(execFileSync("sh", ["-c", `${line} 2>&1`], { encoding: "utf8" }), "");
});
