// Builds what is linked into unikernels, the self-tests and the demonstrations: dist/guest/lib/<triple>/solo5_<target>.{o,lds},
// libgcc.a, dist/guest/tests/[aarch64/]test_<name>.<target>, dist/guest/demo/<name>.<target>; and dist/guest/boot/disk.bin. Identical sources give identical bytes.
import { join } from "node:path";
import type { Isa } from "../abi/elf.js";
import { progress } from "../host/any/progress.js";
import { demos, demoTargets } from "./demos.js";
import { guestJobs } from "./guest-jobs.js";
import { isas, type BindingsTarget } from "./isa.js";
import { readStamps, runJobs, writeStamps } from "./jobs.js";
import { guestOutput } from "./layout.js";
import { selfTests } from "./self-tests.js";

interface GuestBuild {
  /** All unless given, as for each of these. */
  readonly isas?: readonly Isa[];
  readonly targets?: readonly BindingsTarget[];
  /** Self-tests, by name. */
  readonly tests?: readonly string[];
  /** The compiler's runtime, and the libraries that are empty. */
  readonly runtime?: boolean;
  /** `dist/guest` unless given. */
  readonly output?: string;
}

/** Builds what is missing or out of date, and gives the number of files made. Throws Solo5Error `BUILD`, `NO_COMPILER`. */
export async function buildGuest({
  isas: wantedIsas = Object.keys(isas) as Isa[],
  targets: wantedTargets,
  tests: wantedTests,
  runtime = true,
  output = guestOutput,
}: GuestBuild = {}): Promise<number> {
  /** What is to be built for each ISA. */
  const plans = wantedIsas.map((isa) => {
    const targets = isas[isa].targets.filter((target) => wantedTargets?.includes(target) ?? true);
    const tests = selfTests(isa).filter(({ name }) => wantedTests?.includes(name) ?? true);
    /** The malformed unikernel is part of all the tests, not of a choice of them. */
    const malformed = wantedTests === undefined && targets.includes("hvt");
    const extras = [
      ...(malformed ? (["buggyElf"] as const) : []),
      ...(targets.includes("virtio") ? (["diskBoot"] as const) : []),
    ];
    const jobs = guestJobs(isa, output);
    /** What a choice of the tests leaves out is not built either. */
    const demoNames = wantedTests === undefined ? demos(isa) : [];
    const programs = [
      ...tests.map((test) => ({ ...jobs.selfTest(test.name), targets: test.targets })),
      ...demoNames.map((name) => ({ ...jobs.demo(name), targets: demoTargets })),
    ];
    const installed = [
      ...targets.map(jobs.installBindings),
      ...demoNames.flatMap((name) =>
        demoTargets
          .filter((target) => targets.includes(target))
          .map((target) => jobs.installDemo(name, target)),
      ),
    ];
    return { jobs, installed, targets, programs, extras };
  });
  const stages = [
    plans.flatMap(({ jobs, programs }) => [
      ...(runtime ? jobs.runtime.parts : []),
      ...programs.map(({ manifest }) => manifest),
    ]),
    plans.flatMap(({ jobs, targets, programs }) => [
      ...(runtime ? jobs.runtime.archives : []),
      ...targets.flatMap(jobs.bindings),
      ...(targets.includes("genode") ? [jobs.genode.compile] : []),
      ...jobs.testLibrary,
      ...programs.flatMap(({ compile }) => compile),
    ]),
    plans.flatMap(({ jobs, targets }) => (targets.includes("genode") ? jobs.genode.link : [])),
    plans.flatMap(({ targets, programs }) =>
      programs.flatMap((program) =>
        targets.filter((target) => program.targets.includes(target)).map((target) => program.link(target)),
      ),
    ),
    plans.flatMap(({ jobs, extras }) => extras.map((name) => jobs[name].compile)),
    plans.flatMap(({ jobs, extras, installed }) => [...extras.map((name) => jobs[name].link), ...installed]),
  ];

  const stampsFile = join(output, ".build", "stamps.json");
  let stamps = readStamps(stampsFile);
  let made = 0;
  using bar = progress("building the guest side:");
  for (const stage of stages) {
    const result = await runJobs(stage, stamps, (done, total) => bar.at(done, total));
    stamps = result.stamps;
    made += result.ran;
    if (result.ran > 0) writeStamps(stampsFile, stamps);
  }
  return made;
}
