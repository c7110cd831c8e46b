// What only a whole machine shows: stopping a guest that is really running, taps, and users who are not root.
import assert from "node:assert/strict";
import type { Isa } from "../../src/abi/elf.js";
import type { Outcome } from "../command.js";
import { unikernelFile } from "../elf-file.js";
import type { Entry } from "./cpio.js";
import type { Command } from "./rig.js";

/** A command, and what must have come of it. */
export interface Case extends Command {
  check(outcome: Outcome): void;
}

/** The same where something has to run here for it. */
export interface ComparedCase extends Command {
  check(outcome: Outcome): void | Promise<void>;
}

/** One of our commands there. */
export const bundled = (name: string): string => `node /solo5/dist/bundle/node/${name}.js`;
export const tender = bundled("solo5-hvt");
const asNobody = (line: string): string => `su -s /bin/sh nobody -c "${line}"`;
/** Runs in the background, then ends it with `signal` and says its status. */
const signalled = (line: string, signal: string, meanwhile: string): string =>
  `${line} & pid=$!; ${meanwhile}; kill -${signal} $pid; wait $pid; echo status=$?`;

/** Until the guest runs, and has gone on for a while. */
const runs = "while ! ls -l /proc/$pid/fd 2>/dev/null | grep -q kvm-vcpu; do sleep 0.2; done; sleep 2";
/** Until the ping responder, whose output is in /tmp/out, serves. */
const serves = "while ! grep -qs Serving /tmp/out; do sleep 0.2; done; sleep 1";

/** User and system time of the process. */
const ticks = "cut -d ' ' -f 14-15 /proc/$pid/stat";

/** What a guest that does not wait takes of two seconds; the emulated machine's own compiler takes some in any case. */
const spinning = 200;

/** One instruction that jumps to itself. */
const loops: Readonly<Record<Isa, { readonly machine: number; readonly code: readonly number[] }>> = {
  "x86-64": { machine: 62, code: [0xeb, 0xfe] },
  aarch64: { machine: 183, code: [0, 0, 0, 0x14] },
};

export function machineFiles(isa: Isa): readonly Entry[] {
  const { machine, code } = loops[isa];
  const text = { type: 1, flags: 5, vaddr: 0x100000n, data: Uint8Array.from(code) };
  return [
    { path: "endless", content: unikernelFile({ target: 1, machine, headers: [text] }) },
    { path: "etc/passwd", content: new TextEncoder().encode("root:x:0:0::/:\nnobody:x:65534:65534::/:\n") },
  ];
}

/** A tap of that name, if there is none yet. */
export const tap0 =
  "test -e /sys/class/net/tap0 || { tunctl -t tap0 >/dev/null; ip address add 10.0.0.1/24 dev tap0; ip link set tap0 up; }; ";

/** What a guest on a tap does, run by `command`; `what` tells its cases from others. */
const tapCases = (command: string, net: string, what = ""): readonly Case[] => [
  {
    name: `a tap carries pings${what}`,
    line: `${tap0}${signalled(
      `${command} --mem=64 --net:service0=tap0 ${net} >/tmp/out 2>&1`,
      "TERM",
      `${serves}; ping -c 10 -i 0.2 -W 5 10.0.0.2`,
    )}; cat /tmp/out`,
    timeoutSecs: 40,
    check({ stdout }) {
      assert.match(stdout, /10 packets transmitted, 10 packets received/);
      assert.match(stdout, /status=1\n[^]*Exiting on signal 15\n/);
    },
  },
  {
    name: `a waiting guest takes no CPU${what}`,
    line: signalled(
      `${command} --mem=64 --net:service0=tap0 ${net} >/tmp/out 2>&1`,
      "KILL",
      `${serves}; sleep 3; before=$(${ticks}); sleep 2; echo ticks $before $(${ticks})`,
    ),
    timeoutSecs: 40,
    check({ stdout }) {
      const [, ...counts] = /ticks (\d+) (\d+) (\d+) (\d+)/.exec(stdout) ?? [];
      const [user = 0, system = 0, userAfter = Infinity, systemAfter = Infinity] = counts.map(Number);
      assert.ok(
        userAfter - user + systemAfter - system < spinning / 4,
        `${stdout}: hundredths of a second in two seconds`,
      );
    },
  },
];

/** The same on a PC, whose timer comes 18 times a second: what that takes of an emulated machine depends on who else runs here. */
export const pcCases = (net: string): readonly Case[] =>
  tapCases(`${bundled("solo5")} run --engine=kvm`, net, " of a PC").slice(0, 1);

/** Cases that take `hello` and `net`, the paths of these self-tests. */
export const machineCases = (hello: string, net: string): readonly Case[] => [
  {
    name: "auto takes KVM",
    line: `${tender} --verbose ${hello}`,
    check({ stdout, status }) {
      assert.match(stdout, /^solo5-hvt: engine kvm$/m);
      assert.equal(status, 0);
    },
  },
  ...["INT", "TERM"].map((signal, i): Case => ({
    name: `SIG${signal} ends an endless loop`,
    line: signalled(`${tender} --engine=kvm --mem=64 /endless`, signal, runs),
    timeoutSecs: 40,
    check: ({ stdout }) => assert.equal(stdout, `solo5-hvt: Exiting on signal ${[2, 15][i]}\nstatus=1\n`),
  })),
  ...tapCases(`${tender} --engine=kvm`, net),
  {
    name: "a user needs no more than /dev/kvm",
    line: `chmod 666 /dev/kvm; ${asNobody(`id -u; ${tender} --verbose ${hello}`)}`,
    check({ stdout, status }) {
      assert.match(stdout, /^65534\nsolo5-hvt: engine kvm\n/);
      assert.match(stdout, /SUCCESS/);
      assert.equal(status, 0);
    },
  },
  {
    name: "without permission, --engine=kvm says so",
    line: `chmod 600 /dev/kvm; ${asNobody(`${tender} --engine=kvm ${hello}`)}`,
    check({ stdout, status }) {
      assert.match(stdout, /^solo5-hvt: .*engine kvm: no permission for \/dev\/kvm: join its group/);
      assert.equal(status, 1);
    },
  },
  {
    name: "without a device, --engine=kvm says so",
    line: `mv /dev/kvm /dev/elsewhere; ${tender} --engine=kvm ${hello}; rc=$?; mv /dev/elsewhere /dev/kvm; exit $rc`,
    check({ stdout, status }) {
      assert.match(stdout, /^solo5-hvt: .*engine kvm: there is no \/dev\/kvm: load the module/);
      assert.equal(status, 1);
    },
  },
];
