// What a tender costs on a model of each hypervisor, from its start to its end: the model is of one size under all, so that what is left
// is the drivers' own, and what each has mapped.
import { join } from "node:path";
import { selfTest } from "../test/command.js";
import { projectRoot } from "../test/project.js";
import { residentBytes, userTime } from "./measure.js";
import { median, type Row } from "./report.js";

const rounds = 7;
/** What two models may differ by: much more than that is a driver's. */
const memoryAim = 4;
const startAim = 1.1;

const commandOn = (system: string, engine: string): readonly string[] => [
  process.execPath,
  `--import=${join(projectRoot, `dist/test/model/run-${system}.js`)}`,
  join(projectRoot, "dist/src/cli/commands/solo5-hvt.js"),
  `--engine=${engine}`,
  "--mem=16",
  selfTest("test_hello.hvt"),
];

interface Cost {
  readonly megabytes: number;
  readonly milliseconds: number;
}

async function costOf(command: readonly string[]): Promise<Cost> {
  const { milliseconds, status } = userTime(command);
  if (status !== 0) throw new Error(`${command.join(" ")}: status ${status}`);
  return { megabytes: (await residentBytes(command)) / 2 ** 20, milliseconds };
}

const commands = {
  KVM: commandOn("kvm", "kvm"),
  FreeBSD: commandOn("freebsd", "vmm"),
  OpenBSD: commandOn("openbsd", "vmm"),
} as const;

/** KVM's and the others' in turn. */
export async function modelTenderRows(): Promise<readonly Row[]> {
  const costs: Record<keyof typeof commands, Cost[]> = { KVM: [], FreeBSD: [], OpenBSD: [] };
  for (let round = 0; round < rounds; round++)
    for (const name of ["KVM", "FreeBSD", "OpenBSD"] as const) costs[name].push(await costOf(commands[name]));
  const of = (name: keyof typeof commands, what: keyof Cost) =>
    costs[name].map((cost, i) => [cost[what], costs.KVM[i]?.[what] ?? Number.NaN] as const);
  return (["FreeBSD", "OpenBSD"] as const).flatMap((name): readonly Row[] => {
    const more = median(of(name, "megabytes").map(([own, kvm]) => own - kvm));
    const ratio = median(of(name, "milliseconds").map(([own, kvm]) => own / kvm));
    const [own, kvm] = [name, "KVM" as const].map((one) =>
      median(costs[one].map(({ megabytes }) => megabytes)),
    );
    return [
      {
        what: `a tender on ${name}'s model, resident at most, less the same on KVM's`,
        measured: `${more.toFixed(1)} MB (${own?.toFixed(0)} and ${kvm?.toFixed(0)} MB)`,
        target: `at most ${memoryAim} MB`,
        met: more <= memoryAim,
      },
      {
        what: `a tender on ${name}'s model, hello from start to end in user time, against KVM's`,
        measured: ratio.toFixed(2),
        target: `at most ${startAim}`,
        met: ratio <= startAim,
      },
    ];
  });
}
