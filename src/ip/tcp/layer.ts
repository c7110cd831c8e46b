// What the connections of a stack share.
import type { Address } from "../address.js";
import type { FrameBuffer } from "../host-functions.js";
import type { Nic } from "../nic.js";
import type { Packet } from "../packet.js";
import { siphash } from "../siphash.js";
import { concat, equal } from "../wire.js";
import { createSegment, type Segment } from "./segment.js";
import type { Backlog, Tcb } from "./tcb.js";

/** Bounds and times of a stack's TCP. */
export interface TcpLimits {
  /** Connections together, those in TIME-WAIT included. */
  readonly connections: number;
  /** Connections of one listener that are not established; the oldest gives way. */
  readonly halfOpen: number;
  /** Bytes that come in and are not read. */
  readonly receiveBuffer: number;
  /** `write` returns false when this many bytes wait. */
  readonly sendBuffer: number;
  /** Twice the maximum segment lifetime (RFC 9293, 3.4.1 has 4 minutes; most have one). */
  readonly timeWaitMsecs: number;
  /** How long a peer may not acknowledge (RFC 9293, 3.8.3: R2, at least 100 s); three minutes for a SYN (MUST-23). */
  readonly userTimeoutMsecs: number;
  /** Whether selective acknowledgements (RFC 2018) and timestamps (RFC 7323) are offered and taken. */
  readonly sack: boolean;
  readonly timestamps: boolean;
}

const defaultLimits: TcpLimits = {
  connections: 16_384,
  halfOpen: 256,
  receiveBuffer: 256 * 1024,
  sendBuffer: 256 * 1024,
  timeWaitMsecs: 60_000,
  userTimeoutMsecs: 120_000,
  sack: true,
  timestamps: true,
};

/** predict.ts, which only those weigh who ask for it. */
export interface Predictor {
  /** Sends a segment as one before was; undefined, and nothing done, where none was like it. */
  emit(tcb: Tcb, flags: number, seq: number, length: number, window: number): boolean | undefined;
  /** A segment has been sent otherwise, whose data begins at `to`. */
  sent(tcb: Tcb, flags: number, to: number): void;
  /** Takes a frame that is expected. What is kept of its bytes is copied. */
  take(frame: FrameBuffer, length: number): boolean;
  /** A segment of the connection has been taken otherwise. */
  learn(tcb: Tcb): void;
  forget(tcb: Tcb): void;
  forgetAll(): void;
}

export interface Layer {
  readonly nic: Nic;
  readonly limits: TcpLimits;
  readonly segment: Segment;
  /** Connections by their hash. */
  readonly table: Map<number, Tcb>;
  count: number;
  /** The one that the last segment was for: the next is too, mostly. */
  last: Tcb | undefined;
  /** Those that have something to send or to tell when the current call is done. */
  readonly dirty: Tcb[];
  /** Those that the link had no room for. */
  readonly blocked: Set<Tcb>;
  /** Oldest first. */
  readonly timeWaits: Set<Tcb>;
  /** Bytes of a path's packets, where less than the link's (RFC 8201, RFC 1191), by destination. */
  readonly pathMtus: Map<string, { readonly mtu: number; readonly until: number }>;
  readonly secret: Uint8Array;
  /** What is known of the next segments, with `StackOptions.prediction`. */
  predictor: Predictor | undefined;
  readonly onTimer: (tcb: Tcb) => void;
  readonly listenerFor: (local: Address, port: number) => Backlog | undefined;
  /** What a gateway does with a SYN that no listener wants; undefined: it is refused. */
  offer: ((tcb: Tcb) => void) | undefined;
}

export function createLayer(
  nic: Nic,
  limits: Partial<TcpLimits> | undefined,
  { onTimer, listenerFor }: Pick<Layer, "onTimer" | "listenerFor">,
): Layer {
  const secret = new Uint8Array(16);
  nic.host.entropy(secret);
  return {
    nic,
    limits: { ...defaultLimits, ...limits },
    segment: createSegment(),
    table: new Map(),
    count: 0,
    last: undefined,
    dirty: [],
    blocked: new Set(),
    timeWaits: new Set(),
    pathMtus: new Map(),
    secret,
    predictor: undefined,
    onTimer,
    listenerFor,
    offer: undefined,
  };
}

/** Mixes addresses and ports under a secret, so that nobody chooses who shares a chain. */
function mix(seed: number, word: number): number {
  const h = Math.imul(seed ^ word, 0x9e3779b1);
  return h ^ (h >>> 15);
}

