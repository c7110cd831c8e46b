// Data that has come: in order until it is read, and islands ahead of what is missing (RFC 9293, 3.10.7.4, MUST-31: kept, not
// thrown away). Payloads stay in their frames; small ones are copied together, or a byte would hold a frame.
import { after, before, distance, earlier } from "./sequence.js";
import type { Island, Tcb } from "./tcb.js";

const smallBytes = 512;
const ownBytes = 2048;
/** Pieces ahead of what is missing; what comes beyond is as good as lost. A window of full segments has far fewer. */
const partsMax = (tcb: Tcb): number => Math.max(1024, tcb.rcvLimit >> 9);

/** Takes data that is next in order; `isOwn` where its bytes are in no frame. */
export function push(tcb: Tcb, data: Uint8Array, isOwn = false): void {
  tcb.receivedBytes += data.length;
  tcb.rcvNext = (tcb.rcvNext + data.length) | 0;
  const { received, tailUsed } = tcb;
  if (data.length >= smallBytes) {
    trimTail(tcb);
    received.push(data);
    return;
  }
  const tail = tailUsed < 0 ? undefined : received.at(-1);
  if (tail !== undefined && tailUsed + data.length <= tail.length) {
    tail.set(data, tailUsed);
    tcb.tailUsed += data.length;
  } else if (received.length === 0) {
    // Mostly it is read before more comes.
    received.push(isOwn ? data : data.slice());
  } else {
    trimTail(tcb);
    const buffer = new Uint8Array(ownBytes);
    buffer.set(data);
    received.push(buffer);
    tcb.tailUsed = data.length;
  }
}

/** Nothing more goes into the last buffer. */
function trimTail(tcb: Tcb): void {
  const { received, tailUsed } = tcb;
  if (tailUsed >= 0) received.push((received.pop() as Uint8Array).subarray(0, tailUsed));
  tcb.tailUsed = -1;
}

/** The next data in order, or undefined; the bytes are the caller's. */
export function shift(tcb: Tcb): Uint8Array | undefined {
  if (tcb.received.length === 1) trimTail(tcb);
  const data = tcb.received.shift();
  if (data !== undefined) {
    tcb.receivedBytes -= data.length;
    tcb.freed = true;
  }
  return data;
}

/** Keeps data that starts at `seq`, ahead of what is missing. */
export function insert(tcb: Tcb, seq: number, data: Uint8Array): void {
  if (tcb.islandParts >= partsMax(tcb) || data.length === 0) return;
  const islands = (tcb.islands ??= []);
  const kept = data.length < smallBytes ? data.slice() : data;
  const end = (seq + data.length) | 0;
  let index = islands.length;
  while (index > 0 && !before((islands[index - 1] as Island).end, seq)) index--;
  const island = islands[index];
  if (island === undefined || before(end, island.start)) {
    islands.splice(index, 0, { start: seq, end, parts: [kept] });
    tcb.islandParts++;
    tcb.islandLatest = seq;
    return;
  }
  if (before(seq, island.start)) {
    island.parts.unshift(kept.subarray(0, distance(seq, island.start)));
    tcb.islandParts++;
    island.start = seq;
  }
  while (after(end, island.end)) {
    const following = islands[index + 1];
    const to = following === undefined ? end : earlier(end, following.start);
    if (after(to, island.end)) {
      island.parts.push(kept.subarray(distance(seq, island.end), distance(seq, to)));
      tcb.islandParts++;
      island.end = to;
    }
    if (following === undefined || before(island.end, following.start)) break;
    island.parts.push(...following.parts);
    island.end = following.end;
    islands.splice(index + 1, 1);
  }
  // A touching neighbour is one with it, even where nothing was added behind.
  const following = islands[index + 1];
  if (following !== undefined && following.start === island.end) {
    island.parts.push(...following.parts);
    island.end = following.end;
    islands.splice(index + 1, 1);
  }
  tcb.islandLatest = island.start;
}

/** Moves what is now in order to its place. */
export function collect(tcb: Tcb): void {
  const { islands } = tcb;
  while (islands !== null && islands.length > 0) {
    const [island] = islands as [Island];
    if (after(island.start, tcb.rcvNext)) return;
    islands.shift();
    tcb.islandParts -= island.parts.length;
    let seq = island.start;
    for (const part of island.parts) {
      const skip = distance(seq, tcb.rcvNext);
      if (skip < part.length) push(tcb, skip > 0 ? part.subarray(skip) : part);
      seq = (seq + part.length) | 0;
    }
  }
  tcb.islands = null;
  tcb.islandParts = 0;
}
