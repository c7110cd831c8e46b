// Writes segments into the stack's frame and sends them (RFC 9293, 3.1; RFC 7323; RFC 2018).
import { addressSum, checksum } from "../checksum.js";
import { hopTo, sendPacket } from "../ip-output.js";
import { mtuOf, transportAt } from "../nic.js";
import { destinationOf, sourceOf, type Packet } from "../packet.js";
import { set16, set32 } from "../wire.js";
import type { Layer } from "./layer.js";
import { flag, headerSize, optionKind } from "./segment.js";
import { copyOut } from "./send-queue.js";
import { distance, earlier } from "./sequence.js";
import { state } from "./states.js";
import type { Island, Tcb } from "./tcb.js";

const protocolTcp = 6;
/** Timestamps and two bytes that align them. */
export const timestampSize = 12;
/** Blocks beside timestamps: 40 bytes are all there is for options. */
const blocksMax = { withTimestamps: 3, alone: 4 } as const;

/** The clock of timestamps: a millisecond (RFC 7323, 5.4). */
export const timestampNow = (layer: Layer, tcb: Tcb): number =>
  (Math.floor(layer.nic.now()) + tcb.tsOffset) | 0;

/** What the peer is told that it may send: the right edge never goes back (RFC 9293, 3.8.6, SHLD-14). */
function windowField(tcb: Tcb): number {
  const room = Math.max(0, tcb.rcvLimit - tcb.receivedBytes);
  const open = Math.max(distance(tcb.rcvNext, tcb.rcvEdge), 0);
  // 3.8.6.2.2: not in driblets.
  const size = room >= open + Math.min(tcb.rcvLimit >> 1, tcb.rcvMss) ? room : open;
  const scaled = (size + (1 << tcb.rcvShift) - 1) >>> tcb.rcvShift;
  return Math.min(scaled, 0xffff);
}

/** Whether reading has made room that the peer should hear of now: soon where it has little, later where it has enough. */
export function windowHasOpened(tcb: Tcb): boolean {
  if (!tcb.freed) return false;
  const open = Math.max(distance(tcb.rcvNext, tcb.rcvEdge), 0);
  const gained = Math.max(0, tcb.rcvLimit - tcb.receivedBytes) - open;
  return (
    gained >= (open < tcb.rcvLimit >> 2 ? Math.min(tcb.rcvLimit >> 1, 2 * tcb.rcvMss) : tcb.rcvLimit >> 2)
  );
}

/** How many bytes of options a segment with data has. */
export function optionSize(tcb: Tcb): number {
  const blocks = blockCount(tcb);
  return (tcb.timestamps ? timestampSize : 0) + (blocks === 0 ? 0 : 4 + 8 * blocks);
}
const blockCount = ({ sack, islands, timestamps }: Tcb): number =>
  !sack || islands === null
    ? 0
    : Math.min(islands.length, timestamps ? blocksMax.withTimestamps : blocksMax.alone);

function writeSynOptions(layer: Layer, tcb: Tcb, at: number): number {
  const { tx } = layer.nic;
  let to = at;
  tx[to] = optionKind.mss;
  tx[to + 1] = 4;
  set16(tx, to + 2, tcb.rcvMss);
  to += 4;
  if (tcb.sack) {
    set32(tx, to, 0x01010402);
    to += 4;
  }
  if (tcb.timestamps) to = writeTimestamps(layer, tcb, to);
  if (tcb.scaling) {
    set32(tx, to, 0x01030300 | tcb.rcvShift);
    to += 4;
  }
  return to;
}

function writeTimestamps(layer: Layer, tcb: Tcb, at: number): number {
  const { tx } = layer.nic;
  set32(tx, at, 0x0101080a);
  set32(tx, at + 4, timestampNow(layer, tcb));
  set32(tx, at + 8, tcb.tsRecent);
  return at + timestampSize;
}

/** RFC 2018, 4: the block that holds what came last comes first. */
function writeSacks(layer: Layer, tcb: Tcb, at: number, count: number): number {
  const { tx } = layer.nic;
  const islands = tcb.islands as Island[];
  set32(tx, at, 0x01010500 | (2 + 8 * count));
  const first = Math.max(
    0,
    islands.findIndex(({ start }) => start === tcb.islandLatest),
  );
  for (let i = 0; i < count; i++) {
    const { start, end } = islands[(first + i) % islands.length] as Island;
    set32(tx, at + 4 + i * 8, start);
    set32(tx, at + 8 + i * 8, end);
  }
  return at + 4 + 8 * count;
}

/** Writes ports, size and options; gives where data begins. */
function writeHead(layer: Layer, tcb: Tcb, at: number, flags: number): number {
  const { tx } = layer.nic;
  let to = at + headerSize;
  if ((flags & flag.syn) !== 0) to = writeSynOptions(layer, tcb, to);
  else {
    if (tcb.timestamps) to = writeTimestamps(layer, tcb, to);
    const blocks = (flags & flag.rst) === 0 ? blockCount(tcb) : 0;
    if (blocks > 0) to = writeSacks(layer, tcb, to, blocks);
  }
  set16(tx, at, tcb.localPort);
  set16(tx, at + 2, tcb.remotePort);
  tx[at + 12] = ((to - at) >> 2) << 4;
  set32(tx, at + 16, 0);
  return to;
}

