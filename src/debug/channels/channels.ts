// The bytes of a guest's channels as they pass, each channel's to a sink of its own: an observer of the run loop.
import { Solo5Error } from "../../bytes/error.js";
import type { Guest, Target } from "../../targets/contract.js";
import type { Observer } from "../../tender/instrument.js";

/** `target` is the guest's. Throws Solo5Error `CHANNEL` where the guest has no channel of that name. */
export function checkChannel(guest: Guest, target: Pick<Target, "channels"> | undefined, name: string): void {
  const { unikernel } = guest;
  const channels = target?.channels?.(guest);
  if (channels?.includes(name) === true) return;
  const has = channels === undefined ? `unikernels of ${unikernel.target} have none` : channels.join(", ");
  throw new Solo5Error("CHANNEL", `${unikernel.name}: there is no channel '${name}': ${has}`);
}

/** Elements come as they lie in the channel, one after another. */
export const watchChannels = (sinks: ReadonlyMap<string, (element: Uint8Array) => void>): Observer => ({
  host: (host) => ({
    ...host,
    deviceTrace(operation) {
      host.deviceTrace?.(operation);
      if (operation.element !== undefined) sinks.get(operation.device)?.(operation.element);
    },
  }),
});
