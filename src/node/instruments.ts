// Makes the instruments that a user asked for.
import { coreDump } from "../debug/core/core-dump.js";
import type { Plan } from "../tender/attach.js";
import type { Instrument } from "../tender/instrument.js";
import { createCoreFile } from "./core-file.js";
import type { DebugRequest } from "./debug-request.js";
import { serveGdb } from "./gdb-server.js";

/** `cleanup` gets what closes them. */
export function openInstruments(
  { gdb, dumpcore }: DebugRequest,
  { unikernel, cmdline }: Plan,
  reporter: string,
  cleanup: (() => void)[],
): readonly Instrument[] {
  const say = (line: string): void => void process.stderr.write(`${reporter}: ${line}\n`);
  const instruments: Instrument[] = [];
  if (gdb !== undefined) instruments.push(serveGdb(gdb, unikernel, say, cleanup));
  if (dumpcore !== undefined) {
    const create = (size: number) => createCoreFile(dumpcore, unikernel.target, size, say);
    instruments.push(coreDump({ unikernel, cmdline, pid: process.pid, create }));
  }
  return instruments;
}
