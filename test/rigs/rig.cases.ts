// What every rig is put through: the self-tests under a real kernel's KVM and as sealed processes, and what only a whole
// machine shows.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { buildSync } from "esbuild";
import { attach, open, seal } from "../../src/index.js";
import type { Outcome } from "../command.js";
import { selfTest } from "../command.js";
import { projectRoot } from "../project.js";
import { needs, needsAll } from "../needs.js";
import { checkOutcome, newDisk, onKvm, selfTests, type SelfTest } from "../self-tests.js";
import type { Entry } from "./cpio.js";
import { checkOnEngine, engineCases, engineFiles } from "./engine.cases.js";
import { gdbCases } from "./gdb.cases.js";
import {
  bundled,
  machineCases,
  machineFiles,
  pcCases,
  tender,
  type Case,
  type ComparedCase,
} from "./machine.cases.js";
import { othersFolder, othersIn, standIns } from "./others.cases.js";
import { machines, type Machine } from "./machines.js";
import { runInRig } from "./rig.js";
import { rigsFolder } from "./software.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-rig-"));
after(() => rmSync(folder, { recursive: true }));
/** A path that is a disk's there as well as here, where it is measured for sealing. */
const disk = newDisk(folder);
const blank = `mkdir -p ${dirname(disk)}; rm -f ${disk}; truncate -s 65536 ${disk}`;
const hvtFile = (name: string): string => `tests/test_${name}.hvt`;
const folderOf = ({ isa }: Machine): string => (isa === "x86-64" ? "" : "aarch64/");
const title = ({ name, options = () => [] }: SelfTest): string =>
  `${name} ${options("DISK").join(" ")}`.trim();

const sealedName = (row: SelfTest): string => title(row).replaceAll(/\W+/g, "-");

/** hvt's self-tests on KVM, through the tender. */
const kvmCases = selfTests
  .filter(({ status }) => status.hvt !== undefined)
  .map((row): Case => {
    const { name, options = () => [], args = [] } = row;
    const words = ["--engine=kvm", "--mem=64", ...options(disk), `/${hvtFile(name)}`, ...args];
    return {
      name: `kvm ${title(row)}`,
      line: `${blank}; ${tender} ${words.join(" ")}`,
      check: (outcome) => checkOutcome(onKvm(row), "hvt", outcome),
    };
  });

const virtioFile = (name: string): string => `tests/test_${name}.virtio`;

/** Of virtio's self-tests those that show something of KVM: an exit for each byte that is printed takes its time there. */
const onPc = ["hello", "blk", "exception"] as const;

/** On a PC whose interrupts KVM injects. */
const virtioCases = selfTests
  .filter(({ name, status }) => status.virtio !== undefined && (onPc as readonly string[]).includes(name))
  .map((row): Case => {
    const { name, options = () => [], args = [] } = row;
    const words = ["run", "--engine=kvm", "--mem=64", ...options(disk), `/${virtioFile(name)}`, ...args];
    return {
      name: `virtio on kvm ${title(row)}`,
      line: `${blank}; ${bundled("solo5")} ${words.join(" ")}`,
      check: (outcome) => checkOutcome(row, "virtio", outcome),
    };
  });

/** spt's, sealed here and run there: busybox is all that they have around them. `check` looks at what else can be said of them. */
const sptCasesWith = (check?: (row: SelfTest, outcome: Outcome) => Promise<void>): readonly ComparedCase[] =>
  selfTests
    .filter(({ status }) => status.spt !== undefined)
    .map((row) => ({
      name: `sealed ${title(row)}`,
      line: `${blank}; exec /sealed/${sealedName(row)}`,
      check(outcome) {
        checkOutcome(row, "spt", outcome);
        return check?.(row, outcome);
      },
    }));
const sptCases = sptCasesWith();

function sealed(machine: Machine, row: SelfTest): Entry {
  const { name, args = [], options = () => [] } = row;
  const storage = options(disk).length === 0 ? {} : { storage: { source: { kind: "file", path: disk } as const, blockSize: options(disk).length > 1 ? 4096 : 512 } }; // prettier-ignore
  const unikernel = open(selfTest(`${folderOf(machine)}test_${name}.spt`));
  return {
    path: `sealed/${sealedName(row)}`,
    content: seal(attach(unikernel, { memMiB: 2, args, block: storage })),
  };
}

