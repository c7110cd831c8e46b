// The retransmission timeout (RFC 6298), in milliseconds.
import type { Tcb } from "./tcb.js";

/** 2.4 says a second, and that it may change; nobody does that any more: delayed acknowledgements take at most 40 ms here. */
const minimumRto = 200;
export const maximumRto = 60_000;

/** Takes a measured round trip (2.2 and 2.3). */
export function measured(tcb: Tcb, rtt: number): void {
  const sample = Math.max(rtt, 0);
  if (tcb.srtt < 0) {
    tcb.srtt = sample;
    tcb.rttvar = sample / 2;
  } else {
    tcb.rttvar += (Math.abs(tcb.srtt - sample) - tcb.rttvar) / 4;
    tcb.srtt += (sample - tcb.srtt) / 8;
  }
  // The clock of timestamps has a granularity of a millisecond.
  tcb.rto = Math.min(Math.max(tcb.srtt + Math.max(1, 4 * tcb.rttvar), minimumRto), maximumRto);
}

/** With the exponential back-off of 5.5. */
export const currentRto = (tcb: Tcb): number =>
  Math.min(tcb.rto * 2 ** Math.min(tcb.backoff, 16), maximumRto);
