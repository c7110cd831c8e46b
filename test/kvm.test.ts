// Virtual machines of this machine's /dev/kvm, as far as it goes: the self-tests, stopping, and what happens without.
// Where there is none, the rigs (test/rigs) do all of it under a real kernel with a whole CPU.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { attach, createPeer, createSegment, open, run } from "../src/index.js";
import { kvmUnsupportedReason } from "../src/hypervisor/kvm/availability.js";
import { guestCpuid } from "../src/hypervisor/kvm/cpuid.js";
import { commandFile, execute, selfTest, solo5, type Outcome } from "./command.js";
import { unikernelFile, type ProgramHeader } from "./elf-file.js";
import { projectRoot } from "./project.js";
import { needs, needsAll } from "./needs.js";
import { comesToRest, ownMsecs, until } from "./until.js";
import { checkOutcome, newDisk, onKvm, selfTests } from "./self-tests.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));

const usable = kvmUnsupportedReason(true) === undefined;
/** A software KVM executes no vector instruction. */
const vectors = kvmUnsupportedReason(false) === undefined;
const usesVectors: ReadonlySet<string> = new Set(["fpu", "blk"]);

const hvt = (...args: readonly string[]): Promise<Outcome> =>
  solo5("solo5-hvt", ["--engine=kvm", "--mem=16", ...args]);
const quietly = { write: (): void => {} };

/** A unikernel of one page of code. */
const machineCode = (...code: readonly number[]): Uint8Array => {
  const text: ProgramHeader = { type: 1, flags: 5, vaddr: 0x100000n, data: Uint8Array.from(code) };
  return unikernelFile({ target: 1, headers: [text] });
};
const endless = machineCode(0xeb, 0xfe);
/** Bytes of a 32-bit little-endian word. */
const le = (value: number): readonly number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
const dword = (address: number, value: number): readonly number[] => [
  0xc7,
  0x04,
  0x25,
  ...le(address),
  ...le(value),
]; // mov dword [address], value
const hypercall = (nr: number, args: number): readonly number[] => [
  0x66,
  0xba,
  nr,
  0x05,
  0xb8,
  ...le(args),
  0xef,
]; // mov dx, 0x500 + nr; mov eax, args; out dx, eax
const argsAt = 0x20_0000;
const puts = (data: number, size: number): readonly number[] => [
  ...dword(argsAt, data),
  ...dword(argsAt + 8, size),
  ...hypercall(2, argsAt),
];
const halt = [...dword(argsAt, 0), ...dword(argsAt + 8, 0), ...hypercall(8, argsAt)];
const talker = machineCode(...puts(0x30_0000, 0x40000), 0xeb, -2 & 0xff);
const cpuidTeller = machineCode(
  ...[1, 7, 0x8000_0001]
    .flatMap((leaf, i) => [
      [0xb8, ...le(leaf), 0x31, 0xc9, 0x0f, 0xa2], // mov eax, leaf; xor ecx, ecx; cpuid
      [0x89, 0x1c, 0x25, ...le(0x30_0000 + i * 12)], // mov [address], ebx
      [0x89, 0x0c, 0x25, ...le(0x30_0004 + i * 12)], // mov [address], ecx
      [0x89, 0x14, 0x25, ...le(0x30_0008 + i * 12)], // mov [address], edx
    ])
    .flat(),
  ...puts(0x30_0000, 36),
  ...halt,
);

/** Starts the tender with a stdout that nobody reads, and ends it once its guest has run for a while. */
async function signalWhenItRuns(
  kernel: string,
  signal: NodeJS.Signals,
): Promise<{ readonly stderr: string; readonly status: number | null }> {
  const args = [commandFile("solo5-hvt"), "--engine=kvm", "--mem=16", kernel];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], timeout: 60_000, killSignal: "SIGKILL" }); // prettier-ignore
  let stderr = "";
  child.stderr.on("data", (data: Uint8Array) => (stderr += new TextDecoder().decode(data)));
  const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const folder = `/proc/${child.pid}/fd`;
  await until("it has a virtual CPU", () =>
    readdirSync(folder).some((fd) => readLink(`${folder}/${fd}`).includes("kvm-vcpu")),
  );
  child.kill(signal);
  const status = await exited;
  // What is still in the pipe is read only now, so that it closes.
  child.stdout.resume();
  await closed;
  return { stderr, status };
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** This process's own, of one kind. */
const descriptors = (kind: string): readonly string[] =>
  readdirSync("/proc/self/fd").filter((fd) => readLink(`/proc/self/fd/${fd}`).includes(kind));

const onX8664 = process.arch === "x64" ? false : "the guests' code is for x86-64";
const skip = needsAll(needs.kvm(), onX8664);

for (const row of selfTests) {
  const { name, args = [], options = () => [], status } = row;
  if (status.hvt === undefined) continue;
  const skipRow = needsAll(skip, usesVectors.has(name) && needs.hardwareKvm());
  test(`kvm hvt ${name} ${options("DISK").join(" ")}`, { skip: skipRow }, async () => {
    const kernel = selfTest(`test_${name}.hvt`);
    checkOutcome(onKvm(row), "hvt", await hvt(...options(newDisk(folder)), kernel, ...args));
  });
}

