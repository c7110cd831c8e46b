// What an exit costs in the drivers of the BSDs' vmm beside KVM's, each over its model: the same CPU and the same guest under all of them, so
// that what is left is the driver's own work and what it asks of the system. What a kernel copies of registers is left out.
import { createCleanup } from "../src/bytes/cleanup.js";
import type { Answer } from "../src/engine/contract.js";
import { hostClock } from "../src/host/any/clock.js";
import type { HypervisorDriver, NewVcpu } from "../src/hypervisor/contract.js";
import { hypervisors } from "../src/hypervisor/hypervisors.js";
import { hostSystem, useSystem } from "../src/hypervisor/system.js";
import { readUnikernel } from "../src/image/unikernel.js";
import type { Guest, GuestHost } from "../src/targets/contract.js";
import { hvt } from "../src/targets/hvt/target.js";
import { models, type Model } from "../test/model/models.js";
import { openbsdModel, openbsdReleases, type OpenbsdRelease } from "../test/model/openbsd.js";
import { newModelSystem } from "../test/model/system.js";
import { caller } from "./guests.js";
import { modelTenderRows } from "./model-tenders.js";
import type { Row, Suite } from "./report.js";

const exits = 50_000;
const rounds = 15;
const aim = 0.8;

interface Running {
  /** Nanoseconds of processor time that an exit takes, of so many in a row. */
  measure(): number;
  /** Milliseconds until the guest could run. */
  readonly startMsecs: number;
  close(): void;
}

function start(driver: HypervisorDriver, newVcpu: NewVcpu): Running {
  const cleanup = createCleanup();
  const began = performance.now();
  const unikernel = readUnikernel(caller, "caller");
  const guest: Guest = { unikernel, memSize: 2 ** 22, cmdline: "", devices: [], execHeap: false };
  const vcpu = newVcpu(driver.open(cleanup), { isa: unikernel.isa, memory: hvt.memory(guest) });
  cleanup.push(() => vcpu[Symbol.dispose]());
  const host: GuestHost = { nets: new Map(), blocks: new Map(), console: { write() {} }, clock: hostClock, random: () => 0n }; // prettier-ignore
  const { answer } = hvt.start(guest, vcpu, host);
  const startMsecs = performance.now() - began;
  let left = 0;
  const counted: Answer = (exit) => {
    const verdict = answer(exit);
    return --left > 0 ? verdict : "suspend";
  };
  return {
    startMsecs,
    measure() {
      left = exits;
      const from = process.cpuUsage();
      vcpu.run(counted);
      const { user, system } = process.cpuUsage(from);
      return ((user + system) * 1000) / exits;
    },
    close: cleanup.release,
  };
}

interface Result {
  readonly name: string;
  /** Nanoseconds an exit takes, by round. */
  readonly nsecs: readonly number[];
  /** Milliseconds, at the least: what is more is V8's collector. */
  readonly startMsecs: number;
}

/** In turns, so that all of them meet the same disturbances; what counts is each one's best. */
async function measureAll(all: readonly Model[]): Promise<readonly Result[]> {
  const loaded = all.map(async (model) => ({ ...model, newVcpu: await model.driver.loadVcpu() }));
  const one = (await Promise.all(loaded)).map(({ name, driver, newVcpu, make }) => {
    const system = newModelSystem(make);
    useSystem(system);
    const starts = Array.from({ length: rounds }, () => start(driver, newVcpu));
    for (const { close } of starts.slice(1)) close();
    const [running] = starts;
    if (running === undefined) throw new RangeError("no rounds");
    return { name, system, running, startMsecs: Math.min(...starts.map(({ startMsecs }) => startMsecs)) };
  });
  const byRound = Array.from({ length: rounds + 1 }, () =>
    one.map(({ system, running }) => {
      useSystem(system);
      return running.measure();
    }),
  ).slice(1);
  for (const { system, running } of one) {
    useSystem(system);
    running.close();
  }
  useSystem(hostSystem);
  return one.map(({ name, startMsecs }, i) => ({
    name,
    startMsecs,
    nsecs: byRound.map((round) => round[i] ?? 0),
  }));
}

const brief = ({ release, ...more }: OpenbsdRelease): Model => ({
  name: `OpenBSD ${release}`,
  driver: hypervisors["openbsd-vmm"],
  make: openbsdModel({ release, ...more, isBrief: true }),
  expect: (row) => row,
});
const measured: readonly Model[] = [
  ...models.filter(({ name }) => ["KVM", "FreeBSD 13.2", "FreeBSD 14.1"].includes(name)),
  ...openbsdReleases.filter(({ release }) => ["7.7", "7.8"].includes(release)).map(brief),
];

export const modelRows: Suite = {
  name: "models",
  skip: false,
  run: async () => {
    const [kvm, ...others] = await measureAll(measured);
    if (kvm === undefined) return [];
    const least = ({ nsecs }: Result): number => Math.min(...nsecs);
    const text = ({ nsecs, startMsecs }: Result): string =>
      `${Math.round(1e9 / Math.min(...nsecs))} exits a second (${(Math.min(...nsecs) / 1000).toFixed(2)} µs), start ${startMsecs.toFixed(2)} ms`;
    const rows = others.map((one): Row => {
      const ratio = least(kvm) / least(one);
      return {
        what: `${one.name}'s model`,
        measured: `${text(one)}; ${ratio.toFixed(2)} of KVM's`,
        target: `at least ${aim}`,
        met: ratio >= aim,
      };
    });
    return [{ what: `${kvm.name}'s model`, measured: text(kvm) }, ...rows, ...(await modelTenderRows())];
  },
};
