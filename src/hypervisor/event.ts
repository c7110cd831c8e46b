// What wakes a thread that sleeps in poll(2): an eventfd(2), or where there is none a socket that something is written to.
import { closeSync } from "node:fs";
import { open as openFlag } from "../abi/linux/syscalls.js";
import type { Cleanup } from "../bytes/cleanup.js";
import { check, libc } from "../host/posix/libc.js";
import { socketPair } from "../host/posix/net/socket-pair.js";

export interface WakeEvent {
  /** Can be read once it was signalled. */
  readonly wait: number;
  /** What `signal` writes to. */
  readonly signal: number;
}

/** EFD_CLOEXEC and EFD_NONBLOCK are open's: eventfd(2). */
const eventfdFlags = openFlag.closeOnExec | openFlag.nonBlock;

/** Neither end blocks or survives exec; `cleanup` closes them. Throws Solo5Error. */
export function openEvent(cleanup: Cleanup): WakeEvent {
  if (process.platform === "linux") {
    const fd = check(libc().eventfd(0, eventfdFlags), "eventfd");
    cleanup.push(() => closeSync(fd));
    return { wait: fd, signal: fd };
  }
  const [wait, signal] = socketPair();
  for (const fd of [wait, signal]) cleanup.push(() => closeSync(fd));
  return { wait, signal };
}

const one = new Uint8Array(BigUint64Array.of(1n).buffer);

export const signalEvent = ({ signal }: WakeEvent): void => void libc().write(signal, one, one.length);

/** What it was signalled with is read, as often as that was. */
export function drainEvent({ wait }: WakeEvent): void {
  const into = new Uint8Array(one.length);
  while (libc().read(wait, into, into.length) > 0);
}