/**
 * Sends one segment with `length` bytes of what the user has written from `seq` on. False, and nothing changed, where the
 * link has no room.
 */
export function emit(layer: Layer, tcb: Tcb, flags: number, seq: number, length: number): boolean {
  const { nic } = layer;
  const { tx } = nic;
  if (tcb.hop === undefined || tcb.hop.state === "failed") {
    tcb.hop = hopTo(nic, tcb.destination);
    // No way: as if it were lost on it.
    if (tcb.hop === undefined) return true;
  }
  const at = transportAt(tcb.family);
  const isSyn = (flags & flag.syn) !== 0;
  const acks = (flags & flag.ack) !== 0;
  // RFC 7323, 2.2: a SYN's window is not scaled.
  const window = isSyn ? Math.min(tcb.rcvLimit, 0xffff) : windowField(tcb);
  const { predictor } = layer;
  const sent = predictor?.emit(tcb, flags, seq, length, window);
  if (sent === false) return false;
  if (sent === undefined) {
    const to = writeHead(layer, tcb, at, flags);
    set32(tx, at + 4, seq);
    set32(tx, at + 8, acks ? tcb.rcvNext : 0);
    tx[at + 13] = flags;
    set16(tx, at + 14, window);
    if (length > 0) copyOut(tcb, seq, length, tx, to);
    const size = to - at + length;
    set16(tx, at + 16, checksum(tx, at, at + size, tcb.pseudo + protocolTcp + size));
    if (!sendPacket(nic, tcb.hop, tcb, size)) return false;
    predictor?.sent(tcb, flags, to);
  }
  if (acks) {
    tcb.rcvEdge = (tcb.rcvNext + (isSyn ? window : window << tcb.rcvShift)) | 0;
    if (distance(tcb.rcvNext, tcb.rcvEdge) >= tcb.rcvLimit - tcb.receivedBytes) tcb.freed = false;
    tcb.ackSent = tcb.rcvNext;
    tcb.ackNow = false;
    tcb.ackAt = Infinity;
  }
  return true;
}

/** Sends what acknowledges and asks nothing. Its sequence number is one that the peer accepts, even where its window is shut. */
export const emitAck = (layer: Layer, tcb: Tcb): boolean =>
  emit(layer, tcb, flag.ack, earlier(tcb.max, (tcb.una + tcb.window) | 0), 0);

/** RFC 9293, 3.10.7.1: answers a segment that is of no connection with a reset, unless it is one. */
export function refuse(layer: Layer, packet: Packet): void {
  const { nic, segment } = layer;
  if ((segment.flags & flag.rst) !== 0 || packet.group) return;
  const isAck = (segment.flags & flag.ack) !== 0;
  const length = segment.length + (segment.flags & flag.syn ? 1 : 0) + (segment.flags & flag.fin ? 1 : 0);
  const [source, destination] = [destinationOf(nic, packet), sourceOf(packet)];
  const hop = hopTo(nic, destination);
  if (hop === undefined) return;
  const { tx } = nic;
  const at = transportAt(packet.family);
  tx.fill(0, at, at + headerSize);
  set16(tx, at, segment.destinationPort);
  set16(tx, at + 2, segment.sourcePort);
  set32(tx, at + 4, isAck ? segment.ack : 0);
  set32(tx, at + 8, isAck ? 0 : (segment.seq + length) | 0);
  tx[at + 12] = 0x50;
  tx[at + 13] = isAck ? flag.rst : flag.rst | flag.ack;
  set16(
    tx,
    at + 16,
    checksum(tx, at, at + headerSize, addressSum(source, destination) + protocolTcp + headerSize),
  );
  sendPacket(nic, hop, { source, destination, protocol: protocolTcp }, headerSize);
}

/** Resets the peer (RFC 9293, 3.10.5), where there is one that knows of the connection. */
export function emitReset(layer: Layer, tcb: Tcb): void {
  if (tcb.state === state.closed || tcb.state === state.synSent || tcb.state === state.timeWait) return;
  if (tcb.state === state.offered) emit(layer, tcb, flag.rst | flag.ack, 0, 0);
  else emit(layer, tcb, flag.rst | flag.ack, tcb.max, 0);
}

/** The largest segment that a link or a known path to there carries, without TCP's options (RFC 9293, 3.7.1). */
export function pathMss(layer: Layer, tcb: Pick<Tcb, "family">, pathMtu = Infinity): number {
  return Math.min(mtuOf(layer.nic, tcb.family), pathMtu) - (tcb.family === 4 ? 40 : 60);
}
