// What the engines that run a guest in this process share: what becomes of an end.
import type { Ended } from "../tender/run.js";
import type { Plan } from "../tender/attach.js";

/** hvt's tender takes the signal and says so; an spt unikernel is the process that dies of it. ABI.md 6.6. */
export const signalled = ({ unikernel }: Plan, signal: number): Ended =>
  unikernel.target === "spt"
    ? { status: 128 + signal }
    : { status: 1, message: `Exiting on signal ${signal}` };

/** What a stop of the caller's comes to. */
export const killed: Ended = { status: 137 };

export const say = (reporter: string, message: string): void =>
  void process.stderr.write(`${reporter}: ${message}\n`);

/** The status of an end, whose message goes to stderr. */
export async function reported(ended: Promise<Ended>, reporter: string): Promise<number> {
  const { status, message } = await ended;
  if (message !== undefined) say(reporter, message);
  return status;
}
