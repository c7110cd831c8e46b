// solo5 check and solo5 self-test as a user runs them: what they say, and what programs read of it. Witnesses: the kernel, where it is
// asked the same; libxml2's and Perl's readers of reports.
import assert from "node:assert/strict";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { selfTestReports } from "../src/setup/self-tests/reports.js";
import { selfTestCases, selfTestTargets, type SelfTestResult } from "../src/setup/self-tests/run.js";
import { execute, selfTest, solo5 } from "./command.js";
import { needs } from "./needs.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));

interface Check {
  readonly name: string;
  readonly state: string;
  readonly says: string;
  readonly wayOut?: string;
}

async function check(env: NodeJS.ProcessEnv = {}): Promise<ReadonlyMap<string, Check>> {
  const { stdout, stderr, status } = await solo5("solo5", ["check", "--json"], {
    env: { ...process.env, ...env },
  });
  assert.equal(status, 0, stderr);
  const { system, checks } = JSON.parse(stdout) as {
    readonly system: { readonly platform: string };
    readonly checks: readonly Check[];
  };
  assert.equal(system.platform, process.platform);
  return new Map(checks.map((one) => [one.name, one]));
}

/** Whether a file is there that this user may read and write. */
function isOpenTo(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

test("what this machine can do", async () => {
  const checks = await check();
  for (const { name, state, says, wayOut } of checks.values()) {
    assert.match(state, /^(?:yes|partly|no)$/, name);
    assert.notEqual(says, "", name);
    if (state === "no") assert.notEqual(wayOut ?? "", "", name);
  }
  assert.equal(checks.get("wasm")?.state, "yes");
  if (process.platform === "linux") {
    assert.equal(checks.get("taps")?.state === "no", !isOpenTo("/dev/net/tun"));
    const hasVmx = /\b(?:vmx|svm)\b/.test(readFileSync("/proc/cpuinfo", "latin1"));
    if (process.arch === "x64" && !hasVmx) assert.equal(checks.get("hvt")?.state, "partly");
  }
});

test("what is missing is told with the way out", async () => {
  const empty = join(folder, "empty");
  mkdirSync(empty);
  const checks = await check({ SOLO5_CC: "no-such-cc", SOLO5_CACHE: "none" });
  assert.equal(checks.get("compiler")?.state, "no");
  assert.match(checks.get("compiler")?.wayOut ?? "", /@zigc\/cli/);
  assert.equal(checks.get("cache")?.state, "no");
  const { stdout } = await solo5("solo5", ["check"], { env: { ...process.env, SOLO5_CACHE: "none" } });
  assert.match(stdout, /^solo5 \S+, Node \S+, \S+ \S+ \S+, \d+ CPUs, [\d.]+ GiB\n/);
  assert.match(stdout, /^no {6}cache {7}translated code is not kept\n {20}-> SOLO5_CACHE names a folder$/m);
});

test("self-tests that pass, in every format", { skip: needs.x8664Linux() }, async () => {
  const wanted = [
    "self-test",
    "spt",
    "hvt",
    "--test=hello",
    "--test=xnow",
    "--test=net_mtu",
    "--engine=wasm",
  ];
  const plain = await solo5("solo5", wanted);
  assert.equal(plain.status, 0, plain.stdout + plain.stderr);
  assert.match(plain.stdout, /^ok {6}spt {5}wasm {4}hello: [\d.]+ s$/m);
  assert.match(plain.stdout, /\n6 passed, 0 failed, 0 skipped\n$/);
  const others = await solo5("solo5", ["self-test", "--test=globals"]);
  assert.equal(others.status, 0, others.stdout);
  const count = selfTestCases({ targets: selfTestTargets, names: ["globals"] }).length;
  assert.ok(others.stdout.endsWith(`\n${count} passed, 0 failed, 0 skipped\n`), others.stdout);
  const tap = await solo5("solo5", ["self-test", "spt", "--test=hello", "--format=tap"]);
  assert.equal(tap.stdout, "TAP version 13\n1..1\nok 1 - spt hello (native)\n");
});

test("self-tests that fail or cannot run", { skip: needs.x8664Linux() }, async () => {
  const other = join(folder, "other");
  mkdirSync(other);
  // What says too little, and what is no unikernel.
  writeFileSync(join(other, "test_hello.spt"), readFileSync(selfTest("test_quiet.spt")));
  writeFileSync(join(other, "test_tls.spt"), "no ELF");
  const run = ["self-test", "spt", "--test=hello", "--test=tls", "--test=fpu", `--from=${other}`];
  const plain = await solo5("solo5", run);
  assert.equal(plain.status, 1);
  assert.match(plain.stdout, /^FAILED {2}spt {5}native {2}hello: does not say /m);
  assert.match(plain.stdout, /^skipped spt {5}auto {4}fpu: there is no /m);
  assert.match(plain.stdout, /\n0 passed, 2 failed, 1 skipped\n$/);
  const virtio = await solo5("solo5", ["self-test", "virtio", "--test=hello", "--engine=native"]);
  assert.equal(virtio.status, 0);
  assert.match(
    virtio.stdout,
    /^skipped virtio {2}native {2}hello: engine native: a unikernel of the virtio target/m,
  );
  const vmm = await solo5("solo5", ["self-test", "hvt", "--test=hello", "--engine=vmm"]);
  assert.match(vmm.stdout, /hello: engine vmm: vmm is FreeBSD's and OpenBSD's, and this is linux$/m);
  for (const [args, says] of [
    [["--test=nothing"], /there is no self-test nothing/],
    [["plan9"], /there is no target plan9/],
    [["--format=html"], /--format is table, tap, junit, not html/],
    [["--engine=qemu"], /there is no engine 'qemu'/],
    [["--from=/nowhere"], /\/nowhere: there is no such folder/],
  ] as const) {
    const { status, stderr } = await solo5("solo5", ["self-test", ...args]);
    assert.equal(status, 1);
    assert.match(stderr, says);
  }
});

const results: readonly SelfTestResult[] = [
  { target: "spt", name: "hello", engine: "native", msecs: 12 },
  { target: "hvt", name: "blk --x=DISK", engine: "wasm", msecs: 0, skipped: 'no "<disk>" & so on # 1' },
  { target: "hvt", name: "tls", engine: "wasm", msecs: 3, fault: { reason: 'status 1 > "0"', text: "a\nb \u0001]]>&\n" } }, // prettier-ignore
];

test("JUnit's XML is XML", { skip: needs.program("xmllint") }, async () => {
  const file = join(folder, "report.xml");
  writeFileSync(file, selfTestReports["junit"]?.after(results) ?? "");
  const ask = async (path: string): Promise<string> =>
    (await execute("xmllint", ["--xpath", `string(${path})`, file])).stdout.trimEnd();
  assert.equal(await ask("/testsuite/@tests"), "3");
  assert.equal(await ask("/testsuite/@failures"), "1");
  assert.equal(await ask("//testcase[3]/failure"), "a\nb ?]]>&");
  assert.equal(await ask("//testcase[2]/skipped/@message"), 'no "<disk>" & so on # 1');
});

test("TAP is TAP", { skip: needs.program("prove") }, async () => {
  const report = selfTestReports["tap"];
  assert.ok(report !== undefined);
  const file = join(folder, "report.tap");
  const write = (of: readonly SelfTestResult[]): void =>
    writeFileSync(
      file,
      report.before(of.length) + of.map((one, i) => report.each(one, i + 1)).join("") + report.after(of),
    );
  write(results);
  const failed = await execute("prove", ["--exec=cat", "-v", file]);
  assert.notEqual(failed.status, 0);
  assert.match(failed.stdout, /Failed 1\/3 subtests/);
  assert.match(failed.stdout, /less 1 skipped subtest/);
  write(results.slice(0, 2));
  assert.equal((await execute("prove", ["--exec=cat", file])).status, 0);
});

test("every row of the table has its unikernel", () => {
  const missing = selfTestCases({ targets: ["spt", "hvt", "virtio"], names: [] })
    .map(({ row, target }) => `test_${row.name}.${target}`)
    .filter((file) => !existsSync(selfTest(file)));
  assert.deepEqual(missing, []);
});
