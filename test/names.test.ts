// Arguments and file names are bytes: what is no UTF-8 arrives as it was given. The shell gives it, the guest and the
// kernel's directory show it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { commandFile, selfTest } from "./command.js";
import { needs, needsAll } from "./needs.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));
const skip = needsAll(needs.x8664Linux(), needs.program("bash"));

const stray = "a\\xff\\xc3\\xa9\\xe2\\x82z";
const bytes = Buffer.from([0x61, 0xff, 0xc3, 0xa9, 0xe2, 0x82, 0x7a]);
const inFolder = (name: Buffer): Buffer => Buffer.concat([Buffer.from(`${folder}/`), name]);

/** `words` for bash, which turns $'…' into bytes; in the folder. */
const bash = (words: string): { stdout: Buffer; stderr: Buffer; status: number | null } =>
  spawnSync("bash", ["-c", words], {
    timeout: 60_000,
    cwd: folder,
    env: { ...process.env, SOLO5_CACHE: "none" },
  });
const command = (name: string): string => `'${process.execPath}' '${commandFile(name)}'`;
const says = (text: string, ...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from(text), ...parts]);

const runs = [
  ["solo5-spt", "spt"],
  ["solo5-spt --engine=wasm", "spt"],
  ["solo5-hvt --engine=wasm", "hvt"],
  ["solo5 run", "virtio"],
  ["solo5 run", "muen"],
  ["solo5 run", "xen"],
] as const;
for (const [line, target] of runs) {
  test(`${line}: file and argument of any bytes`, { skip }, () => {
    const [name = "", ...options] = line.split(" ");
    copyFileSync(selfTest(`test_hello.${target}`), inFolder(bytes));
    const { stdout, stderr, status } = bash(
      `${command(name)} ${options.join(" ")} --mem=16 $'${stray}' $'${stray}' é`,
    );
    assert.equal(status, 0, stderr.toString());
    assert.ok(
      stdout.includes(says("Command line is: '", bytes, Buffer.from(" é'"))),
      stdout.toString("latin1"),
    );
    const missing = bash(`${command(name)} ${options.join(" ")} $'-${stray}'`);
    assert.ok(missing.stderr.includes(says("-", bytes, Buffer.from(": Could not open"))));
  });
}

test("disks, sealed files and recordings of any name", { skip }, () => {
  copyFileSync(selfTest("test_blk.spt"), join(folder, "blk"));
  writeFileSync(inFolder(Buffer.concat([bytes, Buffer.from("d")])), new Uint8Array(4096));
  const disk = `--block:storage=$'${stray}d'`;
  for (const run of [
    `${command("solo5-spt")} ${disk} blk`,
    `${command("solo5")} seal ${disk} blk -o $'${stray}s' && ./$'${stray}s'`,
    `${command("solo5")} run --engine=wasm --record=$'${stray}r' ${disk} blk && ${command("solo5")} replay $'${stray}r'`,
  ]) {
    const { stdout, stderr, status } = bash(run);
    assert.equal(status, 0, stderr.toString());
    assert.match(stdout.toString(), /SUCCESS/);
  }
  const names = readdirSync(Buffer.from(folder), { encoding: "buffer" } as const).map((name) =>
    name.toString("latin1"),
  );
  const expected = ["s", "r", "d"].map((end) => bytes.toString("latin1") + end);
  assert.deepEqual(
    expected.filter((name) => !names.includes(name)),
    [],
  );
  assert.deepEqual(
    names.filter((name) => name.includes("ï¿½")),
    [],
    "no replacement character",
  );
});

test("the process is called what its file is", { skip }, () => {
  copyFileSync(selfTest("test_time.spt"), inFolder(bytes));
  const { stdout } = bash(
    `${command("solo5-spt")} $'${stray}' >out & until grep -q test_time out; do sleep 0.01; done
     cat /proc/$!/comm; kill -KILL $!`,
  );
  assert.deepEqual(stdout, says("", bytes, Buffer.from("\n")));
});
