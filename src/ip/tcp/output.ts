// What a connection has to send now: lost segments first, then new data as far as the peer's and the network's windows let it,
// then an acknowledgement (RFC 9293, 3.8.6 and 3.10.8; RFC 6675, 5; RFC 1122, 4.2.3.4 for Nagle).
import { emit, emitAck, optionSize, timestampSize, windowHasOpened } from "./emit.js";
import { initialWindow } from "./congestion.js";
import { flag } from "./segment.js";
import type { Layer } from "./layer.js";
import { currentRto } from "./rto.js";
import { holeEnd, nextHole, updatePipe } from "./scoreboard.js";
import { after, before, distance, later } from "./sequence.js";
import { maySend, mode, state } from "./states.js";
import type { Tcb } from "./tcb.js";

/** RFC 1122, 4.2.3.4: how long data waits for a larger window; the zero window's probes start there too. */
const overrideMsecs = 500;

/** Sends all that may be sent. */
export function output(layer: Layer, tcb: Tcb): void {
  if (tcb.state === state.closed) return;
  if (isOpening(tcb) && tcb.max === tcb.una && !sendSyn(layer, tcb)) {
    layer.blocked.add(tcb);
    return;
  }
  if (maySend(tcb) && !pump(layer, tcb)) {
    layer.blocked.add(tcb);
    return;
  }
  if (tcb.state >= state.established && (tcb.ackNow || windowHasOpened(tcb)) && !emitAck(layer, tcb))
    layer.blocked.add(tcb);
  schedule(layer, tcb);
}

export const isOpening = (tcb: Tcb): boolean =>
  tcb.state === state.synSent || tcb.state === state.synReceived;

/** Sends the SYN, the first time or again (3.10.1, 3.10.7.2). */
export function sendSyn(layer: Layer, tcb: Tcb): boolean {
  const now = layer.nic.now();
  const iss = tcb.una;
  if (!emit(layer, tcb, flag.syn | (tcb.state === state.synReceived ? flag.ack : 0), iss, 0)) return false;
  if (tcb.max === iss) {
    tcb.max = tcb.next = (iss + 1) | 0;
    tcb.progressAt = now;
    tcb.timing = true;
    tcb.timed = tcb.max;
    tcb.timedAt = now;
  } else tcb.timing = false;
  tcb.retransmitAt = now + currentRto(tcb);
  return true;
}

/** False where the link took no more. */
function pump(layer: Layer, tcb: Tcb): boolean {
  if (tcb.next === tcb.max && tcb.max === end(tcb) && tcb.mode === mode.open) return true;
  const now = layer.nic.now();
  // RFC 5681, 4.1: after a silence the network is not what it was.
  if (tcb.max === tcb.una && now - tcb.lastSentAt > tcb.rto)
    tcb.cwnd = Math.min(tcb.cwnd, initialWindow(tcb.mss));
  const size = segmentRoom(tcb);
  if (tcb.mode === mode.open) tcb.pipe = distance(tcb.una, tcb.max) - tcb.sackedBytes;
  else updatePipe(tcb);
  for (;;) {
    const sent = tcb.mode !== mode.open && resend(layer, tcb, size);
    if (sent === "full") return false;
    if (sent === true) continue;
    const news = sendNew(layer, tcb, size, now);
    if (news === "full") return false;
    // Mostly there is nothing behind it.
    if (!news || (tcb.next === end(tcb) && tcb.mode === mode.open)) return true;
  }
}

/** Bytes of data beside the options that a segment now has. */
const segmentRoom = (tcb: Tcb): number => tcb.mss - (optionSize(tcb) - (tcb.timestamps ? timestampSize : 0));

/** Behind everything that is to be sent, FIN included. */
const end = (tcb: Tcb): number => (tcb.sendEnd + (tcb.finQueued ? 1 : 0)) | 0;

/** RFC 6675, 4, NextSeg, 1. */
function resend(layer: Layer, tcb: Tcb, size: number): boolean | "full" {
  const seq = nextHole(tcb, later(tcb.highRxt, tcb.una));
  if (!before(seq, tcb.lostEdge)) return false;
  const isFirst = seq === tcb.una && tcb.highRxt === tcb.una;
  const length = Math.min(distance(seq, holeEnd(tcb, seq)), size);
  // The first of a recovery goes in any case (RFC 6675, 5, 4.3).
  if (!isFirst && tcb.pipe + length > tcb.cwnd) return false;
  if (!sendAgain(layer, tcb, seq, length)) return "full";
  tcb.highRxt = (seq + length) | 0;
  tcb.pipe += length;
  return true;
}

