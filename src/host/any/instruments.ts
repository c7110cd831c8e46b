// Makes the instruments that a user asked for.
import type { Cleanup } from "../../bytes/cleanup.js";
import { encodeText } from "../../bytes/text.js";
import { writeSync } from "node:fs";
import { checkChannel, watchChannels } from "../../debug/channels/channels.js";
import { coreDump } from "../../debug/core/core-dump.js";
import { describers } from "../../debug/trace/registry.js";
import { trace } from "../../debug/trace/trace.js";
import type { GdbServerOptions } from "../../debug/gdb/server.js";
import { record } from "../../debug/record/recorder.js";
import type { Guest } from "../../targets/contract.js";
import type { Instrument, Observer } from "../../tender/instrument.js";
import { targets } from "../../targets/registry.js";
import { dumpSink, openDump } from "./capture-file.js";
import { hostClock } from "./clock.js";
import { createCoreFile } from "./core-file.js";
import type { DebugRequest } from "../../tender/debug-request.js";
import { recordingFile } from "./recording-file.js";
import { serveGdb } from "./gdb-server.js";

const stderr = 2;

/** At once, so that it stands where it belongs among the guest's own output. */
const print = (line: string): void => void writeSync(stderr, encodeText(`${line}\n`));

/** `cleanup` gets what closes them. */
export function openInstruments(
  debug: DebugRequest,
  guest: Guest,
  reporter: string,
  cleanup: Cleanup,
  history?: GdbServerOptions["history"],
): readonly Instrument[] {
  const { gdb, record: recording } = debug;
  const { isa } = guest.unikernel;
  const say = (line: string): void => print(`${reporter}: ${line}`);
  const instruments: Instrument[] = [];
  let show = print;
  if (recording !== undefined) {
    const recorder = record(guest, recordingFile(recording, cleanup));
    instruments.push(recorder);
    show = (line) => {
      recorder.flush();
      print(line);
    };
  }
  for (const { name } of debug.channel ?? []) checkChannel(guest, targets[guest.unikernel.target], name);
  const sinks = (debug.channel ?? []).map(
    ({ name, file }) => [name, dumpSink({ fd: openDump(file, cleanup), path: file })] as const,
  );
  if (sinks.length > 0) instruments.push(watchChannels(new Map(sinks)));
  if (gdb !== undefined) instruments.push(serveGdb(gdb, { isa, history }, say, cleanup));
  return [...instruments, ...openObservers(debug, guest, reporter, show)];
}

/** Those that only look. */
export function openObservers(
  { dumpcore, trace: isTraced }: DebugRequest,
  guest: Guest,
  reporter: string,
  show = print,
): readonly Observer[] {
  const { unikernel, cmdline } = guest;
  const say = (line: string): void => show(`${reporter}: ${line}`);
  const observers: Observer[] = [];
  if (dumpcore !== undefined) {
    const create = (size: number) => createCoreFile(dumpcore, unikernel.target, size, say);
    observers.push(coreDump({ unikernel, cmdline, pid: process.pid, create }));
  }
  if (isTraced) {
    const describer = describers[unikernel.target]?.(unikernel.isa);
    if (describer === undefined) throw new RangeError(`there is no trace of ${unikernel.target}`);
    observers.push(trace(describer, guest, hostClock, show));
  }
  return observers;
}
