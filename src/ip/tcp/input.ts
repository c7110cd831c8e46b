// A segment arrives (RFC 9293, 3.10.7): which connection it is for, and the checks in the order of 3.10.7.4. Blind attacks
// are met as RFC 5961 has it, old duplicates by timestamps (RFC 7323, 5).
import { adds, addressSum } from "../checksum.js";
import { destinationOf, sourceOf, type Packet } from "../packet.js";
import { takeAck } from "./input-ack.js";
import { takeData } from "./input-data.js";
import { refuse } from "./emit.js";
import { lookUp, type Layer } from "./layer.js";
import { createTcb, takeSynOptions, tell, toClosed, toTimeWait, touch } from "./lifecycle.js";
import { sendSyn } from "./output.js";
import { flag, readSegment } from "./segment.js";
import { after, before, distance } from "./sequence.js";
import { event } from "./handlers.js";
import { state } from "./states.js";
import type { Tcb } from "./tcb.js";

/** RFC 5961, 7, for each connection, so that nobody learns of others' by it. */
const challenges = { count: 10, perMsecs: 1000 } as const;
/** RFC 7323, 5.5: an older timestamp says nothing. */
const tsLifetimeMsecs = 24 * 86_400_000;
/** How long a gateway may take to find out whether a destination answers. */
const offerMsecs = 180_000;
const protocolTcp = 6;

/** Takes a packet of TCP. */
export function receive(layer: Layer, packet: Packet): void {
  const { nic, segment } = layer;
  const { frame, at, end } = packet;
  if (!readSegment(segment, frame, at, end)) {
    nic.counters.dropped++;
    return;
  }
  const tcb = lookUp(layer, packet);
  const pseudo = tcb?.pseudo ?? pseudoOf(packet);
  // 3.1, MUST-3; RFC 1122, 4.2.3.10: nothing that came to a group.
  if (!adds(frame, at, end, pseudo + protocolTcp + end - at) || packet.group) {
    nic.counters.dropped++;
    return;
  }
  if (tcb === undefined) onNone(layer, packet);
  else {
    onConnection(layer, tcb, packet);
    layer.predictor?.learn(tcb);
  }
}

function pseudoOf({ frame, family, sourceAt, destinationAt }: Packet): number {
  const size = family === 4 ? 4 : 16;
  return addressSum(
    frame.subarray(sourceAt, sourceAt + size),
    frame.subarray(destinationAt, destinationAt + size),
  );
}

/** 3.10.7.1 and 3.10.7.2: CLOSED and LISTEN. */
function onNone(layer: Layer, packet: Packet): void {
  const { segment, nic } = layer;
  if ((segment.flags & flag.rst) !== 0) return;
  const isSyn = (segment.flags & (flag.syn | flag.ack | flag.fin)) === flag.syn;
  const local = { address: destinationOf(nic, packet), port: segment.destinationPort };
  const listener = isSyn ? layer.listenerFor(local.address, local.port) : undefined;
  if (!isSyn || segment.sourcePort === 0 || (listener === undefined && layer.offer === undefined)) {
    refuse(layer, packet);
    return;
  }
  if (listener !== undefined && listener.halfOpen.size >= layer.limits.halfOpen) {
    // RFC 4987, 3.3: the oldest gives way; who meant it asks again.
    const [oldest] = listener.halfOpen;
    if (oldest !== undefined) toClosed(layer, oldest, "timeout");
  }
  const remote = { address: sourceOf(packet), port: segment.sourcePort };
  const tcb = createTcb(layer, local, remote, listener === undefined ? state.offered : state.synReceived);
  if (tcb === undefined) {
    nic.counters.dropped++;
    return;
  }
  takeSynOptions(layer, tcb);
  if (listener !== undefined) {
    tcb.listener = listener;
    listener.halfOpen.add(tcb);
    touch(layer, tcb);
    return;
  }
  tcb.idleAt = nic.now() + offerMsecs;
  touch(layer, tcb);
  layer.offer?.(tcb);
}

