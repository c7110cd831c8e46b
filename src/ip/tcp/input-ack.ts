// The acknowledgement of a segment (RFC 9293, 3.10.7.4, fifth; RFC 5681; RFC 6298; RFC 7323, 4).
import { confirm } from "../neighbour.js";
import { advanced, duplicate } from "./congestion.js";
import { timestampNow } from "./emit.js";
import type { Layer } from "./layer.js";
import { tell, toClosed, toTimeWait, touch, unacknowledged } from "./lifecycle.js";
import { currentRto, measured } from "./rto.js";
import { takeSacks, trimSacks } from "./scoreboard.js";
import { flag } from "./segment.js";
import { release } from "./send-queue.js";
import { after, before, distance, later } from "./sequence.js";
import { event } from "./handlers.js";
import { finWait2Msecs, mode, state } from "./states.js";
import type { Tcb } from "./tcb.js";

/** Round trips that are no measure: the peer echoes nonsense. */
const rttMax = 600_000;

/** Takes the acknowledgement and the window of the layer's segment; it was checked. */
export function takeAck(layer: Layer, tcb: Tcb, now: number): void {
  const { segment } = layer;
  const { ack } = segment;
  const window = (segment.flags & flag.syn) !== 0 ? segment.window : segment.window << tcb.windowShift;
  const news = tcb.sack && segment.sackCount > 0 && takeSacks(tcb, segment);
  if (after(ack, tcb.una)) acknowledge(layer, tcb, ack, now);
  else if (
    ack === tcb.una &&
    tcb.max !== tcb.una &&
    !tcb.persisting &&
    isDuplicate(tcb, window, segment.length, segment.flags, news)
  ) {
    if (duplicate(tcb) || tcb.sack || tcb.mode !== mode.open) touch(layer, tcb);
  }
  updateWindow(layer, tcb, window, now);
  if (tcb.finQueued && after(tcb.una, tcb.sendEnd)) finAcknowledged(layer, tcb, now);
}

/** RFC 5681, 2; RFC 6675, 2: one that tells of data which the peer has out of order. */
const isDuplicate = (tcb: Tcb, window: number, length: number, flags: number, news: boolean): boolean =>
  tcb.sack ? news : length === 0 && (flags & (flag.syn | flag.fin)) === 0 && window === tcb.window;

function acknowledge(layer: Layer, tcb: Tcb, ack: number, now: number): void {
  const acked = distance(tcb.una, ack);
  measure(layer, tcb, ack, now);
  tcb.una = ack;
  tcb.next = later(tcb.next, ack);
  tcb.highRxt = later(tcb.highRxt, ack);
  tcb.lostEdge = later(tcb.lostEdge, ack);
  tcb.recover = later(tcb.recover, ack);
  release(tcb);
  trimSacks(tcb);
  tcb.backoff = 0;
  tcb.progressAt = now;
  tcb.unreachable = false;
  advanced(tcb, acked);
  // RFC 6298, 5.2 and 5.3.
  if (tcb.una === tcb.max) {
    tcb.retransmitAt = Infinity;
    tcb.persisting = false;
  } else if (!tcb.persisting) tcb.retransmitAt = now + currentRto(tcb);
  hears(layer, tcb, now);
  if (tcb.wantsRoom && unacknowledged(tcb) <= tcb.sendLimit >> 1) {
    tcb.wantsRoom = false;
    tell(layer, tcb, event.writable);
  } else touch(layer, tcb);
}

/** The next hop has passed on what was sent (RFC 4861, 7.3.1). */
function hears(layer: Layer, tcb: Tcb, now: number): void {
  if (tcb.hop === undefined) return;
  if (tcb.hop.state === "reachable") tcb.hop.confirmed = now;
  else confirm(layer.nic, tcb.hop);
}

/** RFC 7323, 4.1: by the echoed timestamp; without, the one segment that is timed (RFC 6298, 3). */
function measure(layer: Layer, tcb: Tcb, ack: number, now: number): void {
  const { segment } = layer;
  if (tcb.timestamps && segment.hasTimestamps) {
    const rtt = distance(segment.echo, timestampNow(layer, tcb));
    if (rtt >= 0 && rtt < rttMax) measured(tcb, rtt);
    tcb.timing = false;
  } else if (tcb.timing && !before(ack, tcb.timed)) {
    measured(tcb, now - tcb.timedAt);
    tcb.timing = false;
  }
}

/** 3.10.7.4: not from a segment that is older than the one that the window is from. */
function updateWindow(layer: Layer, tcb: Tcb, window: number, now: number): void {
  const { seq, ack } = layer.segment;
  if (before(ack, tcb.una)) return;
  if (after(tcb.wl1, seq) || (tcb.wl1 === seq && after(tcb.wl2, ack))) return;
  tcb.wl1 = seq;
  tcb.wl2 = ack;
  if (window > tcb.windowMax) tcb.windowMax = window;
  // 3.8.6.1, MUST-37: who answers probes is there.
  if (window === 0) {
    tcb.progressAt = now;
    hears(layer, tcb, now);
  }
  if (window !== tcb.window) touch(layer, tcb);
  tcb.window = window;
  if (window > 0 && tcb.persisting) {
    tcb.persisting = false;
    tcb.backoff = 0;
    tcb.retransmitAt = tcb.next === tcb.una ? Infinity : now + currentRto(tcb);
    touch(layer, tcb);
  }
}

/** 3.10.7.4, fifth, by state. */
function finAcknowledged(layer: Layer, tcb: Tcb, now: number): void {
  if (tcb.state === state.finWait1) {
    tcb.state = state.finWait2;
    if (tcb.deaf) tcb.idleAt = now + finWait2Msecs;
  } else if (tcb.state === state.closing) toTimeWait(layer, tcb);
  else if (tcb.state === state.lastAck) toClosed(layer, tcb);
}
