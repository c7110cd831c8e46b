// Signals that a command gets while its unikernel runs are the unikernel's. What was ignored when the command was started
// stays ignored; a unikernel that dies of a signal takes the command with it.
import { constants } from "node:os";
import { signalStatus } from "../abi/signals.js";
import { ignoredSignals } from "../linux/ignored-signals.js";
import type { Running } from "../node/engine.js";

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;
/** Tenders take them whatever they were: a shell's background job can be stopped. docs/abi.md 6.1. */
const always: ReadonlySet<string> = new Set(["SIGINT", "SIGTERM"]);

type Started = Pick<Running, "status" | "signal">;

/** Starts a unikernel and waits for its status; signals that come before it has started wait for it. */
export async function withSignals(start: () => Started | Promise<Started>): Promise<number> {
  const ignored = ignoredSignals();
  const received = new Set<(typeof forwarded)[number]>();
  let running: Started | undefined;
  const listeners = forwarded.map((name) => {
    if (ignored.includes(constants.signals[name]) && !always.has(name)) return [name, () => {}] as const;
    const listener = (): void => {
      received.add(name);
      running?.signal(name);
    };
    return [name, listener] as const;
  });
  for (const [name, listener] of listeners) process.on(name, listener);
  let outcome: number;
  try {
    running = await start();
    for (const name of received) running.signal(name);
    outcome = await running.status;
  } finally {
    for (const [name, listener] of listeners) process.off(name, listener);
  }
  // Whoever waits for the command is told what a shell tells from the status alone.
  const fatal = [...received].find((name) => outcome === signalStatus(constants.signals[name]));
  if (fatal !== undefined) process.kill(process.pid, fatal);
  return outcome;
}
