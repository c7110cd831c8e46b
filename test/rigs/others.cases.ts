// What others have built, by path, in both directions: their unikernels under our tenders, our unikernels under theirs. The
// environment's SOLO5_OTHERS names a folder with one for each ISA (`x86-64`, `aarch64`): self-tests of the reference suite's
// names (`test_hello.hvt`), tenders (`solo5-hvt`, `solo5-spt`) and the shared libraries that these need, in `lib`. Our own
// hello and our own tenders stand in for them where the way itself is tested.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Isa } from "../../src/abi/elf.js";
import { selfTest } from "../command.js";
import { checkOutcome, onKvm, selfTests, type SelfTest } from "../self-tests.js";
import type { Entry } from "./cpio.js";
import { bundled, type Case } from "./machine.cases.js";

const targets = ["hvt", "spt"] as const;
type TargetName = (typeof targets)[number];

/** The tenders' options: a hypervisor's memory is in units of 2 MiB, and spt needs hardly any. */
const memory: Readonly<Record<TargetName, number>> = { hvt: 64, spt: 2 };

export interface Others {
  readonly files: readonly Entry[];
  readonly cases: readonly Case[];
}

/** Our own hello, and tenders that are ours. */
function standIn(into: string, isa: Isa): string {
  const folder = join(into, "others", isa);
  mkdirSync(folder, { recursive: true });
  for (const target of targets) {
    const name = `test_hello.${target}`;
    writeFileSync(join(folder, name), readFileSync(ownFile(isa, name)));
    writeFileSync(join(folder, `solo5-${target}`), `#!/bin/sh\nexec ${bundled(`solo5-${target}`)} "$@"\n`);
  }
  return folder;
}

const ownFile = (isa: Isa, name: string): string => selfTest(isa === "x86-64" ? name : `aarch64/${name}`);
const read = (folder: string, prefix: string): Entry[] =>
  readdirSync(folder)
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => ({ path: `${prefix}/${name}`, content: readFileSync(join(folder, name)) }));

/** The folder that is named, for one ISA; undefined where there is none. */
export function othersFolder(isa: Isa): string | undefined {
  const folder = join(process.env["SOLO5_OTHERS"] ?? "", isa);
  return process.env["SOLO5_OTHERS"] !== undefined && existsSync(folder) ? folder : undefined;
}

/** Our own hello and tenders; `into` is a folder for files here. */
export const standIns = (isa: Isa, disk: Disk, into: string): Others =>
  othersIn(standIn(into, isa), isa, disk, hello);

/** The path of a disk there, and the command that makes it new. */
export interface Disk {
  readonly path: string;
  readonly blank: string;
}

const hello = selfTests.filter(({ name }) => name === "hello");

/** What a folder holds for one ISA. */
export function othersIn(folder: string, isa: Isa, { path: disk, blank }: Disk, rows = selfTests): Others {
  const has = (name: string): boolean => existsSync(join(folder, name));

  const direction = (who: string, row: SelfTest, target: TargetName, tender: string, file: string): Case => {
    const options = row.options?.(disk) ?? [];
    const words = [tender, `--mem=${memory[target]}`, ...options, file, ...(row.args ?? [])];
    return {
      name: `${who} ${target}: ${[row.name, ...(row.options?.("DISK") ?? [])].join(" ")}`,
      line: `${blank}; ${words.join(" ")}`,
      check: (outcome) => checkOutcome(target === "hvt" ? onKvm(row) : row, target, outcome),
    };
  };
  const both = (row: SelfTest, target: TargetName): readonly Case[] => {
    const name = `test_${row.name}.${target}`;
    const engine = target === "hvt" ? " --engine=kvm" : "";
    return [
      ...(has(name)
        ? [direction("theirs under ours,", row, target, `${bundled(`solo5-${target}`)}${engine}`, `/others/${name}`)] // prettier-ignore
        : []),
      ...(has(`solo5-${target}`)
        ? [direction("ours under theirs,", row, target, `/others/solo5-${target}`, `/own/${name}`)]
        : []),
    ];
  };
  const used = targets.flatMap((target) =>
    rows.filter(({ status }) => status[target] !== undefined).map((row) => ({ row, target })),
  );
  const own = new Set(used.map(({ row, target }) => `test_${row.name}.${target}`));
  return {
    cases: used.flatMap(({ row, target }) => both(row, target)),
    files: [
      ...read(folder, "others"),
      ...(has("lib") ? read(join(folder, "lib"), "lib") : []),
      ...[...own].map((name) => ({ path: `own/${name}`, content: readFileSync(ownFile(isa, name)) })),
    ],
  };
}
