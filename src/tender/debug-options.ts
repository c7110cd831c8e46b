// The options of a command line that say what a user wants to see of a running guest.
import { Solo5Error } from "../bytes/error.js";
import type { DebugRequest } from "./debug-request.js";
import { valueOf, type Given } from "./parse-options.js";

const defaultAddress = "127.0.0.1";
const defaultPort = "1234";

/** From the options of a command line. Throws Solo5Error. */
export function debugRequest(given: readonly Given[]): DebugRequest {
  const dumpcore = valueOf(given, "dumpcore");
  const record = valueOf(given, "record");
  const port = valueOf(given, "gdb-port");
  // Without --gdb the address is looked at, and not used.
  const gdb = gdbAddress(port);
  const channels = channelFiles(given.filter(({ option }) => option === "channel").map(({ value }) => value));
  return {
    ...(valueOf(given, "gdb") === undefined ? {} : { gdb }),
    ...(dumpcore === undefined ? {} : { dumpcore }),
    ...(record === undefined ? {} : { record }),
    ...(channels.length === 0 ? {} : { channel: channels }),
    ...(valueOf(given, "trace") === undefined ? {} : { trace: true }),
  };
}

type ChannelFile = NonNullable<DebugRequest["channel"]>[number];

function channelFiles(values: readonly string[]): readonly ChannelFile[] {
  const all = values.map(channelFile);
  all.forEach(({ name, file }, i) => {
    const before = all.slice(0, i);
    if (before.some((one) => one.name === name))
      throw new Solo5Error("TWICE", `Option --channel is given twice for ${name}`);
    if (before.some((one) => one.file === file))
      throw new Solo5Error("CHANNEL", `${file}: two channels would be mixed there: a file for each`);
  });
  return all;
}

/** A channel's own name may have any character but `=`. */
function channelFile(value: string): ChannelFile {
  const at = value.indexOf("=");
  if (at > 0 && at + 1 < value.length) return { name: value.slice(0, at), file: value.slice(at + 1) };
  throw new Solo5Error("CHANNEL", `'${value}' is no channel and file: --channel=NAME=FILE`);
}

function gdbAddress(value = defaultPort): { readonly address: string; readonly port: number } {
  const match = /^(?:\[?([0-9A-Za-z.:-]+?)\]?:)?(\d{1,5})$/.exec(value);
  const port = Number(match?.[2]);
  if (match === null || port > 0xffff) throw new Solo5Error("GDB_PORT", "Malformed argument to --gdb-port");
  return { address: match[1] ?? defaultAddress, port };
}
