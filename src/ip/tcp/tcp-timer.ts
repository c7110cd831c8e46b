// What a connection does when time has passed: retransmission (RFC 6298, 5), probes of a zero window (RFC 9293, 3.8.6.1),
// delayed acknowledgements (3.8.6.3), keep-alive (3.8.4), TIME-WAIT.
import { timedOut } from "./congestion.js";
import { emit, emitAck } from "./emit.js";
import { abort, toClosed, touch } from "./lifecycle.js";
import type { Layer } from "./layer.js";
import { isOpening, output, probe, schedule, sendSyn } from "./output.js";
import { currentRto } from "./rto.js";
import { flag } from "./segment.js";
import { isSynchronized, state } from "./states.js";
import type { Tcb } from "./tcb.js";

/** RFC 9293, 3.8.3, MUST-23: a SYN is tried for three minutes at least. */
const synMsecs = 180_000;
/** An answer to a SYN is not waited for so long: who meant it asks again. */
const synReceivedMsecs = 60_000;
/** Retransmissions of one segment: R1. */
const negativeAdvice = 3;
/** RFC 9293, 3.8.4: as most do. */
const keepAlive = { intervalMsecs: 75_000, probes: 9 } as const;

export function onTimer(layer: Layer, tcb: Tcb): void {
  const now = layer.nic.now();
  if (tcb.ackAt <= now) {
    tcb.ackAt = Infinity;
    tcb.ackNow = true;
    touch(layer, tcb);
  }
  if (tcb.idleAt <= now) onIdle(layer, tcb, now);
  if (tcb.state !== state.closed && tcb.retransmitAt <= now) onRetransmit(layer, tcb, now);
  if (tcb.state !== state.closed) schedule(layer, tcb);
}

function onRetransmit(layer: Layer, tcb: Tcb, now: number): void {
  if (layer.blocked.has(tcb)) {
    // Nothing was lost that has not been sent.
    tcb.retransmitAt = now + currentRto(tcb);
    return;
  }
  const silent = now - tcb.progressAt;
  if (isOpening(tcb)) {
    const asked = tcb.userTimeout === layer.limits.userTimeoutMsecs ? synMsecs : tcb.userTimeout;
    if (silent >= (tcb.state === state.synSent ? asked : synReceivedMsecs)) {
      toClosed(layer, tcb, tcb.unreachable ? "unreachable" : "timeout");
      return;
    }
    tcb.backoff++;
    if (!sendSyn(layer, tcb)) layer.blocked.add(tcb);
    return;
  }
  if (silent >= tcb.userTimeout) {
    abort(layer, tcb, tcb.unreachable ? "unreachable" : "timeout");
    return;
  }
  if (tcb.persisting) {
    probe(layer, tcb, now);
    return;
  }
  if (tcb.max === tcb.una) {
    tcb.retransmitAt = Infinity;
    return;
  }
  // 3.8.3, MUST-20: at R1 the neighbour is doubted.
  if (tcb.backoff >= negativeAdvice && tcb.hop?.state === "reachable") tcb.hop.state = "stale";
  // RFC 6298, 5.4 to 5.6.
  tcb.backoff++;
  tcb.next = tcb.max;
  timedOut(tcb);
  tcb.retransmitAt = now + currentRto(tcb);
  output(layer, tcb);
}

function onIdle(layer: Layer, tcb: Tcb, now: number): void {
  tcb.idleAt = Infinity;
  if (tcb.state === state.timeWait) toClosed(layer, tcb);
  else if (tcb.state === state.offered) toClosed(layer, tcb, "timeout");
  else if (tcb.state === state.finWait2 && tcb.deaf) toClosed(layer, tcb);
  else if (tcb.keepAlive > 0 && isSynchronized(tcb)) {
    const due = tcb.heardAt + tcb.keepAlive;
    if (now < due) tcb.idleAt = due;
    else if (tcb.keepAliveProbes >= keepAlive.probes) abort(layer, tcb, "timeout");
    else {
      tcb.keepAliveProbes++;
      tcb.idleAt = now + Math.min(keepAlive.intervalMsecs, tcb.keepAlive);
      // What the peer has acknowledged already has to be acknowledged again.
      if (tcb.max === tcb.una) emit(layer, tcb, flag.ack, (tcb.una - 1) | 0, 0);
      else emitAck(layer, tcb);
    }
  }
}