test("kvm answers pings on a segment, and waits without the CPU", { skip }, async () => {
  const segment = createSegment();
  const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const source = { kind: "device", device: segment.port() } as const;
  const plan = attach(open(selfTest("test_net.hvt")), { memMiB: 16, net: { service0: { source } } });
  await using running = run(plan, { engine: "kvm", console: quietly });
  for (let i = 0; i < 50; i++) {
    assert.ok((await peer.ping("10.0.0.2", { timeoutMsecs: 10_000 })) !== undefined, `ping ${i}`);
  }
  await comesToRest(ownMsecs);
  running.stop();
  assert.equal((await running.exited).status, 137);
});

test("kvm: the ring carries frames, and a capture sees them", { skip }, async () => {
  const segment = createSegment();
  createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const source = { kind: "device", device: segment.port() } as const;
  const dump = join(folder, "ring.pcap");
  const plan = attach(open(selfTest("test_net_ring.hvt")), {
    memMiB: 16,
    net: { service0: { source, dump } },
  });
  let output = "";
  const console = { write: (data: Uint8Array) => void (output += new TextDecoder().decode(data)) };
  assert.equal((await run(plan, { engine: "kvm", console }).exited).status, 0, output);
  assert.match(output, /SUCCESS/);
  assert.ok(readFileSync(dump).length > 100);
});

test("kvm: a guest in an endless loop stops when it is told to, again and again", { skip }, async () => {
  const plan = attach(open(endless), { memMiB: 2 });
  for (const delayMsecs of [0, 1, 5, 20, 50, 100, 200]) {
    const running = run(plan, { engine: "kvm" });
    await new Promise((resolve) => void setTimeout(resolve, delayMsecs));
    running.stop();
    assert.equal((await running.exited).status, 137, `after ${delayMsecs} ms`);
  }
});

test("kvm: several guests at once, each with 4 GiB", { skip }, async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on("warning", warn);
  const plan = attach(open(endless), { memMiB: 4096 });
  const guests = Array.from({ length: 12 }, () => run(plan, { engine: "kvm" }));
  await until("each has a virtual CPU", () => descriptors("kvm-vcpu").length === guests.length);
  for (const { stop } of guests) stop();
  assert.deepEqual(
    new Set(await Promise.all(guests.map(async ({ exited }) => (await exited).status))),
    new Set([137]),
  );
  process.off("warning", warn);
  assert.deepEqual(warnings, []);
});

test("kvm: a program that exits does not wait for its guest", { skip }, async () => {
  const program = `
      import { attach, open, run } from ${JSON.stringify(join(projectRoot, "dist/src/index.js"))};
      import { readFileSync } from "node:fs";
      run(attach(open(readFileSync(process.argv[1])), { memMiB: 2 }), { engine: "kvm" });
      setTimeout(() => process.exit(7), 300);`;
  const file = join(folder, "endless.hvt");
  writeFileSync(file, endless);
  const outcome = await execute(process.execPath, ["--input-type=module", "-e", program, file], { timeoutMsecs: 5000 }); // prettier-ignore
  assert.equal(outcome.status, 7, outcome.stderr);
});

for (const [signal, number] of [
  ["INT", 2],
  ["TERM", 15],
] as const) {
  test(`kvm: SIG${signal} ends the tender, which says so, in a loop and in a wait`, { skip }, async () => {
    const file = join(folder, "loop.hvt");
    writeFileSync(file, endless);
    for (const kernel of [file, selfTest("test_time.hvt")]) {
      const outcome = await signalWhenItRuns(kernel, `SIG${signal}` as const);
      assert.deepEqual(outcome, { stderr: `solo5-hvt: Exiting on signal ${number}\n`, status: 1 });
    }
  });
}

test(
  "kvm: a guest whose output nobody takes stops as well, and one whose reader is gone ends",
  { skip },
  async () => {
    const tender = `'${process.execPath}' '${commandFile("solo5-hvt")}' --engine=kvm --mem=16`;
    // PUTS of 256 KiB: more than a pipe holds.
    const file = join(folder, "talker.hvt");
    writeFileSync(file, talker);
    const full = await signalWhenItRuns(file, "SIGTERM");
    assert.deepEqual(full, { stderr: "solo5-hvt: Exiting on signal 15\n", status: 1 });
    const gone = await execute("bash", ["-c", `${tender} '${file}' | true; echo "\${PIPESTATUS[0]}"`]);
    assert.deepEqual(gone, { stdout: "141\n", stderr: "", status: 0 });
  },
);

