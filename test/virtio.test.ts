// The self-tests on a PC that is not ours: QEMU's, by solo5-virtio-run and by QEMU's own options. Witnesses: QEMU's
// firmware and devices, ping(8), the kernel's accounting of QEMU's time.
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, test } from "node:test";
import { commandFile, execute, selfTest, solo5, type Outcome } from "./command.js";
import { createNamespace, type Namespace } from "./namespace.js";
import { needs, needsAll } from "./needs.js";
import { checkOutcome, netTests, newDisk, qemuStatus, selfTests, type SelfTest } from "./self-tests.js";
import { comesToRest } from "./until.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));
const qemu = "qemu-system-x86_64";
const skip = needs.program(qemu);
const skipTap = needsAll(skip, needs.root(), needs.program("ip", "ping"));

/** A machine with QEMU's usual devices, among them the ACPI that solo5-virtio-run leaves out. */
const machine = (cpu: string, kernel: string, ...more: readonly string[]): readonly string[] =>
  [
    `-cpu ${cpu} -m 128 -nodefaults -no-reboot -display none -serial stdio`.split(" "),
    "-kernel",
    kernel,
    more,
  ].flat();
const debugExit = ["-device", "isa-debug-exit"] as const;

const devicesOf = (...kinds: readonly ("net" | "blk")[]): readonly string[] =>
  kinds.flatMap((kind, i) =>
    kind === "net"
      ? ["-netdev", `user,id=x${i}`, "-device", `virtio-net,netdev=x${i}`]
      : [
          "-drive",
          `id=x${i},file=${newDisk(folder)},if=none,format=raw`,
          "-device",
          `virtio-blk,drive=x${i}`,
        ],
  );

/** QEMU's status is the same for every end: what was said must tell them apart. */
function checkText(row: SelfTest, outcome: Outcome): void {
  checkOutcome({ ...row, status: { virtio: qemuStatus } }, "virtio", outcome);
  const end =
    row.status.hvt === 0
      ? /SUCCESS/
      : row.name === "dumpcore"
        ? /solo5_abort/
        : /Solo5: ABORT: (.*Fatal trap|Stack)/;
  assert.match(outcome.stdout, end);
}

const rows = selfTests.filter(({ status }) => status.virtio !== undefined);

test("a row for each self-test that the reference suite runs on virtio, and for ours", () => {
  const names =
    "hello quiet output globals exception zeropage tls tls_small tls_zero notls ssp fpu time blk dumpcore cxx";
  assert.deepEqual(rows.map(({ name }) => name).toSorted(), names.split(" ").toSorted());
});

for (const row of rows) {
  const { name, args = [], options = () => [] } = row;
  const kernel = selfTest(`test_${name}.virtio`);
  const disks = (): readonly string[] =>
    options(newDisk(folder)).map((option) => option.replace(/^--block:\w+=/, ""));
  test(`solo5-virtio-run ${name}`, { skip }, async () => {
    const devices = disks().flatMap((disk) => ["-d", disk]);
    checkText(row, await solo5("solo5-virtio-run", ["-q", "-H", "qemu", ...devices, kernel, "--", ...args]));
  });
  test(`QEMU -cpu max ${name}`, { skip }, async () => {
    const devices = disks().flatMap((disk, i) => [
      "-drive",
      `id=d${i},file=${disk},if=none,format=raw`,
      "-device",
      `virtio-blk,drive=d${i},event_idx=off`,
    ]);
    const append = args.length === 0 ? [] : ["-append", args.join(" ")];
    // A multiboot command line ends the file's name at a space: the name alone, wherever the project lies.
    const qemuArgs = machine("max", basename(kernel), ...debugExit, ...devices, ...append);
    checkText(row, await execute(qemu, qemuArgs, { cwd: dirname(kernel) }));
  });
}

test("QEMU: a timer interrupts a program that only computes", { skip }, async () => {
  const { stdout } = await execute(qemu, machine("Westmere", selfTest("test_ticks.virtio"), ...debugExit));
  assert.match(stdout, /SUCCESS/);
});

test("without a debug exit the machine is powered off", { skip }, async () => {
  const { stdout, status } = await execute(qemu, machine("Westmere", selfTest("test_hello.virtio")));
  assert.match(stdout, /SUCCESS[^]*Solo5: ACPI: power off via PM1a=0x604/);
  assert.equal(status, 0);
});

