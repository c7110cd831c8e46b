// System calls that Node has no function for, made by number through the C library: syscall(2). Namespaces belong to threads, and
// Node's synchronous functions run on the one that calls.
import type { Isa } from "../../abi/elf.js";
import { Solo5Error } from "../../bytes/error.js";
import { withNul } from "../../bytes/text.js";
import { strerror } from "../../abi/linux/errno.js";
import { hostIsa } from "../any/host-isa.js";
import { libc } from "./libc.js";
import { launchSyscalls } from "../../abi/linux/syscalls.js";

/** Numbers: as syscalls.ts. */
const hostCalls = {
  "x86-64": {
    ...launchSyscalls["x86-64"],
    connect: 42,
    socketpair: 53,
    sendto: 44,
    recvfrom: 45,
    sendmsg: 46,
    bind: 49,
    listen: 50,
    accept4: 288,
    kill: 62,
    wait4: 61,
    mknodat: 259,
    prlimit64: 302,
    pipe2: 293,
    ioprio_set: 251,
    pidfd_send_signal: 424,
    pidfd_open: 434,
    openat2: 437,
  },
  aarch64: {
    ...launchSyscalls.aarch64,
    connect: 203,
    socketpair: 199,
    sendto: 206,
    recvfrom: 207,
    sendmsg: 211,
    bind: 200,
    listen: 201,
    accept4: 242,
    kill: 129,
    wait4: 260,
    mknodat: 33,
    prlimit64: 261,
    pipe2: 59,
    ioprio_set: 30,
    pidfd_send_signal: 424,
    pidfd_open: 434,
    openat2: 437,
  },
} as const satisfies Record<Isa, Record<string, number | null>>;

export type HostCall = keyof (typeof hostCalls)["x86-64"];
/** Text is passed with its NUL; bytes are read or filled in place. */
export type HostArgument = number | bigint | string | Uint8Array;

/** The result, or -errno. Throws Solo5Error `NO_KOFFI`. */
export function tryCall(call: HostCall, ...args: readonly HostArgument[]): number {
  const { syscall, addressOf, errno } = libc();
  const number = hostCalls[hostIsa() ?? "x86-64"][call];
  if (number === null) throw new RangeError(`${call} does not exist here`);
  // As long as the call lasts somebody must hold what is passed by address.
  const held = args.map((arg) => (typeof arg === "string" ? withNul(arg) : arg));
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = held.map((arg) =>
    arg instanceof Uint8Array ? addressOf(arg) : arg,
  );
  const result = syscall(number, a, b, c, d, e, f);
  return result === -1 ? -errno() : Number(result);
}

/** The result. Throws Solo5Error `SYSCALL`: `WHAT: REASON`. */
export function hostCall(what: string, call: HostCall, ...args: readonly HostArgument[]): number {
  const result = tryCall(call, ...args);
  if (result < 0) throw new Solo5Error("SYSCALL", `${what}: ${strerror(-result)}`);
  return result;
}