function onConnection(layer: Layer, tcb: Tcb, packet: Packet): void {
  const now = layer.nic.now();
  tcb.heardAt = now;
  tcb.keepAliveProbes = 0;
  if (tcb.state >= state.established) onSynchronized(layer, tcb, packet, now);
  else if (tcb.state === state.synSent) onSynSent(layer, tcb, packet, now);
  else if (tcb.state === state.synReceived) onSynReceived(layer, tcb, packet, now);
  else onOffered(layer, tcb);
}

/** A SYN that has no answer yet: again, or taken back. */
function onOffered(layer: Layer, tcb: Tcb): void {
  const { segment } = layer;
  if ((segment.flags & flag.rst) !== 0 && segment.seq === tcb.rcvNext) toClosed(layer, tcb, "reset");
}

/** 3.10.7.3. */
function onSynSent(layer: Layer, tcb: Tcb, packet: Packet, now: number): void {
  const { segment } = layer;
  const isAck = (segment.flags & flag.ack) !== 0;
  if (isAck && segment.ack !== tcb.max) {
    refuse(layer, packet);
    return;
  }
  if ((segment.flags & flag.rst) !== 0) {
    if (isAck) toClosed(layer, tcb, "refused");
    return;
  }
  if ((segment.flags & flag.syn) === 0) return;
  takeSynOptions(layer, tcb);
  if (!isAck) {
    // Both began at the same time (3.5, figure 8): the SYN goes again, with an acknowledgement.
    tcb.state = state.synReceived;
    sendSyn(layer, tcb);
    touch(layer, tcb);
    return;
  }
  establish(tcb, now);
  tcb.ackNow = true;
  takeAck(layer, tcb, now);
  tell(layer, tcb, event.opened);
  takeData(layer, tcb, (segment.seq + 1) | 0, now);
}

function establish(tcb: Tcb, now: number): void {
  tcb.state = state.established;
  tcb.idleAt = tcb.keepAlive > 0 ? now + tcb.keepAlive : Infinity;
}

function onSynReceived(layer: Layer, tcb: Tcb, packet: Packet, now: number): void {
  const { segment } = layer;
  if (
    (segment.flags & (flag.syn | flag.ack | flag.rst)) === flag.syn &&
    ((segment.seq + 1) | 0) === tcb.rcvNext
  ) {
    // Its SYN again: the answer was lost.
    sendSyn(layer, tcb);
    touch(layer, tcb);
    return;
  }
  const both = flag.syn | flag.ack;
  const simultaneous =
    (segment.flags & (both | flag.rst)) === both && ((segment.seq + 1) | 0) === tcb.rcvNext;
  if (!simultaneous && !isAcceptable(layer, tcb, now)) return;
  if ((segment.flags & flag.rst) !== 0) {
    if (segment.seq === tcb.rcvNext) toClosed(layer, tcb, tcb.passive ? "reset" : "refused");
    else challenge(layer, tcb, now);
    return;
  }
  if ((segment.flags & flag.syn) !== 0 && !simultaneous) {
    // 3.10.7.4, fourth: back to LISTEN, from where it may begin anew.
    if (tcb.passive) toClosed(layer, tcb, "reset");
    else challenge(layer, tcb, now);
    return;
  }
  if ((segment.flags & flag.ack) === 0) return;
  if (segment.ack !== tcb.max) {
    refuse(layer, packet);
    return;
  }
  establish(tcb, now);
  tcb.window = tcb.windowMax = segment.window << tcb.windowShift;
  tcb.wl1 = segment.seq;
  tcb.wl2 = segment.ack;
  const { listener } = tcb;
  takeAck(layer, tcb, now);
  tell(layer, tcb, event.opened);
  if (listener !== undefined) {
    listener.halfOpen.delete(tcb);
    tcb.listener = undefined;
    listener.accept(tcb);
  }
  takeData(layer, tcb, simultaneous ? (segment.seq + 1) | 0 : segment.seq, now);
}

