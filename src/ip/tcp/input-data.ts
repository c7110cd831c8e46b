// The data and the FIN of a segment (RFC 9293, 3.10.7.4, seventh and eighth; 3.8.6.3 and RFC 5681, 4.2 for when they are
// acknowledged). Urgent data is in line, as RFC 6093 has it.
import { abort, tell, toTimeWait, touch } from "./lifecycle.js";
import type { Layer } from "./layer.js";
import { collect, insert, push } from "./receive-queue.js";
import { flag } from "./segment.js";
import { after, before, distance } from "./sequence.js";
import { event } from "./handlers.js";
import { mayReceive, state } from "./states.js";
import type { Tcb } from "./tcb.js";

/** RFC 9293, 3.8.6.3, MUST-40: less than half a second. */
const delayedAckMsecs = 40;

/** Takes what the layer's segment holds from `seq` on. */
export function takeData(layer: Layer, tcb: Tcb, seq: number, now: number): void {
  const { segment } = layer;
  const { length } = segment;
  const fin = (segment.flags & flag.fin) !== 0;
  if ((segment.flags & flag.urg) !== 0) takeUrgent(layer, tcb, (seq + segment.urgent) | 0);
  if (length === 0 && !fin) return;
  const end = (seq + length) | 0;
  if (!mayReceive(tcb)) {
    // A FIN or data once more: the acknowledgement was lost (TIME-WAIT starts anew).
    tcb.ackNow = true;
    if (tcb.state === state.timeWait) toTimeWait(layer, tcb);
    touch(layer, tcb);
    return;
  }
  if (tcb.deaf && after(end, tcb.rcvNext)) {
    // RFC 1122, 4.2.2.13: data that nobody will read is not taken in silence.
    abort(layer, tcb, "aborted");
    return;
  }
  if (fin && !after(end, tcb.rcvEdge)) {
    tcb.finKnown = true;
    tcb.finAt = end;
  }
  const from = Math.max(0, distance(seq, tcb.rcvNext));
  const to = Math.min(length, distance(seq, tcb.rcvEdge));
  if (to > from) accept(layer, tcb, (seq + from) | 0, from, to, now);
  // Nothing new, or more than the window has room for.
  else if (length > 0) tcb.ackNow = true;
  if (to < length) tcb.ackNow = true;
  if (tcb.finKnown && !tcb.finReceived && tcb.finAt === tcb.rcvNext) takeFin(layer, tcb);
  else if (fin) tcb.ackNow = true;
  touch(layer, tcb);
}

function accept(layer: Layer, tcb: Tcb, seq: number, from: number, to: number, now: number): void {
  const { frame, at } = layer.segment;
  const data = frame.subarray(at + from, at + to);
  if (seq !== tcb.rcvNext) {
    insert(tcb, seq, data);
    // RFC 5681, 4.2: at once, so that the sender learns of the gap.
    tcb.ackNow = true;
  } else takeNext(layer, tcb, data, false, now);
}

/** Takes data that is next in order; `isOwn` where its bytes are in no frame. */
export function takeNext(layer: Layer, tcb: Tcb, data: Uint8Array, isOwn: boolean, now: number): void {
  push(tcb, data, isOwn);
  if (data.length > tcb.rcvLargest) tcb.rcvLargest = data.length;
  if (tcb.islands !== null) {
    collect(tcb);
    tcb.ackNow = true;
  }
  if (tcb.quickAcks > 0) {
    // A sender that starts slowly grows by what is acknowledged.
    tcb.quickAcks--;
    tcb.ackNow = true;
  } else if (distance(tcb.ackSent, tcb.rcvNext) >= 2 * tcb.rcvLargest) tcb.ackNow = true;
  else if (tcb.ackAt === Infinity) tcb.ackAt = now + delayedAckMsecs;
  tell(layer, tcb, event.readable);
}

/** 3.8.5: the pointer is behind the urgent data (MUST-62); the user hears of it when it advances (MUST-32). */
function takeUrgent(layer: Layer, tcb: Tcb, edge: number): void {
  if (!mayReceive(tcb) || !after(edge, tcb.rcvNext) || (tcb.urgent && !after(edge, tcb.urgentEdge))) return;
  tcb.urgent = true;
  tcb.urgentEdge = edge;
  tell(layer, tcb, event.urgent);
}

function takeFin(layer: Layer, tcb: Tcb): void {
  tcb.finReceived = true;
  tcb.rcvNext = (tcb.rcvNext + 1) | 0;
  if (before(tcb.rcvEdge, tcb.rcvNext)) tcb.rcvEdge = tcb.rcvNext;
  tcb.ackNow = true;
  tell(layer, tcb, event.readable);
  if (tcb.state === state.established) tcb.state = state.closeWait;
  else if (tcb.state === state.finWait1) tcb.state = state.closing;
  else toTimeWait(layer, tcb);
}