test("and without ACPI it halts, using no time", { skip }, async () => {
  const kernel = selfTest("test_hello.virtio");
  const args = machine("Westmere", kernel, "-machine", "acpi=off");
  const { stdout, status } = await execute(qemu, args, { timeoutMsecs: 2000 });
  assert.match(stdout, /SUCCESS[^]*Solo5: Halted/);
  assert.doesNotMatch(stdout, /ACPI/);
  assert.equal(status, 137);
});

test("memory: less than the image, and what there is", { skip }, async () => {
  const run = async (memory: string): Promise<string> =>
    (await solo5("solo5-virtio-run", ["-q", "-H", "qemu", "-m", memory, selfTest("test_hello.virtio")]))
      .stdout;
  assert.match(await run("1536"), /1024 MB addressable:[^]*stack < 0x40000000\b[^]*SUCCESS/);
  assert.match(await run("16"), /1[56] MB addressable[^]*SUCCESS/);
  // Two network devices take the rest of two megabytes for their buffers.
  const kernel = selfTest("test_net_2if.virtio");
  const args = machine("Westmere", kernel, ...debugExit, ...devicesOf("net", "net"), "-m", "2");
  assert.match((await execute(qemu, args)).stdout, /Solo5: ABORT: .*Not enough memory/);
});

test("devices that do not fit the manifest", { skip }, async () => {
  const run = async (name: string, ...kinds: readonly ("net" | "blk")[]): Promise<string> => {
    const kernel = selfTest(`test_${name}.virtio`);
    return (await execute(qemu, machine("Westmere", kernel, ...debugExit, ...devicesOf(...kinds)))).stdout;
  };
  assert.match(await run("blk"), /ABORT: .*All declared devices must be attached\. Aborting\./);
  assert.match(await run("net_2if", "net"), /ABORT: .*All declared devices must be attached/);
  assert.match(
    await run("hello", "blk"),
    /more devices than the manifest declares\r\n.*ABORT: .*PCI enumeration failed\. Aborting/,
  );
  assert.match(await run("blk", "net"), /declares 'storage' as another type of device\r\n.*ABORT/);
  for (const text of [await run("blk"), await run("hello", "blk")]) assert.doesNotMatch(text, /\*\*\*\*/);
});

test("a disk that cannot be written", { skip }, async () => {
  const disk = `id=d,file=${newDisk(folder)},if=none,format=raw,readonly=on`;
  const { stdout } = await execute(
    qemu,
    machine(
      "Westmere",
      selfTest("test_blk.virtio"),
      ...debugExit,
      "-drive",
      disk,
      "-device",
      "virtio-blk,drive=d",
    ),
  );
  assert.match(stdout, /a write failed\r\nFAILURE/);
});

/** As functions of eight to a slot. */
const nicsOnSlots = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => [
    "-netdev",
    `hubport,id=n${i},hubid=${i}`,
    "-device",
    `virtio-net,netdev=n${i},addr=${(2 + (i >> 3)).toString(16)}.${i & 7},multifunction=on,romfile=`,
  ]).flat();

for (const row of netTests) {
  test(`QEMU ${row.name}, its devices as functions of eight slots`, { skip }, async () => {
    const kernel = selfTest(`test_${row.name}.virtio`);
    checkText(
      row,
      await execute(qemu, machine("Westmere", kernel, ...debugExit, ...nicsOnSlots(row.nics.length))),
    );
  });
}

/** Starts solo5-virtio-run in the namespace and waits until the unikernel serves. */
function serve(namespace: Namespace, args: readonly string[]): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const command = [commandFile("solo5-virtio-run"), "-q", "-H", "qemu", ...args];
    const child = namespace.spawn(process.execPath, command);
    let text = "";
    child.stdout?.on("data", (data: Uint8Array) => {
      text += new TextDecoder().decode(data);
      if (/Serving.*\r\n/.test(text)) resolve(child);
    });
    child.on("close", (status) => reject(new Error(`ended with ${status}: ${text}`)));
  });
}

const ended = (child: ChildProcess): Promise<number | null> => {
  child.removeAllListeners("close");
  return new Promise((resolve) => child.on("close", resolve));
};

/** The QEMU that has `needle` among its arguments. */
async function pidOf(needle: string): Promise<number> {
  const { stdout } = await execute("ps", ["-eo", "pid,args"]);
  const line = stdout.split("\n").find((text) => text.includes(qemu) && text.includes(needle));
  return Number(line?.trim().split(" ")[0] ?? Number.NaN);
}

