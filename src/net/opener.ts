// How a host opens networks: a table with a row for each kind.
import type { Clock } from "../device/contract.js";
import type { NetDevice } from "./contract.js";
import type { NetKind, NetSource, SourceOf } from "./source.js";

/** What an open network may use of the run that it is opened for. */
export interface NetContext {
  /** Bytes, as `attach` found them. */
  readonly mtu: number;
  readonly clock: Clock;
  /** Says a line to the user. */
  say(line: string): void;
  /** The network cannot go on, and the unikernel neither. */
  failed(message: string): void;
}

/** A device on `source`; its `close` gives back what was opened. Throws Solo5Error. */
export type OpenNet<S extends NetSource> = (source: S, context: NetContext) => NetDevice;
export type NetOpeners = { readonly [K in NetKind]: OpenNet<SourceOf<K>> };

/** The MTU of `source` in bytes; opens nothing for good. Throws Solo5Error where the source cannot be used. */
export type NetMtu<S extends NetSource> = (source: S) => number;
export type NetMtus = { readonly [K in NetKind]: NetMtu<SourceOf<K>> };

export const openNet = (openers: NetOpeners, source: NetSource, context: NetContext): NetDevice =>
  (openers[source.kind] as OpenNet<NetSource>)(source, context);

export const netMtu = (mtus: NetMtus, source: NetSource): number =>
  (mtus[source.kind] as NetMtu<NetSource>)(source);
