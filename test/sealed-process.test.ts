// What is left in the process of a sealed unikernel, as the kernel tells it in /proc, and what gdb finds there.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { open } from "../src/index.js";
import { commandFile, execute, selfTest, solo5 } from "./command.js";
import { needs, needsAll } from "./needs.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));
const skip = needs.x8664Linux();
/** Sleeps for seconds: time enough to look. */
const sleeper = selfTest("test_time.spt");

/** Starts a program and resolves when its output contains `text`. */
function startUntil(
  text: string,
  file: string,
  args: readonly string[],
  stdio: number[] = [],
): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit", ...stdio] });
    let output = "";
    child.stdout?.on("data", (data: Uint8Array) => {
      output += new TextDecoder().decode(data);
      if (output.includes(text)) resolve(child);
    });
    child.on("close", (status) => reject(new Error(`ended with ${status}: ${output}`)));
  });
}

async function seal(...args: readonly string[]): Promise<string> {
  const file = join(folder, "sleeper");
  const { stdout, stderr, status } = await solo5("solo5", ["seal", ...args, "-o", file]);
  assert.deepEqual([stdout, status], ["", 0]);
  const warning = /^solo5: WARNING: The use of --x-exec-heap is dangerous and not [^\n]*\n$/;
  assert.match(stderr, args.includes("--x-exec-heap") ? warning : /^$/);
  return file;
}

interface Mapping {
  readonly start: number;
  readonly end: number;
  readonly access: string;
  readonly name: string;
}

function mappings(pid: number): readonly Mapping[] {
  return readFileSync(`/proc/${pid}/maps`, "utf8")
    .trim()
    .split("\n")
    .map((line) => {
      const [range = "", access = "", , , , ...name] = line.split(/\s+/);
      const [start = 0, end = 0] = range.split("-").map((part) => Number.parseInt(part, 16));
      return { start, end, access, name: name.join(" ") };
    });
}

for (const [title, start] of [
  ["a sealed executable", async () => startUntil("test_time", await seal(sleeper, "--mem=16"), [])],
  [
    "solo5-spt",
    () => startUntil("test_time", process.execPath, [commandFile("solo5-spt"), "--mem=16", sleeper]),
  ],
] as const) {
  test(`nothing but the unikernel is left in the process of ${title}`, { skip }, async () => {
    const child = await start();
    const pid = child.pid ?? 0;
    try {
      const memEnd = 16 * 2 ** 20;
      const maps = mappings(pid);
      const guest = maps.filter(({ start }) => start >= 0x100000 && start < memEnd);
      const kernels = maps.filter(({ name }) =>
        ["[vsyscall]", "[vdso]", "[vvar]", "[vvar_vclock]"].includes(name),
      );
      const low = maps.filter(({ start }) => start < 0x100000);
      assert.equal(guest.length + kernels.length + low.length, maps.length, JSON.stringify(maps));
      assert.deepEqual(
        low.map(({ start, access }) => [start, access]),
        [
          [0x11000, "rw-p"],
          [0xf0000, "r-xp"],
        ],
      );
      assert.deepEqual(
        maps.filter(({ access }) => access.includes("w") && access.includes("x")),
        [],
      );
      const { segments } = open(sleeper);
      for (const { vaddr, write, execute } of segments) {
        const home = guest.find(({ start, end }) => start <= vaddr && vaddr < end);
        assert.equal(
          home?.access,
          `r${write ? "w" : "-"}${execute ? "x" : "-"}p`,
          `segment ${vaddr.toString(16)}`,
        );
      }
      assert.ok(guest.every(({ end }) => end <= memEnd));

      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      assert.match(status, /^Seccomp:\t2$/m);
      assert.match(status, /^NoNewPrivs:\t1$/m);
      assert.match(status, /^Threads:\t1$/m);
      assert.match(status, /^SigBlk:\t0+$/m);
      assert.match(status, /^SigIgn:\t0+$/m);
      assert.match(status, title === "solo5-spt" ? /^Name:\ttest_time.spt$/m : /^Name:\tsleeper$/m);
      const descriptors = readdirSync(`/proc/${pid}/fd`)
        .slice(3)
        .map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
      assert.deepEqual(descriptors, ["anon_inode:[eventpoll]", "anon_inode:[timerfd]"]);
    } finally {
      child.kill("SIGKILL");
    }
  });
}

test("--x-exec-heap makes heap and stack executable, and nothing else", { skip }, async () => {
  const file = await seal(sleeper, "--mem=16", "--x-exec-heap");
  const child = await startUntil("test_time", file, []);
  try {
    const guest = mappings(child.pid ?? 0).filter(({ start }) => start >= 0x100000 && start < 16 * 2 ** 20);
    assert.equal(guest.at(-1)?.end, 16 * 2 ** 20);
    assert.deepEqual(
      guest.filter(({ access }) => access === "rwxp"),
      guest.slice(-1),
    );
  } finally {
    child.kill("SIGKILL");
  }
});

test("memory may be larger than 4 GiB", { skip }, async () => {
  for (const mib of [4096, 20_000]) {
    const child = await startUntil("test_time", await seal(sleeper, `--mem=${mib}`), []);
    try {
      const maps = mappings(child.pid ?? 0);
      assert.equal(maps.findLast(({ name }) => !name.startsWith("[v"))?.end, mib * 2 ** 20);
      assert.deepEqual(
        maps.filter(({ name }) => name === "[stack]"),
        [],
      );
    } finally {
      child.kill("SIGKILL");
    }
  }
});

test("solo5-spt keeps its process, and no environment", { skip }, async () => {
  const child = await startUntil("test_time", process.execPath, [commandFile("solo5-spt"), sleeper]);
  try {
    assert.match(readlinkSync(`/proc/${child.pid}/exe`), /memfd:test_time\.spt/);
    assert.equal(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8"), "");
  } finally {
    child.kill("SIGKILL");
  }
});

test(
  "gdb knows the unikernel's symbols without further commands",
  { skip: needsAll(skip, needs.program("gdb")) },
  async () => {
    const file = await seal(sleeper);
    const commands = ["break solo5_app_main", "run", "backtrace", "info symbol $pc", "kill"];
    const { stdout } = await execute("gdb", [
      "-nx",
      "-batch",
      ...commands.flatMap((command) => ["-ex", command]),
      file,
    ]);
    assert.match(stdout, /Breakpoint 1, solo5_app_main \(info=.*\) at .*main\.c:\d+/);
    assert.match(stdout, /#1 .* in _start/);
  },
);
