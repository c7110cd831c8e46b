// What every target that only our own machines run is held to: each self-test interpreted, translated at once, recorded and
// replayed, traced, and with a core file where it ends badly.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TargetName } from "../src/abi/notes.js";
import { coreDump } from "../src/debug/core/core-dump.js";
import { describers } from "../src/debug/trace/registry.js";
import { trace } from "../src/debug/trace/trace.js";
import type { Isa } from "../src/abi/elf.js";
import type { PortableVcpu, VcpuOptions } from "../src/engine/contract.js";
import { newInterpreter as newArmInterpreter } from "../src/engine/aarch64/interpreter.js";
import { newWasmVcpu as newArmVcpu } from "../src/engine/aarch64/wasm-vcpu.js";
import { newInterpreter } from "../src/engine/x86-64/interpreter.js";
import { newWasmVcpu } from "../src/engine/x86-64/wasm-vcpu.js";
import { hostClock } from "../src/host/any/clock.js";
import type { Guest, GuestHost } from "../src/targets/contract.js";
import type { Ended } from "../src/tender/instrument.js";
import type { Outcome } from "./command.js";
import { assertReplays, concat, guestOf, nothing, run } from "./replays.js";
import { checkOutcome, selfTests, type SelfTest } from "./self-tests.js";

const engines: Readonly<Record<Isa, Readonly<Record<string, (options: VcpuOptions) => PortableVcpu>>>> = {
  "x86-64": {
    interpreted: newInterpreter,
    "translated at once": (options) => newWasmVcpu(options, { threshold: 1 }),
  },
  aarch64: {
    interpreted: newArmInterpreter,
    "translated at once": (options) => newArmVcpu(options, { threshold: 1 }),
  },
};

interface TargetCases {
  readonly target: TargetName;
  readonly isa?: Isa;
  /** 16 by default. */
  readonly memMiB?: number;
  /** A guest of the row, with what its devices are. */
  readonly guest?: (
    row: SelfTest,
    file: string,
    memSize: number,
  ) => { readonly guest: Guest; readonly host: Partial<GuestHost> };
}

/** Collects what a guest prints. */
function listening(): { readonly host: GuestHost; said(): string } {
  const pieces: Uint8Array[] = [];
  const console = { write: (data: Uint8Array) => void pieces.push(data.slice()) };
  return { host: { ...nothing, console }, said: () => new TextDecoder().decode(concat(pieces)) };
}

/** The row's outcome in the terms of a command that prints on stdout. */
const outcomeOf = ({ status, message = "" }: Ended, said: string): Outcome => ({
  status,
  stdout: said,
  stderr: message,
});

export function targetCases({ target, isa = "x86-64", memMiB = 16, guest: given }: TargetCases): void {
  for (const row of selfTests) {
    if (row.status[target] === undefined) continue;
    const file = `${isa === "x86-64" ? "" : `${isa}/`}test_${row.name}.${target}`;
    const title = `${target}${isa === "x86-64" ? "" : ` of ${isa}`} ${[row.name, ...(row.args ?? [])].join(" ")}`;
    const make = () =>
      given?.(row, file, memMiB << 20) ?? {
        guest: guestOf(file, () => [], (row.args ?? []).join(" ")),
        host: {},
      };
    for (const [name, newVcpu] of Object.entries(engines[isa])) {
      // It takes its time; once is enough, and to record it is another test's.
      if (row.name === "time" && name === "interpreted") continue;
      test(`${title}: ${name}, traced`, async () => {
        const { guest, host } = make();
        const ear = listening();
        const lines: string[] = [];
        const describer = describers[target];
        assert.ok(describer !== undefined);
        const tracer = trace(describer(guest.unikernel.isa), guest, hostClock, (line) => lines.push(line));
        let core = 0;
        const { unikernel, cmdline } = guest;
        const dump = coreDump({
          unikernel,
          cmdline,
          pid: 1,
          create: () => ({ write: (_at, data) => void (core += data.length), close() {} }),
        });
        const { outcome } = await run(guest, { ...ear.host, ...host }, [tracer, dump], { newVcpu });
        checkOutcome(row, target, outcomeOf(outcome, ear.said()));
        assert.ok(lines.length > 0, "nothing traced");
        const isBad = row.status[target] === 255 || row.status[target] === 139;
        assert.equal(core > 0, isBad, "a core file where it aborts, or dies of a fault");
      });
    }
    if (row.name === "time") continue;
    test(`${title}: recorded and replayed`, async () => {
      const { guest, host } = make();
      const ear = listening();
      const { outcome } = await assertReplays(guest, { ...ear.host, ...host });
      checkOutcome(row, target, outcomeOf(outcome, ear.said()));
    });
  }
}
