// Signals that a command gets while its unikernel runs are the unikernel's. What was ignored when the command was started
// stays ignored; a unikernel that dies of a signal takes the command with it.
import { constants } from "node:os";
import { statusOf } from "../abi/signals.js";
import { thisHost } from "../host/this-host.js";
import type { Ended } from "../tender/instrument.js";
import { userSignals, type Signal, type Started } from "../tender/running.js";
import { say } from "./say.js";

/** Tenders take them whatever they were: a shell's background job can be stopped. docs/abi.md 6.1. */
const always: ReadonlySet<string> = new Set(["SIGINT", "SIGTERM"]);

type Signalled = Pick<Started, "exited" | "signal">;

/** Starts a unikernel and waits for its status; signals that come before it has started wait for it. */
export async function withSignals(
  start: () => Signalled | Promise<Signalled>,
  reporter: string,
): Promise<number> {
  const ignored = thisHost.ignoredSignals();
  const received = new Set<Signal>();
  let running: Signalled | undefined;
  const listeners = userSignals.map((name) => {
    if (ignored.includes(constants.signals[name]) && !always.has(name)) return [name, () => {}] as const;
    const listener = (): void => {
      received.add(name);
      running?.signal(name);
    };
    return [name, listener] as const;
  });
  for (const [name, listener] of listeners) process.on(name, listener);
  let end: Ended;
  try {
    running = await start();
    for (const name of received) running.signal(name);
    end = await running.exited;
  } finally {
    for (const [name, listener] of listeners) process.off(name, listener);
  }
  if (end.message !== undefined) say(reporter, end.message);
  // Whoever waits for the command is told what a shell tells from the status alone.
  const fatal = [...received].find((name) => end.status === statusOf(name));
  if (fatal !== undefined) process.kill(process.pid, fatal);
  return end.status;
}