/** Sends what was sent before, from `seq` on; a FIN in it counts as one. */
function sendAgain(layer: Layer, tcb: Tcb, seq: number, length: number): boolean {
  const data = Math.min(length, distance(seq, tcb.sendEnd));
  const fin = data < length && tcb.finQueued ? flag.fin : 0;
  if (!emit(layer, tcb, flag.ack | fin | (seq + data === tcb.sendEnd ? flag.psh : 0), seq, Math.max(0, data)))
    return false;
  layer.nic.counters.segmentsResent++;
  // RFC 6298, 3 (Karn): what was sent twice measures nothing.
  tcb.timing = false;
  sentNow(layer, tcb);
  return true;
}

function sendNew(layer: Layer, tcb: Tcb, size: number, now: number): boolean | "full" {
  const seq = tcb.next;
  const available = distance(seq, tcb.sendEnd);
  const finDue = tcb.finQueued && !after(seq, tcb.sendEnd);
  if (available <= 0 && !finDue) return false;
  const usable = distance(seq, (tcb.una + tcb.window) | 0);
  const length = Math.max(0, Math.min(available, size, usable));
  const fin = finDue && length === available && usable > length;
  const total = length + (fin ? 1 : 0);
  if (total === 0) return waitForWindow(tcb, now);
  const resends = before(seq, tcb.max);
  if (!resends && tcb.pipe + length > tcb.cwnd && tcb.pipe > 0) return false;
  if (length < size && !fin) {
    // 3.8.6.2.1: a segment is full, or all there is (and Nagle lets it), or half of the largest window.
    const all = length === available && (tcb.noDelay || seq === tcb.una);
    if (!all && length < tcb.windowMax >> 1) return seq === tcb.una ? waitForWindow(tcb, now) : false;
  }
  const psh = length > 0 && length === available ? flag.psh : 0;
  if (!emit(layer, tcb, flag.ack | psh | (fin ? flag.fin : 0), seq, length)) return "full";
  tcb.next = (seq + total) | 0;
  if (after(tcb.next, tcb.max)) {
    if (tcb.max === tcb.una) tcb.progressAt = now;
    if (!tcb.timing && !tcb.timestamps) {
      tcb.timing = true;
      tcb.timed = tcb.next;
      tcb.timedAt = now;
    }
    tcb.max = tcb.next;
  }
  tcb.pipe += total;
  sentNow(layer, tcb);
  if (fin) finSent(tcb);
  return true;
}

/** 3.10.4: the state moves when the FIN goes. */
export function finSent(tcb: Tcb): void {
  if (tcb.state === state.established) tcb.state = state.finWait1;
  else if (tcb.state === state.closeWait) tcb.state = state.lastAck;
}

function sentNow(layer: Layer, tcb: Tcb): void {
  const now = layer.nic.now();
  tcb.lastSentAt = now;
  if (tcb.retransmitAt === Infinity || tcb.persisting) {
    tcb.persisting = false;
    tcb.retransmitAt = now + currentRto(tcb);
  }
}

/** Nothing is under way and the window lets nothing out: probes will ask for it (3.8.6.1). */
function waitForWindow(tcb: Tcb, now: number): false {
  if (tcb.next !== tcb.una && tcb.window > 0) return false;
  if (tcb.retransmitAt === Infinity) {
    tcb.persisting = true;
    tcb.backoff = 0;
    tcb.progressAt = now;
    tcb.retransmitAt = now + Math.max(tcb.rto, overrideMsecs);
  }
  return false;
}

/** A byte into a window that is shut or too small; it goes again with what follows when the window opens (3.8.6.1, MUST-35). */
export function probe(layer: Layer, tcb: Tcb, now: number): void {
  const seq = tcb.una;
  const available = Math.min(distance(seq, tcb.sendEnd), Math.max(1, Math.min(tcb.window, segmentRoom(tcb))));
  const fin = available <= 0 && tcb.finQueued;
  if (emit(layer, tcb, flag.ack | (fin ? flag.fin : 0), seq, Math.max(0, available))) {
    const sent = (seq + Math.max(0, available) + (fin ? 1 : 0)) | 0;
    tcb.max = later(tcb.max, sent);
    // Into a shut window nothing counts as sent.
    tcb.next = tcb.window > 0 ? sent : seq;
    if (fin) finSent(tcb);
  }
  tcb.timing = false;
  tcb.backoff++;
  tcb.retransmitAt = now + Math.max(currentRto(tcb), overrideMsecs);
}

/** Sets the connection's timer to the first of its deadlines. */
export function schedule(layer: Layer, tcb: Tcb): void {
  // What is under way is never without a timer, whatever else went on (RFC 6298, 5.1).
  if (tcb.retransmitAt === Infinity && tcb.max !== tcb.una && tcb.state !== state.timeWait)
    tcb.retransmitAt = layer.nic.now() + currentRto(tcb);
  const at = Math.min(tcb.retransmitAt, tcb.ackAt, tcb.idleAt);
  if (tcb.timer.at !== at) layer.nic.timers.set(tcb.timer, at);
}
