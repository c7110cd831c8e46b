// What the engines that run a guest in this process share: what becomes of an end.
import { constants } from "node:os";
import { signalStatus } from "../abi/signals.js";
import { encodeText } from "../bytes/text.js";
import type { Ended } from "../tender/run.js";
import type { Plan } from "../tender/attach.js";

/** What the tender of a virtual machine takes and tells; any other signal is its death, and all are a process's. docs/abi.md 6.1. */
const told: ReadonlySet<number> = new Set([constants.signals.SIGINT, constants.signals.SIGTERM]);

export const signalled = ({ unikernel }: Pick<Plan, "unikernel">, signal: number): Ended =>
  unikernel.target !== "spt" && told.has(signal)
    ? { status: 1, message: `Exiting on signal ${signal}` }
    : { status: signalStatus(signal) };

export const say = (reporter: string, message: string): void =>
  void process.stderr.write(encodeText(`${reporter}: ${message}\n`));

/** The status of an end, whose message goes to stderr. */
export async function reported(ended: Promise<Ended>, reporter: string): Promise<number> {
  const { status, message } = await ended;
  if (message !== undefined) say(reporter, message);
  return status;
}