test(
  "kvm: the guest's CPU has no nested virtualisation, TSX or performance counters",
  { skip },
  async (t) => {
    let text = new Uint8Array();
    const console = { write: (data: Uint8Array) => void (text = Uint8Array.from([...text, ...data])) };
    assert.equal(
      (await run(attach(open(cpuidTeller), { memMiB: 16 }), { engine: "kvm", console }).exited).status,
      0,
    );
    const view = new DataView(text.buffer);
    const word = (leaf: number, register: "ebx" | "ecx" | "edx"): number =>
      view.getUint32(leaf * 12 + ["ebx", "ecx", "edx"].indexOf(register) * 4, true);
    const [one, seven, extended] = [0, 1, 2];
    assert.equal(text.length, 36);
    assert.equal(
      word(one, "ecx") & ((1 << 5) | (1 << 6) | (1 << 15)),
      0,
      "VMX, SMX, performance capabilities",
    );
    assert.notEqual(word(one, "edx") & (1 << 26), 0, "SSE2 is there");
    const tsx = (1 << 4) | (1 << 11);
    const all = { function: 7, index: 0, flags: 0, eax: 0, ebx: 0xffff_ffff, ecx: 0, edx: 0 };
    assert.equal(guestCpuid(all).ebx & tsx, 0, "what KVM is told");
    // A KVM without the CPU's help executes CPUID as it is, and does not hide what the host has of leaf 7.
    if (/\b(vmx|svm)\b/.test(readFileSync("/proc/cpuinfo", "utf8")))
      assert.equal(word(seven, "ebx") & tsx, 0, "HLE, RTM");
    else t.diagnostic(`leaf 7 of a software KVM: ${(word(seven, "ebx") & tsx).toString(16)}`);
    assert.equal(word(extended, "ecx") & ((1 << 2) | (1 << 23) | (1 << 24)), 0, "SVM, counters");
  },
);

test("kvm: nothing that a guest needs is left to a child of this process", { skip }, async () => {
  const running = run(attach(open(endless), { memMiB: 2 }), { engine: "kvm" });
  await until("it has a virtual CPU", () => descriptors("kvm-vcpu").length > 0);
  const kinds = new Set<string>();
  for (const fd of readdirSync("/proc/self/fd")) {
    const kind = /kvm|memfd:solo5|eventfd/.exec(readLink(`/proc/self/fd/${fd}`))?.[0];
    if (kind === undefined) continue;
    kinds.add(kind);
    const [, flags = "0"] = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1")) ?? [];
    assert.notEqual(Number.parseInt(flags, 8) & 0o2000000, 0, `${kind} survives exec`);
  }
  assert.ok(kinds.has("kvm") && kinds.has("eventfd"), [...kinds].join(" "));
  running.stop();
  await running.exited;
});

test("kvm: what the guest does wrong ends it with the classic texts", { skip }, async () => {
  const cases: readonly (readonly [code: readonly number[], says: RegExp])[] = [
    // mov dx, 0x700; out dx, eax
    [[0x66, 0xba, 0x00, 0x07, 0xef], /^Invalid guest port access: port=0x700$/],
    // mov dx, 0x502; mov eax, 0xfffffff0; out dx, eax
    [
      [0x66, 0xba, 0x02, 0x05, 0xb8, 0xf0, 0xff, 0xff, 0xff, 0xef],
      /^Invalid guest access: gpa=0xfffffff0, sz=16$/,
    ],
    // hlt
    [[0xf4], /^KVM: unhandled exit: exit_reason=0x5, rip=0x100001$/],
  ];
  for (const [code, says] of cases) {
    const file = join(folder, "wrong.hvt");
    writeFileSync(file, machineCode(...code));
    const { stderr, status } = await hvt(file);
    assert.match(stderr.replace(/^solo5-hvt: /, "").trimEnd(), says);
    assert.equal(status, 1);
  }
});

test(
  "kvm: a descriptor that is inherited carries frames; nothing else is left to a child",
  { skip },
  async () => {
    const kernel = selfTest("test_net_mtu.hvt");
    const { stdout, stderr } = await execute("bash", [
      "-c",
      `'${process.execPath}' '${commandFile("solo5-hvt")}' --engine=kvm --net:service0=@7 '${kernel}' 7<>/dev/udp/127.0.0.1/9`,
    ]);
    assert.match(stdout, /MTU is 1500/, stderr);
  },
);
// The other half: nothing of it can be tried where there is a KVM.
if (!usable) {
  test("--engine=kvm fails with the reason and the way out", async () => {
    const { stderr, status } = await hvt(selfTest("test_hello.hvt"));
    assert.match(stderr, /^solo5-hvt: .*cannot run here: engine kvm: .*(?:\/dev\/kvm|this host is)/);
    assert.equal(status, 1);
  });
}

test("without a real KVM, auto takes the portable engine and says so once", async () => {
  const { stderr } = await solo5("solo5-hvt", ["--verbose", "--mem=16", selfTest("test_hello.hvt")]);
  const said = vectors ? /^solo5-hvt: engine kvm\n$/ : /^solo5-hvt: engine wasm \(engine kvm: .*\)\n$/;
  assert.match(stderr, said);
  assert.ok(existsSync("/dev/kvm") || stderr.includes("load the module"));
});
