// Signals that a command gets while its unikernel runs are the unikernel's. What was ignored when the command was started
// stays ignored; a unikernel that dies of a signal takes the command with it.
import { constants } from "node:os";
import { ignoredSignals } from "../linux/ignored-signals.js";

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;
/** Tenders take them whatever they were: a shell's background job can be stopped. ABI.md 6.6. */
const always: ReadonlySet<string> = new Set(["SIGINT", "SIGTERM"]);

/** Waits for `status` and passes signals on to `signal` meanwhile. */
export async function forwardSignals(
  status: Promise<number>,
  signal: (signal: NodeJS.Signals) => void,
): Promise<number> {
  const ignored = ignoredSignals();
  const received = new Set<(typeof forwarded)[number]>();
  const listeners = forwarded.map((name) => {
    if (ignored.includes(constants.signals[name]) && !always.has(name)) return [name, () => {}] as const;
    const listener = (): void => {
      received.add(name);
      signal(name);
    };
    return [name, listener] as const;
  });
  for (const [name, listener] of listeners) process.on(name, listener);
  let outcome: number;
  try {
    outcome = await status;
  } finally {
    for (const [name, listener] of listeners) process.off(name, listener);
  }
  // Whoever waits for the command is told what a shell tells from the status alone.
  const fatal = [...received].find((name) => outcome === 128 + constants.signals[name]);
  if (fatal !== undefined) process.kill(process.pid, fatal);
  return outcome;
}
