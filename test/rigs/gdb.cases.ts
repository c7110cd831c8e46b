// A real gdb on this machine and guests of the real KVM in the other one: the sessions of the documentation, and what they do
// not show.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import type { Isa } from "../../src/abi/elf.js";
import { selfTest } from "../command.js";
import { assertPrinted, runGdb, sessionsOf, stepsOf, type Session, type Step } from "../session.js";
import { bundled, type Case } from "./machine.cases.js";
import { forwardedPort } from "./rig.js";

const tender = `${bundled("solo5-hvt-debug")} --engine=kvm`;
const session = (...lines: readonly string[]): Session => ({ line: 0, lines });

/** By ISA: the debugger, and the self-tests' folder below that of x86-64. */
const places: Readonly<Record<Isa, { readonly gdb: string; readonly folder: string }>> = {
  "x86-64": { gdb: "gdb", folder: "" },
  aarch64: { gdb: "gdb-multiarch", folder: "aarch64/" },
};

/** Machine code of a branch to itself, as gdb writes it. */
const loops: Readonly<Record<Isa, string>> = {
  "x86-64": "set {unsigned short}solo5_app_main = 0xfeeb",
  aarch64: "set {unsigned int}solo5_app_main = 0x14000000",
};

const tenderLine = "$ solo5-hvt-debug --gdb";
const isDebugging = ({ lines }: Session): boolean => lines[0]?.startsWith(tenderLine) === true;

/** A session for each tender in one. */
function partsOf({ line, lines }: Session): readonly Session[] {
  const starts = lines.flatMap((text, i) => (text.startsWith(tenderLine) ? [i] : []));
  return starts.map((from, i) => ({ line, lines: lines.slice(from, starts[i + 1]) }));
}

function sessionsFor(isa: Isa): readonly Session[] {
  const page = isa === "x86-64" ? "docs/debugging.md" : "docs/kvm.md";
  const debuggers = `$ ${places[isa].gdb} `;
  return [
    ...sessionsOf(page).filter(isDebugging).flatMap(partsOf),
    session(
      "$ solo5-hvt-debug --gdb --mem=16 test_hello.hvt &",
      `${debuggers}test_hello.hvt`,
      "(gdb) target remote :1234",
      `(gdb) ${loops[isa]}`,
      "(gdb) continue",
      "^C",
      "Program received signal SIGINT, Interrupt.",
      "solo5_app_main (…",
      "(gdb) kill",
      "[Inferior 1 (Remote target) killed]",
    ),
    session(
      "$ solo5-hvt-debug --gdb --mem=16 test_time.hvt &",
      `${debuggers}test_time.hvt`,
      "(gdb) target remote :1234",
      "(gdb) tbreak solo5_yield",
      "(gdb) continue",
      "Temporary breakpoint 1…, solo5_yield (…) at …",
      "(gdb) finish",
      "(gdb) continue",
      "[Inferior 1 (Remote target) exited normally]",
    ),
  ];
}

/** A case with a part on this machine, whose failure is the case's. */
function withOutside(
  one: Omit<Case, "outside">,
  when: string,
  outside: (port: number) => Promise<void>,
): Case {
  let failure: unknown = new Error(`nothing was printed like: ${when}`);
  return {
    ...one,
    outside: {
      when,
      run: (port) =>
        outside(port).then(
          () => void (failure = undefined),
          (error: unknown) => void (failure = error),
        ),
    },
    check(outcome) {
      if (failure !== undefined) throw failure as Error;
      one.check(outcome);
    },
  };
}

/** The tender runs there, the debugger here. */
function sessionCase(isa: Isa, one: Session): Case {
  const [start, debug] = stepsOf(one);
  const words = start?.command.split(" ").slice(2, -1) ?? [];
  const kernel = words.at(-1) ?? "";
  const cwd = dirname(selfTest(`${places[isa].folder}${kernel}`));
  return withOutside(
    {
      name: `gdb ${kernel}`,
      line: `${tender} ${words.slice(0, -1).join(" ")} --gdb-port=0.0.0.0:${forwardedPort} /tests/${kernel}`,
      timeoutSecs: 60,
      check: ({ stdout }) =>
        assertPrinted(stdout, start?.expected.filter((line) => !line.includes("127.0.0.1")) ?? []),
    },
    "waiting for a debugger",
    (port) => runGdb(debug?.command.slice(2) ?? "", stepsOf(one).slice(2), port, cwd),
  );
}

/** All that comes from `port`, as soon as somebody listens there. */
async function receive(port: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of connect(port, "127.0.0.1")) parts.push(part as Uint8Array);
  } catch {
    await setTimeout(100);
  }
  return parts.length > 0 ? Buffer.concat(parts) : receive(port);
}

/** A core file is written there and read here. */
function coreCase(isa: Isa, into: string): Case {
  const kernel = "test_zeropage.hvt";
  const steps: readonly Step[] = [
    { command: "(gdb) backtrace", expected: ["#0  0x… in solo5_app_main (…) at …", "#1  0x… in _start (…) at …"] }, // prettier-ignore
  ];
  return withOutside(
    {
      name: "trace, and a core file of a fatal trap",
      line: `${tender} --trace --dumpcore=/tmp --mem=16 /tests/${kernel}; echo status=$?; gzip /tmp/core.*; echo sending; cat /tmp/core.* | nc -l -p ${forwardedPort}`,
      timeoutSecs: 60,
      check({ stdout }) {
        assert.match(stdout, /\d\.\d+ puts\("[^]* halt\(0x[0-9a-f]+, 255\)\n/);
        assert.match(stdout, /core file: \/tmp\/core\.solo5-hvt\.\d+\nstatus=255\n/);
      },
    },
    "sending",
    async (port) => {
      const core = join(into, `${isa}.core`);
      writeFileSync(core, gunzipSync(await receive(port)));
      const folder = dirname(selfTest(`${places[isa].folder}${kernel}`));
      await runGdb(`${places[isa].gdb} ${kernel} ${core}`, steps, port, folder);
    },
  );
}

/** `into` is a folder for files. */
export const gdbCases = (isa: Isa, into: string): readonly Case[] => [
  ...sessionsFor(isa).map((one) => sessionCase(isa, one)),
  coreCase(isa, into),
];
