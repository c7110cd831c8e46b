// What the drivers of both vmm's ask alike, and say when the kernel refuses something.
import { errorText } from "../abi/errno.js";
import { Solo5Error } from "../bytes/error.js";
import { viewOf } from "../bytes/struct.js";
import { system, type System } from "./system.js";

/** `vmm: WHAT: REASON`, and the way out where there is one. */
export function vmmError(what: string, error: string, wayOut?: string): Solo5Error {
  return new Solo5Error(
    "VMM",
    `vmm: ${what}: ${errorText(error)}${wayOut === undefined ? "" : `: ${wayOut}`}`,
  );
}

/** An ioctl that has to succeed. Throws Solo5Error `VMM`. */
export function call(fd: number, which: number, arg: Uint8Array, what: string): void {
  if (system().ioctl(fd, which, arg) < 0) throw vmmError(what, system().errorName());
}

/** Hz of the time-stamp counter, which guests read as it is; `names` are the system's for it. Throws Solo5Error. */
export function tscHz(
  sys: System,
  names: {
    readonly isTscInvariant: Parameters<System["sysctl"]>[0];
    readonly tscHz: Parameters<System["sysctl"]>[0];
  },
): bigint {
  const invariant = new Uint8Array(4);
  if (sys.sysctl(names.isTscInvariant, invariant) < 0 || viewOf(invariant).getInt32(0, true) !== 1)
    throw new Solo5Error("VMM", "vmm: host TSC is not invariant, cannot continue");
  const frequency = new Uint8Array(8);
  if (sys.sysctl(names.tscHz, frequency) < 0)
    throw vmmError("cannot tell the TSC's frequency", sys.errorName());
  return viewOf(frequency).getBigUint64(0, true);
}
