// What the peer has selectively acknowledged (RFC 2018, 4 and 5), and what follows for what is lost and what is under way
// (RFC 6675, 4).
import { mode } from "./states.js";
import type { Tcb } from "./tcb.js";
import type { Segment } from "./segment.js";
import { after, before, distance, earlier, later } from "./sequence.js";

/** Ranges that are remembered; a peer with more holes is told of losses by them anyway. */
const rangesMax = 128;
/** RFC 6675, 2. */
const duplicateThreshold = 3;

/** Takes the blocks of an acknowledgement; whether they told something new. */
export function takeSacks(tcb: Tcb, segment: Segment): boolean {
  let news = false;
  for (let i = 0; i < segment.sackCount; i++) {
    const [left, right] = [segment.sacks[i * 2] as number, segment.sacks[i * 2 + 1] as number];
    // Of what is acknowledged or was never sent: a duplicate's report (RFC 2883), or nonsense.
    if (!after(right, left) || !after(left, tcb.una) || after(right, tcb.max)) continue;
    news = addRange(tcb, left, right) || news;
  }
  return news;
}

function addRange(tcb: Tcb, left: number, right: number): boolean {
  const ranges = (tcb.sacked ??= []);
  let i = 0;
  while (i < ranges.length && before(ranges[i + 1] as number, left)) i += 2;
  let j = i;
  let [start, end, covered] = [left, right, 0];
  while (j < ranges.length && !after(ranges[j] as number, right)) {
    const [from, to] = [ranges[j] as number, ranges[j + 1] as number];
    start = earlier(start, from);
    end = later(end, to);
    covered += distance(from, to);
    j += 2;
  }
  const gained = distance(start, end) - covered;
  if (gained === 0 || (i === j && ranges.length >= rangesMax * 2)) return false;
  ranges.splice(i, j - i, start, end);
  tcb.sackedBytes += gained;
  return true;
}

/** Forgets what is acknowledged in order by now. */
export function trimSacks(tcb: Tcb): void {
  const ranges = tcb.sacked;
  if (ranges === null) return;
  while (ranges.length > 0 && !after(ranges[0] as number, tcb.una)) {
    const right = ranges[1] as number;
    if (after(right, tcb.una)) {
      tcb.sackedBytes -= distance(ranges[0] as number, tcb.una);
      ranges[0] = tcb.una;
      return;
    }
    tcb.sackedBytes -= distance(ranges[0] as number, right);
    ranges.splice(0, 2);
  }
  if (ranges.length === 0) clearSacks(tcb);
}

/** RFC 2018, 8: after a timeout nothing is taken for granted. */
export function clearSacks(tcb: Tcb): void {
  tcb.sacked = null;
  tcb.sackedBytes = 0;
}

/** Where loss ends: below it at least three segments are known to have overtaken (RFC 6675, 4, IsLost). `una` where nothing is lost. */
export function sackLossEdge(tcb: Tcb): number {
  const ranges = tcb.sacked;
  if (ranges === null) return tcb.una;
  let bytes = 0;
  for (let i = ranges.length - 2, count = 1; i >= 0; i -= 2, count++) {
    bytes += distance(ranges[i] as number, ranges[i + 1] as number);
    if (bytes > (duplicateThreshold - 1) * tcb.mss || count >= duplicateThreshold) return ranges[i] as number;
  }
  return tcb.una;
}

/** The first byte from `from` on, below `lostEdge`, that the peer does not have; `lostEdge` where there is none. */
export function nextHole(tcb: Tcb, from: number): number {
  let seq = from;
  const ranges = tcb.sacked;
  if (ranges !== null)
    for (let i = 0; i < ranges.length && !after(ranges[i] as number, seq); i += 2)
      seq = later(seq, ranges[i + 1] as number);
  return before(seq, tcb.lostEdge) ? seq : tcb.lostEdge;
}

/** Where the hole that begins at `from` ends. */
export function holeEnd(tcb: Tcb, from: number): number {
  const ranges = tcb.sacked;
  if (ranges !== null)
    for (let i = 0; i < ranges.length; i += 2)
      if (after(ranges[i] as number, from)) return earlier(ranges[i] as number, tcb.lostEdge);
  return tcb.lostEdge;
}

/** RFC 6675, 4, SetPipe: sent, less what has arrived, less what is lost and not sent again. */
export function updatePipe(tcb: Tcb): void {
  let pipe = distance(tcb.una, tcb.max) - tcb.sackedBytes;
  if (tcb.mode !== mode.open) {
    let seq = nextHole(tcb, later(tcb.highRxt, tcb.una));
    while (before(seq, tcb.lostEdge)) {
      const end = holeEnd(tcb, seq);
      pipe -= distance(seq, end);
      seq = nextHole(tcb, end);
    }
  }
  tcb.pipe = Math.max(pipe, 0);
}