const word = (b: Uint8Array, at: number): number =>
  (b[at] as number) |
  ((b[at + 1] as number) << 8) |
  ((b[at + 2] as number) << 16) |
  ((b[at + 3] as number) << 24);

export function hashOf(
  { secret }: Layer,
  local: Uint8Array,
  localAt: number,
  remote: Uint8Array,
  remoteAt: number,
  size: number,
  ports: number,
): number {
  let hash = mix(word(secret, 0), ports);
  for (let i = 0; i < size; i += 4) {
    hash = mix(hash, word(remote, remoteAt + i));
    hash = mix(hash ^ word(secret, 4), word(local, localAt + i));
  }
  return hash;
}

/** Whether the segment in `packet` is of this connection. */
function belongs(tcb: Tcb, packet: Packet, { sourcePort, destinationPort }: Segment): boolean {
  if (tcb.remotePort !== sourcePort || tcb.localPort !== destinationPort || tcb.family !== packet.family)
    return false;
  const { frame, sourceAt, destinationAt } = packet;
  const { source, destination } = tcb;
  for (let i = 0; i < source.length; i++)
    if (source[i] !== frame[destinationAt + i] || destination[i] !== frame[sourceAt + i]) return false;
  return true;
}

/** The connection that a segment is for. */
export function lookUp(layer: Layer, packet: Packet): Tcb | undefined {
  const { segment, last } = layer;
  if (last !== undefined && belongs(last, packet, segment)) return last;
  const size = packet.family === 4 ? 4 : 16;
  const ports = (segment.destinationPort << 16) | segment.sourcePort;
  const hash = hashOf(layer, packet.frame, packet.destinationAt, packet.frame, packet.sourceAt, size, ports);
  let tcb = layer.table.get(hash) ?? null;
  while (tcb !== null && !belongs(tcb, packet, segment)) tcb = tcb.chained;
  if (tcb === null) return undefined;
  layer.last = tcb;
  return tcb;
}

/** The connection of these ends. */
export function find(
  layer: Layer,
  local: Address,
  localPort: number,
  remote: Address,
  remotePort: number,
): Tcb | undefined {
  const hash = hashOf(layer, local, 0, remote, 0, local.length, (localPort << 16) | remotePort);
  let tcb = layer.table.get(hash) ?? null;
  while (tcb !== null && !isBetween(tcb, local, localPort, remote, remotePort)) tcb = tcb.chained;
  return tcb ?? undefined;
}

const isBetween = (
  tcb: Tcb,
  local: Address,
  localPort: number,
  remote: Address,
  remotePort: number,
): boolean =>
  tcb.localPort === localPort &&
  tcb.remotePort === remotePort &&
  equal(tcb.source, local) &&
  equal(tcb.destination, remote);

export function enter(layer: Layer, tcb: Tcb): void {
  tcb.chained = layer.table.get(tcb.hash) ?? null;
  layer.table.set(tcb.hash, tcb);
  layer.count++;
}

export function leave(layer: Layer, tcb: Tcb): void {
  const first = layer.table.get(tcb.hash);
  if (first === tcb) {
    if (tcb.chained === null) layer.table.delete(tcb.hash);
    else layer.table.set(tcb.hash, tcb.chained);
  } else {
    let before = first;
    while (before !== undefined && before.chained !== tcb) before = before.chained ?? undefined;
    if (before === undefined) return;
    before.chained = tcb.chained;
  }
  tcb.chained = null;
  layer.predictor?.forget(tcb);
  layer.count--;
  if (layer.last === tcb) layer.last = undefined;
}

const identity = (local: Address, localPort: number, remote: Address, remotePort: number): Uint8Array =>
  concat(local, remote, Uint8Array.of(localPort >> 8, localPort, remotePort >> 8, remotePort));

/**
 * The initial sequence number of a connection: a clock of 4 µs and a keyed function of its ends (RFC 6528, 3); and by the same the
 * start of its timestamps (RFC 7323, 7.1), so that both are later when the same ends meet again.
 */
export function initialNumbers(
  layer: Layer,
  local: Address,
  localPort: number,
  remote: Address,
  remotePort: number,
): readonly [sequence: number, timestamp: number] {
  const [low, high] = siphash(layer.secret, identity(local, localPort, remote, remotePort));
  return [(((layer.nic.now() * 250) % 0x100000000) + low) | 0, high];
}

/** Where the ports for a destination begin (RFC 6056, 3.3.4). */
export const portOffset = (layer: Layer, local: Address, remote: Address, remotePort: number): number =>
  siphash(layer.secret, identity(local, 0, remote, remotePort))[1] >>> 0;