/** CPU time of a process, in ticks of 10 ms: proc_pid_stat(5), fields 14 and 15. */
function cpuMsecs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

test("two taps: pings, no frame lost, no time used while it waits", { skip: skipTap }, async () => {
  using namespace = createNamespace();
  namespace.tap("tapv0", "10.0.0.1/24");
  namespace.tap("tapv1", "10.1.0.1/24");
  const child = await serve(namespace, ["-n", "tapv0", "-n", "tapv1:1400", selfTest("test_net_2if.virtio")]);
  const closed = ended(child);
  try {
    for (const address of ["10.0.0.2", "10.1.0.2"]) {
      const { stdout } = await namespace.execute("ping", [
        "-fq",
        "-c",
        "2000",
        "-w",
        "60",
        "-s",
        "1300",
        address,
      ]);
      assert.match(stdout, /2000 received, 0% packet loss/);
    }
    const qemuPid = await pidOf("ifname=tapv0");
    await comesToRest(() => cpuMsecs(qemuPid));
  } finally {
    child.kill("SIGTERM");
  }
  // QEMU takes SIGTERM for a power switch.
  assert.equal(await closed, 0);
});

test("a hundred thousand frames, then the end", { skip: skipTap }, async () => {
  using namespace = createNamespace();
  namespace.tap("tap0", "10.0.0.1/24");
  const child = await serve(namespace, ["-n", "tap0", selfTest("test_net.virtio"), "limit"]);
  const closed = ended(child);
  await namespace.execute("ping", ["-fq", "-c", "100100", "-w", "40", "10.0.0.2"]);
  assert.equal(await closed, 83);
});

test("the MTU that -n gives is the unikernel's", { skip: skipTap }, async () => {
  using namespace = createNamespace();
  namespace.tap("tap0", "10.0.0.1/24");
  const run = async (netif: string): Promise<string> => {
    const args = [
      commandFile("solo5-virtio-run"),
      "-q",
      "-H",
      "qemu",
      "-n",
      netif,
      selfTest("test_net_mtu.virtio"),
    ];
    return (await namespace.execute(process.execPath, args)).stdout;
  };
  assert.match(await run("tap0"), /MTU is 1500/);
  assert.match(await run("tap0:9000"), /MTU is 9000/);
});

