// What ICMP says of segments that were sent (RFC 9293, 3.9.2.2; RFC 5927): believed only where it quotes something under way.
import { keyOf } from "../address.js";
import type { IcmpReport } from "../icmp-report.js";
import { pathMss, timestampSize } from "./emit.js";
import { find, type Layer } from "./layer.js";
import { toClosed, touch } from "./lifecycle.js";
import { after, before } from "./sequence.js";
import { mode, state } from "./states.js";
import type { Tcb } from "./tcb.js";

/** RFC 1191, 3 and RFC 8200, 5: no path is narrower. */
const pathMtuMin = { 4: 576, 6: 1280 } as const;
/** RFC 1191, 6.3; RFC 8201, 4: then a new connection may find that the path is wider. */
const pathMsecs = 600_000;
/** Paths that are remembered. */
const pathsMax = 256;

export function takeReport(layer: Layer, report: IcmpReport): void {
  const tcb = find(layer, report.local, report.localPort, report.remote, report.remotePort);
  // RFC 5927, 4.1.
  if (tcb === undefined || before(report.sequence, tcb.una) || !before(report.sequence, tcb.max)) return;
  if (report.error === "tooBig") {
    shrink(layer, tcb, report.mtu);
    return;
  }
  // 3.9.2.2, MUST-56: the way may open again; if it does not, the timeout says why.
  if (report.error !== "port") tcb.unreachable = true;
  // RFC 5927, 6.1: hard errors end what is being tried; what is established waits for its timers.
  else if (tcb.state === state.synSent) toClosed(layer, tcb, "refused");
}

/** RFC 1191, 6.4; RFC 8201, 5.2: smaller segments from now on, and what was too large again. */
function shrink(layer: Layer, tcb: Tcb, mtu: number): void {
  const path = Math.max(mtu, pathMtuMin[tcb.family]);
  const mss = pathMss(layer, tcb, path) - (tcb.timestamps ? timestampSize : 0);
  if (mss >= tcb.mss) return;
  const { pathMtus } = layer;
  const key = keyOf(tcb.destination);
  if (pathMtus.size >= pathsMax && !pathMtus.has(key)) for (const oldest of pathMtus.keys()) { pathMtus.delete(oldest); break; } // prettier-ignore
  pathMtus.delete(key);
  pathMtus.set(key, { mtu: path, until: layer.nic.now() + pathMsecs });
  tcb.mss = mss;
  if (tcb.state < state.established || !after(tcb.max, tcb.una)) return;
  // Not a loss by congestion: the windows stay.
  tcb.mode = mode.loss;
  tcb.recover = tcb.max;
  tcb.lostEdge = tcb.max;
  tcb.highRxt = tcb.una;
  touch(layer, tcb);
}
