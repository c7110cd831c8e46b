// Congestion control (RFC 5681), with recovery by SACK (RFC 6675), or by NewReno where the peer has none (RFC 6582). In bytes.
import { clearSacks, sackLossEdge, updatePipe } from "./scoreboard.js";
import { after, before, distance, earlier, later } from "./sequence.js";
import { mode } from "./states.js";
import type { Tcb } from "./tcb.js";

/** More than any path here has. */
const cwndMax = 1 << 24;

/** RFC 6928, 2. */
export const initialWindow = (mss: number): number => Math.min(10 * mss, Math.max(2 * mss, 14_600));

export function startCongestion(tcb: Tcb): void {
  tcb.cwnd = initialWindow(tcb.mss);
  tcb.ssthresh = cwndMax;
}

/** RFC 5681, 4: half of what is under way. */
const half = (tcb: Tcb): number => Math.max(distance(tcb.una, tcb.max) >> 1, 2 * tcb.mss);

/** `acked` new bytes were acknowledged while nothing was lost, or after a timeout. */
export function grow(tcb: Tcb, acked: number): void {
  // A window that was not used says nothing of the path (RFC 7661, 4.1).
  if (tcb.mode === mode.open && distance(tcb.una, tcb.max) + acked < tcb.cwnd - tcb.mss) return;
  if (tcb.cwnd < tcb.ssthresh) {
    // RFC 3465, 2.2: bytes are counted, and two segments' at most for one acknowledgement.
    tcb.cwnd += Math.min(acked, (tcb.mode === mode.loss ? 1 : 2) * tcb.mss);
  } else {
    tcb.bytesAcked += acked;
    if (tcb.bytesAcked >= tcb.cwnd) {
      tcb.bytesAcked -= tcb.cwnd;
      tcb.cwnd += tcb.mss;
    }
  }
  tcb.cwnd = Math.min(tcb.cwnd, cwndMax);
}

/** A duplicate acknowledgement (RFC 5681, 2), or one with news by SACK. True: fast recovery begins, the first loss is to be sent now. */
export function duplicate(tcb: Tcb): boolean {
  tcb.duplicates++;
  if (!tcb.sack && tcb.mode === mode.recovery) tcb.sackedBytes = Math.min(tcb.sackedBytes + tcb.mss, distance(tcb.una, tcb.max)); // prettier-ignore
  if (tcb.mode === mode.open) {
    const lossEdge = tcb.sack ? sackLossEdge(tcb) : tcb.una;
    // RFC 6582, 3.2, 1: not once more for what was under way at the last timeout.
    const begins = after(lossEdge, tcb.una) || tcb.duplicates >= 3;
    if (!begins) return false;
    tcb.mode = mode.recovery;
    tcb.recover = tcb.max;
    tcb.ssthresh = half(tcb);
    tcb.cwnd = tcb.ssthresh;
    tcb.bytesAcked = 0;
    tcb.highRxt = tcb.una;
    if (!tcb.sack) tcb.sackedBytes = Math.min(tcb.duplicates * tcb.mss, distance(tcb.una, tcb.max));
    setLossEdge(tcb, true);
    return true;
  }
  if (tcb.mode === mode.recovery)
    tcb.lostEdge = later(tcb.lostEdge, tcb.sack ? sackLossEdge(tcb) : tcb.lostEdge);
  return false;
}

/** With SACK what three segments have overtaken; without it the first segment, as it is in any case when recovery begins. */
function setLossEdge(tcb: Tcb, begins: boolean): void {
  const first = earlier((tcb.una + tcb.mss) | 0, tcb.recover);
  const edge = tcb.sack ? sackLossEdge(tcb) : first;
  tcb.lostEdge = begins ? later(edge, first) : edge;
}

/** `una` has advanced by `acked`. */
export function advanced(tcb: Tcb, acked: number): void {
  tcb.duplicates = 0;
  if (tcb.mode === mode.open) {
    grow(tcb, acked);
    return;
  }
  if (!before(tcb.una, tcb.recover)) {
    // RFC 6675, 5, A: recovery is over. RFC 6582, 3.2, 3: no burst.
    if (tcb.mode === mode.recovery)
      tcb.cwnd = Math.min(tcb.ssthresh, Math.max(distance(tcb.una, tcb.max), tcb.mss) + tcb.mss);
    tcb.mode = mode.open;
    if (!tcb.sack) tcb.sackedBytes = 0;
    return;
  }
  if (tcb.mode === mode.loss) {
    grow(tcb, acked);
    return;
  }
  if (!tcb.sack) {
    // A partial acknowledgement: the next segment is lost as well (RFC 6582, 3.2, 3).
    tcb.sackedBytes = Math.max(0, tcb.sackedBytes - Math.max(0, acked - tcb.mss));
    tcb.highRxt = tcb.una;
  }
  setLossEdge(tcb, false);
}

/** The retransmission timer has fired (RFC 5681, 3.1; RFC 6675, 5.1): all that is not acknowledged is lost. */
export function timedOut(tcb: Tcb): void {
  // A second timeout for the same data does not halve once more.
  if (tcb.mode !== mode.loss) tcb.ssthresh = half(tcb);
  tcb.mode = mode.loss;
  tcb.cwnd = tcb.mss;
  tcb.bytesAcked = 0;
  tcb.duplicates = 0;
  tcb.recover = tcb.max;
  tcb.lostEdge = tcb.max;
  tcb.highRxt = tcb.una;
  clearSacks(tcb);
  updatePipe(tcb);
}
