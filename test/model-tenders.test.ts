// Whole tenders over models of hypervisors, with the thread of the virtual CPU: signals, stopping, gdb and core files. Witnesses: gdb,
// and the shell's view of a process's end.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { execute, selfTest, type Outcome } from "./command.js";
import { unikernelFile } from "./elf-file.js";
import { needs } from "./needs.js";
import { projectRoot } from "./project.js";
import { runSession, sessionsOf, type TenderFile } from "./session.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));
const skip = needs.x8664Linux();

const systems = { kvm: "kvm", freebsd: "vmm", openbsd: "vmm" } as const;

/** Not the bundle: the model stands in for a module of its. */
const tenderOf =
  (system: string): TenderFile =>
  (name) => [
    `--import=${join(projectRoot, `dist/test/model/run-${system}.js`)}`,
    join(projectRoot, `dist/src/cli/commands/${name}.js`),
  ];

/** jmp $ */
const loop = join(folder, "loop.hvt");
const text = { type: 1, flags: 5, vaddr: 0x100000n, data: Uint8Array.of(0xeb, 0xfe) };
writeFileSync(loop, unikernelFile({ target: 1, headers: [text] }));

for (const [system, engine] of Object.entries(systems)) {
  const tender = tenderOf(system);
  const options = [`--engine=${engine}`];
  const run = (...args: readonly string[]): Promise<Outcome> =>
    execute(process.execPath, [...tender("solo5-hvt"), ...options, "--mem=16", ...args]);

  test(`${system}: a disk, a network, output, statuses`, { skip }, async () => {
    const hello = await run(selfTest("test_hello.hvt"), "Hello_Solo5");
    assert.match(hello.stdout, /'Hello_Solo5'[^]*SUCCESS/);
    assert.equal(hello.stderr, "");
    assert.equal(hello.status, 0);
    const disk = join(folder, `disk-${system}`);
    writeFileSync(disk, new Uint8Array(0x10000));
    assert.equal((await run(`--block:storage=${disk}`, selfTest("test_blk.hvt"))).status, 0);
    const net = await run("--net:service0=segment:lan/10.0.0.1", selfTest("test_net_mtu.hvt"));
    assert.match(net.stdout, /MTU is 1500/, net.stderr);
  });

  for (const [signal, number, kernel] of [
    ["SIGINT", 2, loop],
    ["SIGTERM", 15, selfTest("test_time.hvt")],
  ] as const)
    test(`${system}: ${signal} in a ${kernel === loop ? "loop" : "wait"}`, { skip }, async () => {
      const args = [...tender("solo5-hvt"), ...options, "--verbose", "--mem=16", kernel];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], timeout: 30_000, killSignal: "SIGKILL" }); // prettier-ignore
      let said = "";
      child.stderr.on("data", (data: Buffer) => (said += data.toString()));
      const ended = once(child, "close");
      await once(child.stderr, "data");
      await new Promise((resolve) => void setTimeout(resolve, 300));
      child.kill(signal);
      assert.deepEqual(await ended, [1, null], said);
      assert.equal(said, `solo5-hvt: engine ${engine}\nsolo5-hvt: Exiting on signal ${number}\n`);
    });

  test(`${system}: stopped at any moment, again and again`, { skip }, async () => {
    const [model = ""] = tender("");
    const program = join(projectRoot, "dist/test/model/stops.js");
    const { stdout, stderr } = await execute(process.execPath, [model, program, engine, loop]);
    assert.equal(stdout, "137 137 137 137 137 137\n", stderr);
  });

  // The rest is tried with the kernel's own.
  if (system === "kvm") continue;
  test(`${system}: a core file that gdb reads`, { skip: needs.program("gdb") }, async () => {
    const into = mkdtempSync(join(folder, "core-"));
    const kernel = selfTest("test_dumpcore.hvt");
    const { stderr } = await execute(process.execPath, [
      ...tender("solo5-hvt-debug"),
      ...options,
      "--mem=16",
      `--dumpcore=${into}`,
      kernel,
    ]);
    assert.match(stderr, /core\.solo5-hvt\.\d+\n$/);
    const core = join(into, readdirSync(into)[0] ?? "");
    const gdb = await execute("gdb", ["-nx", "-batch", "-iex", "set debuginfod enabled off", "-ex", "backtrace", kernel, core]); // prettier-ignore
    assert.match(gdb.stdout, /#\d .*solo5_abort \(\)[^]*#\d .*solo5_app_main \(info=[^]*#\d .*_start/);
  });

  const page = "docs/debugging.md";
  for (const session of sessionsOf(page)) {
    const [title = ""] = session.lines;
    // Vectors are out of vmm's reach.
    if (!title.startsWith("$ solo5-hvt-debug --gdb") || (engine === "vmm" && title.includes("fpu"))) continue;
    test(`${system}: ${page}:${session.line} ${title}`, { skip: needs.program("gdb") }, () =>
      runSession(session, dirname(selfTest("test_hello.hvt")), options, tender),
    );
  }

  const session = (kernel: string, ...lines: readonly string[]): Promise<void> =>
    runSession(
      {
        line: 0,
        lines: [
          `$ solo5-hvt-debug --gdb --mem=16 ${kernel} &`,
          `$ gdb ${kernel}`,
          "(gdb) target remote :1234",
          ...lines,
        ],
      },
      dirname(selfTest("test_hello.hvt")),
      options,
      tender,
    );

  test(
    `${system}: gdb interrupts a loop, steps, finishes, and lets go`,
    { skip: needs.program("gdb") },
    async () => {
      await session(
        "test_hello.hvt",
        "(gdb) set {unsigned short}solo5_app_main = 0xfeeb",
        "(gdb) continue",
        "^C",
        "Program received signal SIGINT, Interrupt.",
        "solo5_app_main (…",
        "(gdb) stepi",
        "(gdb) kill",
        "[Inferior 1 (Remote target) killed]",
      );
      await session(
        "test_time.hvt",
        "(gdb) continue",
        "^C",
        "Program received signal SIGINT, Interrupt.",
        "(gdb) backtrace",
        "#… solo5_app_main (…) at …",
        "(gdb) tbreak solo5_clock_monotonic",
        "(gdb) continue",
        "Temporary breakpoint 1…, solo5_clock_monotonic () at …",
        "(gdb) finish",
        "Value returned is $1 = …",
        "(gdb) stepi 20",
        "(gdb) detach",
        "[Inferior 1 (Remote target) detached]",
      );
    },
  );
}
