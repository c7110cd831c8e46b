// System calls that Node has no function for, by name. Namespaces belong to threads, and Node's synchronous functions run on the one
// that calls.
import { Solo5Error } from "../../bytes/error.js";
import { withNul } from "../../bytes/text.js";
import { strerror } from "../../abi/linux/errno.js";
import { hostIsa } from "../any/host-isa.js";
import { hostCalls, type HostCall } from "./call-numbers.js";
import { addressOf, rawCall } from "./raw-call.js";

/** Text is passed with its NUL; bytes are read or filled in place. */
export type HostArgument = number | bigint | string | Uint8Array;

/** The result, or -errno. Throws Solo5Error `NO_KOFFI`. */
export function tryCall(call: HostCall, ...args: readonly HostArgument[]): number {
  const number = hostCalls[hostIsa() ?? "x86-64"][call];
  if (number === null) throw new RangeError(`${call} does not exist here`);
  // As long as the call lasts somebody must hold what is passed by address.
  const held = args.map((arg) => (typeof arg === "string" ? withNul(arg) : arg));
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = held.map((arg) =>
    arg instanceof Uint8Array ? addressOf(arg) : arg,
  );
  return rawCall(number, [a, b, c, d, e, f]);
}

/** The result. Throws Solo5Error `SYSCALL`: `WHAT: REASON`. */
export function hostCall(what: string, call: HostCall, ...args: readonly HostArgument[]): number {
  const result = tryCall(call, ...args);
  if (result < 0) throw new Solo5Error("SYSCALL", `${what}: ${strerror(-result)}`);
  return result;
}
