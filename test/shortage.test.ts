// A host that is short of something, and what is given as a network but is none: one line that says so, and nothing of
// the program's own. The kernel makes the shortage.
import assert from "node:assert/strict";
import { closeSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { hostFailure } from "../src/host/any/host-failure.js";
import { libc } from "../src/host/posix/libc.js";
import { createWait } from "../src/host/posix/net/wait.js";
import { commandFile, execute, selfTest } from "./command.js";
import { needs, needsAll } from "./needs.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));
const skip = needsAll(needs.x8664Linux(), needs.program("bash"));

const command = (name: string): string => `'${process.execPath}' '${commandFile(name)}'`;
const hello = (target: string): string => `--mem=16 '${selfTest(`test_hello.${target}`)}'`;
const net = `--net:service0=segment:lan --mem=16 '${selfTest("test_net_mtu.spt")}'`;
const bash = (line: string) =>
  execute("bash", ["-c", line], { env: { ...process.env, SOLO5_CACHE: "none" } });

const runs = [
  `${command("solo5-spt")} ${hello("spt")}`,
  `${command("solo5-spt")} --engine=wasm ${hello("spt")}`,
  `${command("solo5-hvt")} --engine=wasm ${hello("hvt")}`,
  `${command("solo5-hvt")} ${hello("hvt")}`,
  `${command("solo5")} run ${hello("spt")}`,
  `${command("solo5")} run ${net}`,
  `${command("solo5")} seal ${hello("spt")} -o '${join(folder, "sealed")}'`,
];

/** Success, or a line or two and a status: never what is of use only to us. */
function checkTold({ stderr, status }: Awaited<ReturnType<typeof bash>>, line: string): void {
  assert.doesNotMatch(stderr, /^\s+at |node:|file:/m, line);
  // What is short may fail the thread that is started as well as what it was started for.
  const lines = stderr.trim().split("\n");
  assert.ok(lines.length <= 2 && lines.every((one) => one === "" || /^solo5[\w-]*: /.test(one)), stderr);
  assert.equal(status, stderr === "" ? 0 : 1, stderr);
}

test(
  "without /proc everything runs that does not need it",
  { skip: needsAll(skip, needs.namespaces()) },
  async () => {
    for (const line of runs) {
      const script = `mount -t tmpfs none /proc && ${line}`;
      const outcome = await execute("unshare", ["--map-root-user", "--mount", "bash", "-c", script]);
      assert.deepEqual([outcome.stderr, outcome.status], ["", 0], line);
    }
    const script = `mount -t tmpfs none /proc && ${command("solo5-spt")} --net:service0=nosuch '${selfTest("test_net.spt")}'`;
    const { stderr } = await execute("unshare", ["--map-root-user", "--mount", "bash", "-c", script]);
    assert.equal(stderr, "solo5-spt: Could not attach interface: nosuch: No such device\n");
  },
);

test("no more open files", { skip }, async () => {
  // Fewer than the smallest number that lets Node itself load two files at once is not ours to tell.
  writeFileSync(join(folder, "a.mjs"), "");
  writeFileSync(join(folder, "b.mjs"), "");
  writeFileSync(join(folder, "control.mjs"), 'import "./a.mjs"; import "./b.mjs";');
  let least = 16;
  while (
    (await bash(`ulimit -n ${least}; '${process.execPath}' '${join(folder, "control.mjs")}'`)).status !== 0
  )
    least++;
  for (const files of [least, least + 6]) {
    for (const line of runs) checkTold(await bash(`ulimit -n ${files}; ${line}`), `${files} files: ${line}`);
  }
});

test("no address space", { skip }, async () => {
  const { stderr, status } = await bash(
    `ulimit -v 4000000; ${command("solo5-hvt")} --engine=wasm ${hello("hvt")}`,
  );
  // V8 since 13 does without the address space behind a memory where there is none.
  const isEnough = Number(process.versions.v8.split(".")[0]) >= 13 && status === 0;
  assert.equal(
    stderr,
    isEnough
      ? ""
      : "solo5-hvt: cannot reserve 16777216 bytes of guest memory: neither memory nor address space is left, see --mem and ulimit -v\n",
  );
  assert.equal(status, isEnough ? 0 : 1);
  const native = await bash(
    `ulimit -v 4000000; ${command("solo5-spt")} --mem=9000 '${selfTest("test_hello.spt")}'`,
  );
  assert.match(native.stderr, /^solo5-spt: mmap of \d+ bytes of memory: Cannot allocate memory\n$/);
});

test("what the host says by a number is told in its words", () => {
  const failure = (error: object): string | undefined => hostFailure(Object.assign(new Error("m"), error));
  assert.equal(
    failure({ errno: -23, code: "ENFILE", syscall: "open", path: "/x" }),
    "/x: Too many open files in system",
  );
  assert.equal(failure({ errno: -12, code: "ENOMEM", syscall: "mmap" }), "mmap: Cannot allocate memory");
  assert.equal(failure({ code: "ERR_WORKER_INIT_FAILED" }), "cannot start a thread: m");
  assert.equal(
    hostFailure(new RangeError("Array buffer allocation failed")),
    "Array buffer allocation failed",
  );
  assert.equal(hostFailure(new RangeError("gpa out of range")), undefined);
  assert.equal(hostFailure(new TypeError("x is not a function")), undefined);
});

test("a full disk", { skip }, async () => {
  const full = "No space left on device";
  const rows = [
    [`${command("solo5-hvt")} --engine=wasm ${hello("hvt")} >/dev/full`, `solo5-hvt: stdout: ${full}`],
    [`${command("solo5")} --version >/dev/full`, `solo5: stdout: ${full}`],
    [
      `${command("solo5")} run --engine=wasm --record=/dev/full ${hello("hvt")}`,
      `solo5: /dev/full: Could not write: ${full}`,
    ],
    [
      `${command("solo5")} run --engine=wasm --net-dump:service0=/dev/full ${net}`,
      `solo5: /dev/full: Could not write: ${full}`,
    ],
    [
      `${command("solo5")} run --net-dump:service0=/dev/full ${net}`,
      `solo5: /dev/full: Could not write: ${full}`,
    ],
  ] as const;
  for (const [line, message] of rows) {
    const { stderr, status } = await bash(line);
    assert.deepEqual([stderr, status], [`${message}\n`, 1], line);
  }
  for (const options of ["--mem=x", "--mem=3 --verbose", "--mem=3"]) {
    const line = `${command("solo5-hvt-debug")} --trace ${options} '${selfTest("test_hello.hvt")}' 2>/dev/full`;
    assert.equal((await bash(line)).status, 1, line);
  }
});

test("standard descriptors that are closed", { skip }, async () => {
  for (const line of runs.slice(0, 5)) checkTold(await bash(`${line} <&- >&-`), line);
  for (const line of runs.slice(1, 3)) assert.equal((await bash(`${line} 2>&-`)).status, 0, line);
});

test("a descriptor that is no frame source is refused", { skip }, async () => {
  const why = "neither a tap nor a socket that keeps frames whole";
  const kernels = [
    ["solo5-spt", "spt", ""],
    ["solo5-spt", "spt", "--engine=wasm"],
    ["solo5-hvt", "hvt", "--engine=wasm"],
  ] as const;
  for (const [name, target, engine] of kernels) {
    const line = `${command(name)} ${engine} --net:service0=@7 '${selfTest(`test_net.${target}`)}'`;
    for (const given of ["7</dev/null", "7</etc/passwd", "7< <(sleep 0)"]) {
      const { stderr, status } = await bash(`${line} ${given}`);
      assert.deepEqual([stderr, status], [`${name}: Could not attach interface: @7: ${why}\n`, 1], given);
    }
  }
  // A stream of bytes is a socket, but keeps no frame whole.
  const stream = `const net = require("net"); net.createServer().listen(0, "127.0.0.1", function () {
    const { spawnSync } = require("child_process");
    const { status, stderr } = spawnSync(process.execPath, process.argv.slice(1), { stdio: [0, 1, "pipe", this._handle] });
    process.stderr.write(stderr); process.exit(status); });`;
  const { stderr, status } = await execute(process.execPath, [
    "-e",
    stream,
    commandFile("solo5-spt"),
    "--net:service0=@3",
    selfTest("test_net.spt"),
  ]);
  assert.deepEqual([stderr, status], [`solo5-spt: Could not attach interface: @3: ${why}\n`, 1]);
});

test("a network whose other end has gone ends no wait", { skip }, () => {
  const fds = new Int32Array(2);
  const [unix, seqpacket] = [1, 5];
  libc().socketpair(unix, seqpacket, 0, fds);
  const [near = -1, far = -1] = fds;
  closeSync(far);
  const wait = createWait([near]);
  wait(0n);
  const start = process.hrtime.bigint();
  wait(20_000_000n);
  assert.ok(process.hrtime.bigint() - start >= 20_000_000n);
  closeSync(near);
});
