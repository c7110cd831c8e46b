// What an exit of a virtual machine costs from TypeScript, how much of it is the foreign call, and how long a unikernel
// takes to start in a virtual machine, beside a bare Node: here where the CPU allows it, and in the rig.
import { closeSync, readFileSync } from "node:fs";
import { hvt } from "../src/targets/hvt/target.js";
import { kvmUnsupportedReason, openKvm } from "../src/hypervisor/kvm/availability.js";
import { newKvmVcpu } from "../src/hypervisor/kvm/vcpu.js";
import { libc } from "../src/host/posix/libc.js";
import { readUnikernel } from "../src/image/unikernel.js";
import { hostClock } from "../src/host/any/clock.js";
import type { Answer } from "../src/engine/contract.js";
import type { Guest, GuestHost } from "../src/targets/contract.js";
import { selfTest } from "../test/command.js";
import { machines } from "../test/rigs/machines.js";
import { runInRig } from "../test/rigs/rig.js";
import { rigsFolder } from "../test/rigs/software.js";
import { caller } from "./guests.js";
import { median, type Row, type Suite } from "./report.js";

const exits = 20_000;
const rounds = 5;
const calls = 1_000_000;

/** Nanoseconds an exit takes where `answering` is what happens to it. */
function exitNsecs(answering: (session: Answer) => Answer): number {
  const unikernel = readUnikernel(caller, "caller");
  const guest: Guest = { unikernel, memSize: 2 ** 22, cmdline: "", devices: [], execHeap: false };
  const kvm = openKvm();
  const vcpu = newKvmVcpu(kvm, {
    isa: unikernel.isa,
    memory: hvt.memory(guest),
  });
  try {
    const host: GuestHost = { nets: new Map(), blocks: new Map(), console: { write() {} }, clock: hostClock, random: () => 0n }; // prettier-ignore
    const { answer } = hvt.start(guest, vcpu, host);
    const chosen = answering(answer);
    let left = 0;
    const counted: Answer = (exit) => {
      const verdict = chosen(exit);
      return --left > 0 ? verdict : "suspend";
    };
    const times = Array.from({ length: rounds + 1 }, () => {
      left = exits;
      const start = performance.now();
      vcpu.run(counted);
      return ((performance.now() - start) * 1e6) / exits;
    });
    return median(times.slice(1));
  } finally {
    vcpu[Symbol.dispose]();
    closeSync(kvm);
  }
}

/** Nanoseconds of a call that the kernel refuses at once: koffi's own share of an exit, and a little more. */
function callNsecs(): number {
  const c = libc();
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) c.ioctlNumber(-1, 0, 0);
    return ((performance.now() - start) * 1e6) / calls;
  });
  return median(times);
}

function exitRows(): readonly Row[] {
  const bare = exitNsecs(() => () => "resume");
  const hypercall = exitNsecs((answer) => answer);
  const call = callNsecs();
  const perSecond = (nsecs: number): string =>
    `${Math.round(1e9 / nsecs)} a second (${(nsecs / 1000).toFixed(2)} µs)`;
  return [
    { what: "exits, answered by nobody", measured: perSecond(bare) },
    { what: "exits, WALLTIME answered by the target", measured: perSecond(hypercall) },
    { what: "koffi's share of the former", measured: `${Math.round((call / bare) * 100)} % (${call.toFixed(0)} ns)` }, // prettier-ignore
  ];
}

/** Seconds by the kernel's clock, which counts hundredths. */
const stamp = "cut -d' ' -f1 /proc/uptime";

/** Stamps of a round: before Node and after it, where the guest's first word from its app_main comes, at the end. */
const stamps = ["start", "node", "appMain", "end"] as const;
const warmUps = 1;

async function bootRow(name: keyof typeof machines): Promise<Row> {
  const { isa } = machines[name];
  const content = readFileSync(selfTest(`${isa === "x86-64" ? "" : "aarch64/"}test_hello.hvt`));
  const hello = "node /solo5/dist/bundle/node/solo5-hvt.js --engine=kvm --mem=64 /hello";
  const reader = `while read -r line; do case $line in *standalone*) ${stamp};; esac; done`;
  const line = `for i in 1 2 3 4 5 6; do ${stamp}; node -e 0; ${stamp}; ${hello} | ${reader}; ${stamp}; done`;
  const outcomes = await runInRig(machines[name], [{ path: "hello", content }], [{ name: "boot", line, timeoutSecs: 90 }]); // prettier-ignore
  const times = (outcomes.get("boot")?.stdout ?? "").trim().split(/\s+/).map(Number);
  const rounds = Array.from({ length: times.length / stamps.length }, (_, i) =>
    times.slice(i * stamps.length, (i + 1) * stamps.length),
  ).slice(warmUps);
  const between = (from: (typeof stamps)[number], to: (typeof stamps)[number]): number =>
    median(rounds.map((round) => (round[stamps.indexOf(to)] ?? 0) - (round[stamps.indexOf(from)] ?? 0)));
  const [node, boot, all] = [between("start", "node"), between("node", "appMain"), between("node", "end")];
  return {
    what: `hello on KVM in the rig ${name}, to app_main`,
    measured: `${boot.toFixed(2)} s (${all.toFixed(2)} s to its end); node -e 0: ${node.toFixed(2)} s; ratio ${(boot / node).toFixed(1)}`,
  };
}

export const kvm: Suite = {
  name: "kvm",
  skip: kvmUnsupportedReason(true) ?? (process.arch === "x64" ? false : "the guest's code is for x86-64"),
  async run() {
    const rows = [...exitRows()];
    if (rigsFolder === undefined || rigsFolder === "") return rows;
    for (const name of ["x86-64", "aarch64 VHE"] as const) rows.push(await bootRow(name));
    return rows;
  },
};