/** 3.10.7.4. */
function onSynchronized(layer: Layer, tcb: Tcb, packet: Packet, now: number): void {
  const { segment } = layer;
  if (tcb.state === state.timeWait && revives(layer, tcb, packet)) return;
  if (!isAcceptable(layer, tcb, now)) {
    // Its FIN again: our acknowledgement was lost, and the wait starts anew.
    if (tcb.state === state.timeWait && (segment.flags & (flag.fin | flag.rst)) === flag.fin)
      toTimeWait(layer, tcb);
    return;
  }
  if ((segment.flags & flag.rst) !== 0) {
    // RFC 5961, 3.2: exactly the next, or it is asked whether it was meant.
    if (segment.seq === tcb.rcvNext) toClosed(layer, tcb, tcb.state === state.timeWait ? undefined : "reset");
    else challenge(layer, tcb, now);
    return;
  }
  if ((segment.flags & flag.syn) !== 0) {
    // RFC 5961, 4.2.
    challenge(layer, tcb, now);
    return;
  }
  // RFC 7323, 3.2: once negotiated they are in every segment.
  if ((segment.flags & flag.ack) === 0 || (tcb.timestamps && !segment.hasTimestamps)) return;
  // RFC 5961, 5.2: neither of what was never sent, nor from long ago.
  if (after(segment.ack, tcb.max) || before(segment.ack, (tcb.una - tcb.windowMax) | 0)) {
    challenge(layer, tcb, now);
    return;
  }
  if (segment.hasTimestamps && !after(segment.seq, tcb.ackSent) && !before(segment.timestamp, tcb.tsRecent)) {
    // RFC 7323, 4.3.
    tcb.tsRecent = segment.timestamp;
    tcb.tsRecentAt = now;
  }
  takeAck(layer, tcb, now);
  if ((tcb.state as number) !== state.closed) takeData(layer, tcb, segment.seq, now);
}

/** 3.10.7.4, first: in the window; before that, not an old duplicate (RFC 7323, 5.3). Answers what is not. */
function isAcceptable(layer: Layer, tcb: Tcb, now: number): boolean {
  const { segment } = layer;
  const { seq, flags } = segment;
  const isReset = (flags & flag.rst) !== 0;
  if (tcb.timestamps && segment.hasTimestamps && !isReset && before(segment.timestamp, tcb.tsRecent)) {
    if (now - tcb.tsRecentAt < tsLifetimeMsecs) {
      answer(layer, tcb, now);
      return false;
    }
  }
  const length = segment.length + (flags & flag.syn ? 1 : 0) + (flags & flag.fin ? 1 : 0);
  const offset = distance(tcb.rcvNext, seq);
  const window = Math.max(0, distance(tcb.rcvNext, tcb.rcvEdge));
  const beginsInside = offset >= 0 && (offset < window || offset === 0);
  const endsInside = length > 0 && offset < 0 && offset + length > 0;
  // With the window shut, what begins at it is still heard for its acknowledgement. Its data is cut off later.
  if (beginsInside || endsInside) return true;
  // An acknowledgement that stands at the window's edge is that of a peer who has filled it.
  if (length === 0 && offset === window && !isReset) return true;
  if (!isReset) answer(layer, tcb, now);
  return false;
}

/** Says what is expected. What has neither data nor FIN is answered with restraint, or two ends that disagree never stop. */
function answer(layer: Layer, tcb: Tcb, now: number): void {
  if (layer.segment.length === 0 && (layer.segment.flags & flag.fin) === 0) challenge(layer, tcb, now);
  else {
    tcb.ackNow = true;
    touch(layer, tcb);
  }
}

function challenge(layer: Layer, tcb: Tcb, now: number): void {
  if (now - tcb.challengesFrom > challenges.perMsecs) {
    tcb.challenges = 0;
    tcb.challengesFrom = now;
  }
  if (tcb.challenges++ >= challenges.count) return;
  tcb.ackNow = true;
  touch(layer, tcb);
}

/** RFC 9293, 3.10.7.4, MAY-2; RFC 6191: a new connection in place of one in TIME-WAIT, where it is later beyond doubt. */
function revives(layer: Layer, tcb: Tcb, packet: Packet): boolean {
  const { segment } = layer;
  if ((segment.flags & (flag.syn | flag.ack | flag.rst)) !== flag.syn) return false;
  const later =
    segment.hasTimestamps && tcb.timestamps
      ? after(segment.timestamp, tcb.tsRecent)
      : after(segment.seq, tcb.rcvNext);
  if (!later && !after(segment.seq, tcb.rcvNext)) return false;
  toClosed(layer, tcb);
  onNone(layer, packet);
  return true;
}
