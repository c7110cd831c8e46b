// The self-tests as sealed processes under the real kernel, through solo5-spt and as executables that solo5 seal made.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { execute, selfTest, solo5 } from "./command.js";
import { needs } from "./needs.js";
import { projectRoot } from "./project.js";
import { checkOutcome, netTests, newDisk, selfTests } from "./self-tests.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));
const skip = needs.x8664Linux();

const disk = (): string => newDisk(folder);

for (const selfTestCase of selfTests) {
  const { name, args = [], options = () => [], status } = selfTestCase;
  if (status.spt === undefined) continue;
  test(`solo5-spt ${name} ${options("DISK").join(" ")}`, { skip }, async () => {
    const kernel = selfTest(`test_${name}.spt`);
    checkOutcome(
      selfTestCase,
      "spt",
      await solo5("solo5-spt", ["--mem=2", ...options(disk()), kernel, ...args]),
    );
  });
  test(`sealed ${name} ${options("DISK").join(" ")}`, { skip }, async () => {
    const kernel = selfTest(`test_${name}.spt`);
    const file = join(folder, `sealed-${name}`);
    const made = await solo5("solo5", [
      "seal",
      kernel,
      "--mem=2",
      ...options(disk()),
      "-o",
      file,
      "--",
      ...args,
    ]);
    assert.deepEqual(made, { stdout: "", stderr: "", status: 0 });
    // An empty environment: nothing of Node, nor anything else, is there to help.
    checkOutcome(selfTestCase, "spt", await execute(file, [], { env: {} }));
  });
}

test("a sealed unikernel dies of SIGPIPE as any program does", { skip }, async () => {
  const file = join(folder, "output");
  await solo5("solo5", ["seal", selfTest("test_output.spt"), "-o", file]);
  const outcome = await execute("bash", ["-c", `'${file}' | true; echo "\${PIPESTATUS[0]}"`]);
  assert.equal(outcome.stdout, "141\n");
});

test("a disk that changed its size after sealing is refused", { skip }, async () => {
  const file = join(folder, "blk");
  const storage = disk();
  await solo5("solo5", ["seal", selfTest("test_blk.spt"), `--block:storage=${storage}`, "-o", file]);
  writeFileSync(storage, new Uint8Array(0x8000));
  const outcome = await execute(file);
  const why = `storage: ${storage} is not the 65536 bytes that it was when the unikernel was sealed`;
  assert.deepEqual(outcome, { stdout: "", stderr: `blk: ${why}\n`, status: 1 });
});

test("a launch that fails says which call and why", { skip }, async () => {
  const file = join(folder, "gone");
  const storage = disk();
  await solo5("solo5", ["seal", selfTest("test_blk.spt"), `--block:storage=${storage}`, "-o", file]);
  rmSync(storage);
  const outcome = await execute(file);
  const why = `Could not open block device: ${storage}: No such file or directory`;
  assert.deepEqual(outcome, { stdout: "", stderr: `gone: ${why}\n`, status: 1 });
});

test("identical input is sealed to identical bytes", { skip }, async () => {
  const files = ["a", "b"].map((name) => join(mkdtempSync(join(folder, name)), "hello"));
  for (const file of files) await solo5("solo5", ["seal", selfTest("test_hello.spt"), "-o", file]);
  assert.deepEqual(await execute("cmp", files), { stdout: "", stderr: "", status: 0 });
});

for (const row of netTests) {
  test(`solo5 run ${row.name}`, { skip }, async () => {
    const nets = row.nics.map((nic) => `--net:${nic}=segment:lan`);
    checkOutcome(row, "spt", await solo5("solo5", ["run", ...nets, selfTest(`test_${row.name}.spt`)]));
  });
}

test(
  "without koffi: a child under this process, and devices of this process on the portable engine",
  { skip },
  async () => {
    // A copy of the bundled commands in a folder from where no package is found.
    const copy = join(folder, "without-koffi");
    cpSync(join(projectRoot, "dist/bundle"), join(copy, "dist/bundle"), { recursive: true });
    cpSync(join(projectRoot, "package.json"), join(copy, "package.json"));
    const command = (name: string): string => join(copy, "dist/bundle/node", `${name}.js`);
    const hello = await execute(process.execPath, [command("solo5-spt"), selfTest("test_hello.spt")]);
    assert.match(hello.stdout, /SUCCESS/, hello.stderr);
    const crash = await execute(process.execPath, [command("solo5-spt"), selfTest("test_zeropage.spt")]);
    assert.equal(crash.status, 139);
    const args = ["run", "--verbose", "--net:service0=segment:lan", selfTest("test_net_mtu.spt")];
    const net = await execute(process.execPath, [command("solo5"), ...args]);
    assert.match(net.stdout, /MTU is 1500/);
    assert.match(
      net.stderr,
      /^solo5: engine wasm \(.*koffi, which makes a socket for it, is not installed\)\n/,
    );
  },
);
