// How connections begin and end: making a control block, TIME-WAIT, and closing (RFC 9293, 3.6 and 3.10).
import { familyOf, keyOf } from "../address.js";
import type { Endpoint } from "../udp.js";
import { startCongestion } from "./congestion.js";
import { emitReset, pathMss, timestampSize } from "./emit.js";
import { enter, hashOf, initialNumbers, leave, type Layer } from "./layer.js";
import { clear } from "./send-queue.js";
import { distance } from "./sequence.js";
import { event, type TcpError } from "./handlers.js";
import { state, type State } from "./states.js";
import { defaultMss, Tcb } from "./tcb.js";

export interface TcbOptions {
  readonly noDelay?: boolean;
  readonly receiveBuffer?: number;
  readonly sendBuffer?: number;
  /** Milliseconds of silence after which the peer is asked whether it lives; 0: never (RFC 9293, 3.8.4). */
  readonly keepAliveMsecs?: number;
  readonly userTimeoutMsecs?: number;
  /** IP's fields of what is sent (RFC 9293, 3.9.2, MUST-48 and MUST-49): TTL or hop limit, and DSCP with ECN. */
  readonly hopLimit?: number;
  readonly trafficClass?: number;
}

/** A connection in the table, in a state to be. Undefined where the stack has as many as it may. */
export function createTcb(
  layer: Layer,
  local: Endpoint,
  remote: Endpoint,
  initial: State,
  options: TcbOptions = {},
): Tcb | undefined {
  const { limits } = layer;
  if (layer.count >= limits.connections) {
    // The oldest in TIME-WAIT has waited longest.
    const [oldest] = layer.timeWaits;
    if (oldest === undefined) return undefined;
    toClosed(layer, oldest);
  }
  const { address: source, port: localPort } = local;
  const { address: destination, port: remotePort } = remote;
  const [iss, tsOffset] = initialNumbers(layer, source, localPort, destination, remotePort);
  const tcb = new Tcb({
    state: initial,
    local,
    remote,
    hash: hashOf(layer, source, 0, destination, 0, source.length, (localPort << 16) | remotePort),
    iss,
    tsOffset,
    now: layer.nic.now(),
    rcvMss: pathMss(layer, { family: familyOf(source) }),
    rcvLimit: options.receiveBuffer ?? limits.receiveBuffer,
    sendLimit: limits.sendBuffer,
    userTimeout: limits.userTimeoutMsecs,
    sack: limits.sack,
    timestamps: limits.timestamps,
    onTimer: layer.onTimer,
  });
  tcb.hopLimit = options.hopLimit;
  tcb.trafficClass = options.trafficClass;
  useOptions(tcb, options);
  enter(layer, tcb);
  return tcb;
}

/** What may still be chosen where the other end began. */
export function useOptions(tcb: Tcb, options: TcbOptions): void {
  tcb.noDelay = options.noDelay ?? false;
  tcb.keepAlive = options.keepAliveMsecs ?? 0;
  if (options.userTimeoutMsecs !== undefined) tcb.userTimeout = options.userTimeoutMsecs;
  if (options.sendBuffer !== undefined) tcb.sendLimit = options.sendBuffer;
}

/** What the peer's SYN says of it (RFC 9293, 3.7.1; RFC 7323, 2.2 and 3.2; RFC 2018, 2). */
export function takeSynOptions(layer: Layer, tcb: Tcb): void {
  const { segment } = layer;
  const now = layer.nic.now();
  tcb.scaling = segment.windowScale >= 0;
  tcb.windowShift = Math.max(0, segment.windowScale);
  if (!tcb.scaling) {
    tcb.rcvShift = 0;
    tcb.rcvLimit = Math.min(tcb.rcvLimit, 0xffff);
  }
  tcb.sack = segment.sackPermitted && layer.limits.sack;
  tcb.timestamps = segment.hasTimestamps && layer.limits.timestamps;
  tcb.tsRecent = segment.timestamp;
  tcb.tsRecentAt = now;
  tcb.rcvNext = (segment.seq + 1) | 0;
  tcb.rcvEdge = tcb.rcvNext;
  tcb.ackSent = tcb.rcvNext;
  tcb.window = tcb.windowMax = segment.window;
  tcb.wl1 = segment.seq;
  tcb.wl2 = segment.ack;
  // A peer that claims to take less than any link carries would have us send headers only.
  const offered = segment.mss === 0 ? defaultMss[tcb.family] : Math.max(segment.mss, 64);
  const known = layer.pathMtus.get(keyOf(tcb.destination));
  const path = pathMss(layer, tcb, known !== undefined && known.until > now ? known.mtu : undefined);
  tcb.mss = Math.min(offered, path) - (tcb.timestamps ? timestampSize : 0);
  startCongestion(tcb);
}

/** Marks the connection as having something to send or to tell. */
export function touch(layer: Layer, tcb: Tcb): void {
  if (tcb.dirty) return;
  tcb.dirty = true;
  layer.dirty.push(tcb);
}

/** Tells the user when the current call is done. */
export function tell(layer: Layer, tcb: Tcb, what: number): void {
  tcb.events |= what;
  touch(layer, tcb);
}

/** RFC 9293, 3.6.1: what comes late is still answered for twice the maximum segment lifetime. */
export function toTimeWait(layer: Layer, tcb: Tcb): void {
  const first = tcb.state !== state.timeWait;
  tcb.state = state.timeWait;
  clear(tcb);
  tcb.retransmitAt = Infinity;
  layer.timeWaits.delete(tcb);
  layer.timeWaits.add(tcb);
  tcb.idleAt = layer.nic.now() + layer.limits.timeWaitMsecs;
  if (first) tell(layer, tcb, event.closed);
  else touch(layer, tcb);
}

/** Forgets the connection. */
export function toClosed(layer: Layer, tcb: Tcb, error?: TcpError): void {
  if (tcb.state === state.closed) return;
  const wasTold = tcb.state === state.timeWait;
  tcb.state = state.closed;
  tcb.error = error;
  leave(layer, tcb);
  layer.nic.timers.remove(tcb.timer);
  layer.blocked.delete(tcb);
  layer.timeWaits.delete(tcb);
  tcb.listener?.halfOpen.delete(tcb);
  clear(tcb);
  tcb.islands = null;
  if (error !== undefined) {
    tcb.received.length = 0;
    tcb.receivedBytes = 0;
    tcb.tailUsed = -1;
  }
  if (!wasTold) tell(layer, tcb, event.closed);
}

/** Ends it at once, and says so to the peer (3.10.5). */
export function abort(layer: Layer, tcb: Tcb, error: TcpError): void {
  emitReset(layer, tcb);
  toClosed(layer, tcb, error);
}

/** Bytes that wait to be acknowledged. */
export const unacknowledged = (tcb: Tcb): number => Math.max(0, distance(tcb.una, tcb.sendEnd));
