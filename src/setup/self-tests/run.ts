// Runs the table of self-tests on this machine, each as a process of its own: what ran on which engine, what failed, what could not run
// and why.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import type { Isa } from "../../abi/elf.js";
import {
  netTests,
  onKvm,
  onVmm,
  selfTestFault,
  selfTests,
  type SelfTestRow,
  type SelfTestOutcome,
} from "./table.js";

export const selfTestTargets = ["spt", "hvt", "virtio", "muen", "genode", "xen"] as const;
export type SelfTestTarget = (typeof selfTestTargets)[number];

export interface SelfTestResult {
  readonly target: SelfTestTarget;
  /** With its options. */
  readonly name: string;
  /** Where it ran, or was to. */
  readonly engine: string;
  readonly msecs: number;
  /** What went wrong: the first line, and all that was said. Nothing did where it is absent. */
  readonly fault?: { readonly reason: string; readonly text: string };
  /** Why it did not run. */
  readonly skipped?: string;
}

export interface SelfTestRun {
  /** The folder of the unikernels. */
  readonly folder: string;
  readonly targets: readonly SelfTestTarget[];
  /** All by default. */
  readonly names: readonly string[];
  /** As in `--engine=`. The best by default. */
  readonly engine?: string | undefined;
  /** What the host executes. */
  readonly isa: Isa | undefined;
  /** The file of the command `solo5`. */
  readonly command: string;
}

const usualMemMiB = 16;
/** Those that need more: unikernels of genode lie at 16 MiB. */
const memMiB: Readonly<Partial<Record<SelfTestTarget, number>>> = { genode: 64 };
const longest = 120_000;
const signals: Readonly<Record<string, number>> = constants.signals;

function runCommand(args: readonly string[]): Promise<SelfTestOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: longest,
      killSignal: "SIGKILL",
    });
    const said = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const)
      child[stream].on("data", (data: Buffer) => (said[stream] += data.toString()));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve({ ...said, status: code ?? 128 + (signals[signal ?? ""] ?? 0) });
    });
  });
}

interface Case {
  readonly row: SelfTestRow;
  readonly target: SelfTestTarget;
  readonly nics: readonly string[];
}

/** What becomes of a row where the engine protects less. */
const byEngine: Readonly<Record<string, (row: SelfTestRow) => SelfTestRow>> = { kvm: onKvm, vmm: onVmm };
const engineLine = /^solo5: engine (\w+)/m;
const cannotRun = /^solo5: .*cannot run here: (.*)$/m;

/** Unikernels of the host's own ISA are in a folder of that name, but for the engine that knows x86-64 alone. */
const folderOf = ({ folder, isa, engine }: SelfTestRun, target: SelfTestTarget): string =>
  isa === "aarch64" && engine !== "wasm" && (target === "spt" || target === "hvt")
    ? join(folder, "aarch64")
    : folder;

async function runCase(run: SelfTestRun, { row, target, nics }: Case, disk: string): Promise<SelfTestResult> {
  const options = row.options?.(disk) ?? [];
  const name = [row.name, ...(row.options?.("DISK") ?? [])].join(" ");
  const wanted = run.engine ?? "auto";
  const file = join(folderOf(run, target), `test_${row.name}.${target}`);
  if (!existsSync(file)) return { target, name, engine: wanted, msecs: 0, skipped: `there is no ${file}` };
  const start = performance.now();
  const outcome = await runCommand([
    run.command,
    "run",
    "--verbose",
    `--engine=${wanted}`,
    `--mem=${memMiB[target] ?? usualMemMiB}`,
    ...options,
    ...nics.map((nic) => `--net:${nic}=segment:lan/10.0.0.1`),
    file,
    ...(row.args ?? []),
  ]);
  const msecs = performance.now() - start;
  const why = cannotRun.exec(outcome.stderr)?.[1];
  if (why !== undefined) return { target, name, engine: wanted, msecs, skipped: why };
  const engine = engineLine.exec(outcome.stderr)?.[1] ?? wanted;
  const reason = selfTestFault(byEngine[engine]?.(row) ?? row, target, outcome);
  const result = { target, name, engine, msecs };
  return reason === undefined
    ? result
    : { ...result, fault: { reason, text: outcome.stdout + outcome.stderr } };
}

/** The rows of the table that `run` asks for. */
export function selfTestCases({ targets, names }: Pick<SelfTestRun, "targets" | "names">): readonly Case[] {
  const isWanted = (name: string): boolean => names.length === 0 || names.includes(name);
  return targets.flatMap((target) =>
    [...selfTests.map((row) => ({ row, nics: [] })), ...netTests.map((row) => ({ row, nics: row.nics }))]
      .filter(({ row }) => row.status[target] !== undefined && isWanted(row.name))
      .map((one) => ({ ...one, target })),
  );
}

/** Runs them one after the other, so that each has the machine for itself; `tell` hears of each when it has ended. */
export async function runSelfTests(
  run: SelfTestRun,
  tell: (result: SelfTestResult) => void,
): Promise<readonly SelfTestResult[]> {
  const work = mkdtempSync(join(tmpdir(), "solo5-self-test-"));
  const results: SelfTestResult[] = [];
  try {
    for (const [i, one] of selfTestCases(run).entries()) {
      const disk = join(work, `disk-${i}`);
      writeFileSync(disk, new Uint8Array(0x10000));
      const result = await runCase(run, one, disk);
      results.push(result);
      tell(result);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return results;
}