/** Boots the machine once and tests everything in it; nothing where SOLO5_RIGS is empty on purpose. */
export function testRig(name: keyof typeof machines): void {
  const machine: Machine = machines[name];
  const others = standIns(machine.isa, { path: disk, blank }, folder);
  const cases = [
    ...kvmCases,
    ...sptCases,
    ...machineCases(`/${hvtFile("hello")}`, `/${hvtFile("net")}`),
    ...gdbCases(machine.isa, folder),
    ...others.cases,
  ];
  testCases(name, () => [...files(machine), ...others.files], cases);
}

/** What is to be run there of this host's own tests, each as one file for a Node that has nothing else. */
const cpuTests = [
  "hypervisor/kvm/vcpu.test",
  "engine/x86-64/control-registers.test",
  "engine/x86-64/slow/segments.test",
  "engine/x86-64/slow/system.test",
] as const;

const cpuTestFiles = (): readonly Entry[] =>
  cpuTests.map((name) => {
    const { outputFiles } = buildSync({
      entryPoints: [join(projectRoot, `dist/src/${name}.js`)],
      bundle: true,
      platform: "node",
      format: "esm",
      packages: "external",
      write: false,
    });
    return { path: `solo5/${basename(name)}.mjs`, content: outputFiles[0]?.contents ?? new Uint8Array() };
  });

const ticksCase: Case = {
  name: "virtio on kvm: a timer interrupts a guest that computes",
  line: `${bundled("solo5")} run --engine=kvm --mem=64 /${virtioFile("ticks")}`,
  timeoutSecs: 60,
  check: ({ stdout }) => assert.match(stdout, /^SUCCESS$/m),
};

const cpuCases = cpuTests.map((name): Case => ({
  name: `virtual CPUs of KVM: ${basename(name)}`,
  line: `node --test-reporter=spec /solo5/${basename(name)}.mjs`,
  timeoutSecs: 60,
  check({ stdout, status }) {
    assert.equal(status, 0, stdout);
    assert.match(stdout, /fail 0\n[^]*skipped 0\n/);
  },
}));

/** Processes of spt there and on this host's engine. */
export function testEngine(name: keyof typeof machines): void {
  const rows = selfTests.filter(({ status }) => status.spt !== undefined);
  testCases(name, async () => [...rows.map((row) => sealed(machines[name], row)), ...(await engineFiles())], [
    ...sptCasesWith((row, outcome) => checkOnEngine(row, folder, outcome)),
    ...engineCases,
  ]);
}

/** A PC's guests on the machine's KVM. */
export function testPc(name: keyof typeof machines): void {
  const files = [...onPc, "ticks", "net"].map((one) => ({
    path: virtioFile(one),
    content: readFileSync(selfTest(`test_${one}.virtio`)),
  }));
  testCases(name, () => [...files, ...cpuTestFiles()], [
    ...cpuCases,
    ...virtioCases,
    ticksCase,
    ...pcCases(`/${virtioFile("net")}`),
  ]);
}

/** The same with what others have built; nothing where SOLO5_OTHERS names nothing. */
export function testOthers(name: keyof typeof machines): void {
  const { isa } = machines[name];
  const folder = othersFolder(isa);
  if (folder === undefined) return;
  const { files, cases } = othersIn(folder, isa, { path: disk, blank });
  testCases(name, () => files, cases);
}

/** Boots the machine once for all cases; nothing where SOLO5_RIGS is empty on purpose. */
export function testCases(
  name: keyof typeof machines,
  files: () => readonly Entry[] | Promise<readonly Entry[]>,
  cases: readonly ComparedCase[],
  needed: string | false = false,
): void {
  if (rigsFolder === "") return;
  const machine: Machine = machines[name];
  const skip = needsAll(needs.rigs(), needs.program(machine.qemu[0] ?? ""), needed);
  let outcomes: ReadonlyMap<string, Outcome> = new Map();
  before(async () => {
    if (skip === false) outcomes = await runInRig(machine, await files(), cases);
  });
  for (const { name: what, check } of cases) {
    test(`rig ${name}: ${what}`, { skip }, async () => {
      const outcome = outcomes.get(what);
      assert.ok(outcome !== undefined, "the command never ran, or never ended");
      await check(outcome);
    });
  }
}

const files = (machine: Machine): readonly Entry[] => {
  const of = (target: "hvt" | "spt") => selfTests.filter(({ status }) => status[target] !== undefined);
  return [
    ...of("hvt").map(({ name }) => ({
      path: hvtFile(name),
      content: readFileSync(selfTest(`${folderOf(machine)}test_${name}.hvt`)),
    })),
    ...of("spt").map((row) => sealed(machine, row)),
    { path: hvtFile("net"), content: readFileSync(selfTest(`${folderOf(machine)}test_net.hvt`)) },
    ...machineFiles(machine.isa),
  ];
};
