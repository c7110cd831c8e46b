// What the drivers of both vmm's say when the kernel refuses something.
import { errorText } from "../abi/errno.js";
import { Solo5Error } from "../bytes/error.js";
import { system } from "./system.js";

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
