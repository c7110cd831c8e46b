// What connected ends share: pages of rings, which the guest has granted, and an event channel. docs/abi.md 11.6.
import type { Stateful } from "../../../bytes/plain.js";
import type { GuestMemory } from "../../../image/memory.js";
import type { Front } from "./back-end.js";
import type { Events } from "./events.js";
import type { Grants } from "./grants.js";
import { newRing, type RingState } from "./ring.js";

/** What devices have of the domain. */
export interface Domain {
  readonly memory: GuestMemory;
  readonly events: Events;
  readonly grants: Grants;
}

export interface Link {
  readonly port: number;
  readonly refs: readonly number[];
  readonly rings: readonly RingState[];
}

/** Holds the rings whose grants are in `keys`, and binds the event channel; undefined where one of them cannot be used. */
export function openLink(
  { events, grants }: Domain,
  front: Front,
  keys: readonly string[],
  heard: () => void,
): Link | undefined {
  const port = front.number("event-channel");
  const refs = keys.map((key) => front.number(key));
  if (port === undefined || !refs.every((ref) => ref !== undefined)) return undefined;
  const rings: RingState[] = [];
  for (const ref of refs) {
    const gpa = grants.hold(ref);
    if (gpa === undefined) break;
    rings.push(newRing(gpa));
  }
  if (rings.length === refs.length && events.connect(port, heard)) return { port, refs, rings };
  for (const ref of refs.slice(0, rings.length)) grants.release(ref);
  return undefined;
}

export function closeLink({ events, grants }: Domain, { port, refs }: Link): void {
  events.disconnect(port);
  for (const ref of refs) grants.release(ref);
}

/** Rings are changed in place: what is saved is a copy. */
export const stateOfLink = <S extends { readonly link: Link | undefined }>(
  get: () => S,
  set: (state: S) => void,
): Stateful => ({
  save: () => structuredClone(get()) as never,
  restore: (saved: never) => set(structuredClone(saved as S)),
});
