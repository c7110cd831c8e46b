// Makes the instruments that a user asked for.
import type { Unikernel } from "../image/unikernel.js";
import type { Instrument } from "../tender/instrument.js";
import type { DebugRequest } from "./debug-request.js";
import { serveGdb } from "./gdb-server.js";

/** `cleanup` gets what closes them. */
export function openInstruments(
  { gdb }: DebugRequest,
  { isa }: Unikernel,
  reporter: string,
  cleanup: (() => void)[],
): readonly Instrument[] {
  const say = (line: string): void => void process.stderr.write(`${reporter}: ${line}\n`);
  const instruments: Instrument[] = [];
  if (gdb !== undefined) instruments.push(serveGdb(gdb, { isa }, say, cleanup));
  return instruments;
}
