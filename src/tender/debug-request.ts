// What a user wants to see of a running guest, as plain data that any thread can be given.
import { Solo5Error } from "../bytes/error.js";
import { valueOf, type Given } from "./options.js";

/** What is to be seen of a unikernel that runs. */
export interface DebugRequest {
  /** Where a gdb server listens; port 0 for any. */
  readonly gdb?: { readonly address: string; readonly port: number };
  /** The folder for a core file. */
  readonly dumpcore?: string;
  readonly trace?: true;
  /** The file of a recording. */
  readonly record?: string;
}
export type DebugTool = keyof DebugRequest;
export const debugTools: readonly DebugTool[] = ["gdb", "dumpcore", "trace", "record"];

const defaultAddress = "127.0.0.1";
const defaultPort = "1234";

/** From the options of a command line. Throws Solo5Error. */
export function debugRequest(given: readonly Given[]): DebugRequest {
  const dumpcore = valueOf(given, "dumpcore");
  const record = valueOf(given, "record");
  const port = valueOf(given, "gdb-port");
  // Without --gdb the address is looked at, and not used.
  const gdb = gdbAddress(port);
  return {
    ...(valueOf(given, "gdb") === undefined ? {} : { gdb }),
    ...(dumpcore === undefined ? {} : { dumpcore }),
    ...(record === undefined ? {} : { record }),
    ...(valueOf(given, "trace") === undefined ? {} : { trace: true }),
  };
}

function gdbAddress(value = defaultPort): { readonly address: string; readonly port: number } {
  const match = /^(?:\[?([0-9A-Za-z.:-]+?)\]?:)?(\d{1,5})$/.exec(value);
  const port = Number(match?.[2]);
  if (match === null || port > 0xffff) throw new Solo5Error("GDB_PORT", "Malformed argument to --gdb-port");
  return { address: match[1] ?? defaultAddress, port };
}
