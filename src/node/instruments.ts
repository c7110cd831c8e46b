// Makes the instruments that a user asked for.
import { writeSync } from "node:fs";
import { Solo5Error } from "../bytes/error.js";
import { coreDump } from "../debug/core/core-dump.js";
import { describers } from "../debug/trace/registry.js";
import { trace } from "../debug/trace/trace.js";
import type { GdbServerOptions } from "../debug/gdb/server.js";
import { record } from "../debug/record/recorder.js";
import type { Guest } from "../target/contract.js";
import type { Instrument } from "../tender/instrument.js";
import { hostClock } from "./clock.js";
import { createCoreFile } from "./core-file.js";
import type { DebugRequest } from "./debug-request.js";
import { recordingFile } from "./recording-file.js";
import { serveGdb } from "./gdb-server.js";

const stderr = 2;

/** At once, so that it stands where it belongs among the guest's own output. */
const printTrace = (line: string): void => void writeSync(stderr, `${line}\n`);

/** `cleanup` gets what closes them. */
export function openInstruments(
  { gdb, dumpcore, trace: isTraced, record: recording }: DebugRequest,
  guest: Guest,
  reporter: string,
  cleanup: (() => void)[],
  history?: GdbServerOptions["history"],
): readonly Instrument[] {
  const { unikernel, cmdline } = guest;
  const say = (line: string): void => void process.stderr.write(`${reporter}: ${line}\n`);
  const instruments: Instrument[] = [];
  if (recording !== undefined) instruments.push(record(guest, recordingFile(recording, cleanup)));
  if (gdb !== undefined) instruments.push(serveGdb(gdb, { isa: unikernel.isa, history }, say, cleanup));
  if (dumpcore !== undefined) {
    const create = (size: number) => createCoreFile(dumpcore, unikernel.target, size, say);
    instruments.push(coreDump({ unikernel, cmdline, pid: process.pid, create }));
  }
  if (isTraced) {
    const describer = describers[unikernel.target]?.(unikernel.isa);
    if (describer === undefined)
      throw new Solo5Error(
        "TRACE",
        `${unikernel.name}: a ${unikernel.target} unikernel makes no calls to trace`,
      );
    instruments.push(trace(describer, guest, hostClock, printTrace));
  }
  return instruments;
}
