// What the command solo5 and the toolchain's wrappers say of wrong use: one line on stderr each, exit 1, no stack trace.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { commandFile, execute, selfTest, solo5 } from "../../test/command.js";
import { needs } from "../../test/needs.js";

const net = selfTest("test_net.spt");
const refuses = async (args: readonly string[], line: RegExp): Promise<void> => {
  const { stdout, stderr, status } = await solo5("solo5", args);
  assert.match(stderr, line);
  assert.deepEqual({ stdout, status }, { stdout: "", status: 1 });
};

test("a segment cannot be sealed, nor a dump that cannot be written start", async () => {
  await refuses(
    ["seal", net, "--net:service0=segment:lan", "-o", "x"],
    /^solo5: Device 'service0' needs a host process [^\n]*\n$/,
  );
  const run = ["run", "--net:service0=segment:lan", "--net-dump:service0=/nowhere/x"];
  await refuses([...run, net], /^solo5: \/nowhere\/x: Could not open: No such file or directory\n$/);
  await refuses(
    ["run", "--net:service0=segment:lan/1.2.3.256", net],
    /^solo5: not an IPv4 address: 1\.2\.3\.256\n$/,
  );
});

test("version, help and hints", async () => {
  for (const command of [[], ["run"], ["seal"], ["replay"]]) {
    const { stdout, status } = await solo5("solo5", [...command, "--version"]);
    assert.match(stdout, /^solo5 \d+\.\d+\.\d+\n$/);
    assert.equal(status, 0);
  }
  for (const ask of [
    ["run", "--help"],
    ["run", "-h", "k"],
    ["help", "run"],
    ["--help", "run"],
  ]) {
    const { stdout, stderr, status } = await solo5("solo5", ask);
    assert.match(stdout, /^usage: solo5 run /);
    assert.deepEqual({ stderr, status }, { stderr: "", status: 0 });
  }
  for (const ask of ["--help", "-h", "help"]) {
    const { stdout, stderr, status } = await solo5("solo5", [ask]);
    assert.match(stdout, /^usage: solo5 COMMAND /);
    assert.deepEqual({ stderr, status }, { stderr: "", status: 0 });
  }
  await refuses([], /^usage: solo5 COMMAND /);
  const hint = "usage: solo5 run [^\n]*\nsee:   solo5 run --help\n$";
  for (const [argument, line] of [
    ["--nonsense", "there is no option --nonsense"],
    ["--enigne=wasm", "there is no option --enigne=wasm; did you mean --engine\\?"],
    ["--mem", "--mem: this option is written --mem=MB"],
    ["--net=tap0", "--net=tap0: this option is written --net:NAME=[^\n]*"],
    ["--verbose=1", "--verbose=1: this option is written --verbose"],
  ] as const)
    await refuses(["run", argument, net], new RegExp(`^solo5: ${line}\n${hint}`));
  await refuses(["run"], new RegExp(`^solo5: Missing KERNEL operand\n${hint}`));
  await refuses(["sael"], /^solo5: there is no command 'sael'; did you mean seal\?\nsee: solo5 --help\n$/);
});

test(
  "headings stand out on a terminal, unless NO_COLOR says no",
  { skip: needs.program("script") },
  async () => {
    const command = `'${process.execPath}' '${commandFile("solo5")}' --help`;
    const onTerminal = (env: NodeJS.ProcessEnv) =>
      execute("script", ["-qec", command, "/dev/null"], {
        env: { ...process.env, TERM: "xterm", NO_COLOR: undefined, ...env },
      });
    assert.ok((await onTerminal({})).stdout.includes("\u001b[1mCommands:\u001b[22m"));
    for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }])
      assert.ok(!(await onTerminal(env)).stdout.includes("\u001b"), JSON.stringify(env));
  },
);

test("a full disk is one line", { skip: needs.x8664Linux() }, async () => {
  const stdio = ["ignore", openSync("/dev/full", "w"), "pipe"] as const;
  const args = [commandFile("solo5-elftool"), "query-abi", net];
  const { stderr, status } = await execute(process.execPath, args, { stdio: [...stdio] });
  assert.deepEqual(
    { stderr, status },
    { stderr: "solo5-elftool: stdout: No space left on device\n", status: 1 },
  );
});

test("a compiler that is not there is one line", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
  const hidden = join(folder, "hidden");
  t.after(() => {
    chmodSync(hidden, 0o700);
    rmSync(folder, { recursive: true });
  });
  const name = "x86_64-solo5-none-static-cc";
  const wrapper = join(folder, name);
  symlinkSync(commandFile(name), wrapper);
  // A folder that nobody may look into, unless it is root, hides what is not there.
  mkdirSync(hidden, { mode: 0 });
  for (const SOLO5_CC of ["no-such-gcc", "no-such-clang"]) {
    const env = { ...process.env, PATH: `${hidden}:${process.env["PATH"]}`, SOLO5_CC };
    const { stderr, status } = await execute(process.execPath, [wrapper, "-c", "x.c"], { env });
    assert.equal(stderr, `${name}: cannot run ${SOLO5_CC}: No such file or directory\n`);
    assert.equal(status, 1);
  }
});