test("the command is printed as a shell would take it", { skip }, async () => {
  const kernel = join(folder, "a, b.virtio");
  copyFileSync(selfTest("test_hello.virtio"), kernel);
  const { stdout, stderr } = await solo5("solo5-virtio-run", ["-H", "qemu", kernel, "x,y", "it's"]);
  assert.match(stdout, /Command line is: 'x,y it's'/);
  assert.match(stderr, /^\+ qemu-system-x86_64 -cpu Westmere .*-kernel \/dev\/fd\/3 -append '[^\n]*\n$/);
  const shell = await execute("sh", ["-c", stderr.slice(2)]);
  assert.match(shell.stdout, /Command line is: 'x,y it's'/);
});

/** A folder for PATH with scripts that write down how they were called, and what they read. */
function mocks(
  name: string,
  scripts: Readonly<Record<string, string>>,
): { path: string; calls: () => string } {
  const path = join(folder, name);
  mkdirSync(path);
  for (const [program, script] of Object.entries(scripts)) {
    const file = join(path, program);
    writeFileSync(file, `#!/bin/sh\necho "\${0##*/} $*" >>${path}/calls\n${script}\n`);
    chmodSync(file, 0o755);
  }
  return { path: `${path}:${process.env["PATH"]}`, calls: () => readFileSync(join(path, "calls"), "utf8") };
}

test("an old QEMU gets its commas doubled", async () => {
  const { path, calls } = mocks("old", { [qemu]: 'echo "QEMU emulator version 2.11.1"' });
  const env = { ...process.env, PATH: path };
  await solo5("solo5-virtio-run", ["-q", "-H", "qemu", selfTest("test_hello.virtio"), "a,b"], { env });
  assert.match(calls(), /--version\n.* -append a,,b\n$/);
});

test("bhyve: loaded, connected, run, destroyed; its status is ours", async () => {
  const script = { "grub-bhyve": `cat >>${join(folder, "bhyve", "calls")}`, bhyve: "exit 2", bhyvectl: "", stty: "", cat: "exec sleep 60" }; // prettier-ignore
  const { path, calls } = mocks("bhyve", {
    ...script,
    "grub-bhyve": `/bin/cat >>${join(folder, "bhyve", "calls")}`,
  });
  const env = { ...process.env, PATH: path };
  // Where no name needs quoting.
  const kernel = join(folder, "test_blk.virtio");
  copyFileSync(selfTest("test_blk.virtio"), kernel);
  const disk = newDisk(folder);
  const outcome = await solo5("solo5-virtio-run", ["-H", "bhyve", "-m", "64", "-d", disk, kernel, "a b"], {
    env,
  });
  assert.equal(outcome.status, 2, outcome.stderr);
  const id = /vm(\d+)/.exec(calls())?.[1];
  const expected = [
    `grub-bhyve -M 64 vm${id}`,
    `multiboot ${kernel} placeholder 'a b'`,
    "boot",
    `stty -f /dev/nmdm${id}B`,
    `stty -f /dev/nmdm${id}A 115200 igncr`,
    `bhyve -u -m 64 -H -s 0:0,hostbridge -s 1:0,lpc -l com1,/dev/nmdm${id}B -s 2:0,virtio-blk,${disk} vm${id}`,
    `bhyvectl --destroy --vm=vm${id}`,
  ];
  const lines = calls().trimEnd().split("\n");
  // The copier starts when it likes.
  assert.deepEqual(
    lines.filter((line) => !line.startsWith("cat ")),
    expected,
  );
  assert.match(outcome.stderr, /^\+ printf [^]*\| grub-bhyve -M 64 vm\d+\n\+ bhyve -u /);
});

test("what cannot be started is said in one line", async () => {
  const refused = async (args: readonly string[], why: RegExp, path = process.env["PATH"]): Promise<void> => {
    const { stdout, stderr, status } = await solo5("solo5-virtio-run", args, {
      env: { ...process.env, PATH: path },
    });
    assert.deepEqual([stdout, status], ["", 1]);
    assert.match(stderr, why);
  };
  const hello = selfTest("test_hello.virtio");
  await refused(["-H", "qemu", "/nonexistent"], /^solo5-virtio-run: error: not found: \/nonexistent\n$/);
  await refused(["-d", "/nonexistent", hello], /^solo5-virtio-run: error: not found: \/nonexistent\n$/);
  await refused(["-d", folder, hello], /error: not a file: /);
  await refused(
    ["-q", selfTest("test_hello.spt")],
    /test_hello\.spt: is for the spt target, not for virtio\n$/,
  );
  await refused(
    ["-q", process.execPath],
    /there is no multiboot header: is it a unikernel for the virtio target\?\n$/,
  );
  await refused(["-q", "-H", "qemu", hello], /^solo5-virtio-run: error: qemu-system-x86_64 is not installed, or not in PATH\n$/, "/none"); // prettier-ignore
  await refused(["-q", "-H", "bhyve", hello], /error: grub-bhyve is not installed/, "/none");
  await refused([], /^usage: solo5-virtio-run/);

  const [blk, net2] = [selfTest("test_blk.virtio"), selfTest("test_net_2if.virtio")];
  const disk = newDisk(folder);
  const qemuOf = (...args: readonly string[]) => ["-q", "-H", "qemu", ...args];
  await refused(
    qemuOf(blk),
    /^[^\n]* Device 'storage' of type BLOCK_BASIC declared but not attached, see -d\n$/,
  );
  await refused(qemuOf("-d", disk, hello), /^[^\n]*: more devices \(1\) than its manifest declares \(0\)\n$/);
  await refused(
    qemuOf("-d", disk, "-d", disk, blk),
    /^[^\n]*: more devices \(2\) than its manifest declares \(1\)\n$/,
  );
  await refused(
    qemuOf("-d", disk, net2),
    /^[^\n]*: device 1 of the manifest is 'service0' of type NET_BASIC: attach it by -n, in its place\n$/,
  );
  await refused(qemuOf("-m", "1000k", hello), /^[^\n]*: needs more memory than 1000k, see -m\n$/);
});

test("an interface that is not there", { skip: needs.x8664Linux() }, async () => {
  const { stderr, status } = await solo5("solo5-virtio-run", ["-n", "tap77", selfTest("test_net.virtio")]);
  assert.equal(stderr, "solo5-virtio-run: error: no such network interface: tap77\n");
  assert.equal(status, 1);
});
