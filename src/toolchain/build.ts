// Builds what is linked into unikernels, and the self-tests: dist/guest/lib/<triple>/solo5_<target>.{o,lds} and
// dist/guest/tests/[aarch64/]test_<name>.<target>. Identical sources give identical bytes.
import { join } from "node:path";
import type { Isa } from "../abi/elf.js";
import { guestJobs } from "./guest-jobs.js";
import { bindingsTargets, isas, type BindingsTarget } from "./isa.js";
import { readStamps, runJobs, writeStamps } from "./jobs.js";
import { guestOutput } from "./layout.js";
import { selfTests, testLibrary } from "./self-tests.js";

export interface GuestBuild {
  /** All unless given, as for each of these. */
  readonly isas?: readonly Isa[];
  readonly targets?: readonly BindingsTarget[];
  /** Self-tests, by name. */
  readonly tests?: readonly string[];
  /** `dist/guest` unless given. */
  readonly output?: string;
}

/** Builds what is missing or out of date, and gives the number of files made. Throws Solo5Error `BUILD`, `NO_COMPILER`. */
export async function buildGuest({
  isas: wantedIsas = Object.keys(isas) as Isa[],
  targets = bindingsTargets,
  tests: wantedTests,
  output = guestOutput,
}: GuestBuild = {}): Promise<number> {
  const tests = selfTests().filter(({ name }) => wantedTests?.includes(name) ?? true);
  /** Part of all the tests, not of a choice of them. */
  const malformed = wantedTests === undefined && targets.includes("hvt");
  const names = tests.map(({ name }) => name);
  const jobs = wantedIsas.map((isa) => guestJobs(isa, output));
  const stages = [
    jobs.flatMap(({ manifest }) => names.flatMap(manifest)),
    jobs.flatMap(({ bindings, compile }) => [
      ...targets.flatMap(bindings),
      ...[testLibrary, ...names].flatMap(compile),
    ]),
    jobs.flatMap(({ link }) =>
      tests.flatMap((test) =>
        targets.filter((target) => test.targets.includes(target)).map((target) => link(test.name, target)),
      ),
    ),
    malformed ? jobs.map(({ buggyElf }) => buggyElf.compile) : [],
    malformed ? jobs.map(({ buggyElf }) => buggyElf.link) : [],
  ];

  const stampsFile = join(output, ".build", "stamps.json");
  let stamps = readStamps(stampsFile);
  let made = 0;
  for (const stage of stages) {
    const result = await runJobs(stage, stamps);
    stamps = result.stamps;
    made += result.ran;
    if (result.ran > 0) writeStamps(stampsFile, stamps);
  }
  return made;
}
