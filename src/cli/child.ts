// Runs a plan as a child process on behalf of a command: signals go to the unikernel, its end becomes the command's.
import { runNative } from "../linux/native.js";
import { hostClock } from "../node/clock.js";
import type { Plan } from "../tender/attach.js";

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/** Gives the unikernel's status. */
export async function runAsChild(plan: Plan, name: string): Promise<number> {
  const { status, kill } = runNative(plan, { name, clock: hostClock });
  const listeners = forwarded.map((signal) => [signal, () => kill(signal)] as const);
  for (const [signal, listener] of listeners) process.on(signal, listener);
  try {
    return await status;
  } finally {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  }
}
