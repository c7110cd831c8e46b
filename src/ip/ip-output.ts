// Sending of packets: IPv4 and IPv6 headers, and fragments where a datagram is larger than the link (RFC 791, RFC 8200).
import { familyOf, type Address } from "./address.js";
import { addressSum, fold } from "./checksum.js";
import { ethernetHeader } from "./ethernet.js";
import { neighbourOf, sendTo } from "./neighbour.js";
import { mtuOf, nextHop, random32, transportAt, type Neighbour, type Nic } from "./nic.js";
import { set16, set32 } from "./wire.js";

const dontFragment = 0x4000;
const moreFragments = 0x2000;
const fragmentHeader = 44;

export interface Outgoing {
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: number;
  /** Of the stack where absent. */
  readonly hopLimit?: number | undefined;
  /** DSCP and ECN (RFC 2474); 0 where absent. */
  readonly trafficClass?: number | undefined;
  /** The sum of the addresses, where it is known. */
  readonly pseudo?: number;
}

/** The neighbour on the way to `destination`; undefined where there is no way. */
export function hopTo(nic: Nic, destination: Address): Neighbour | undefined {
  const hop = nextHop(nic, destination);
  return hop === undefined ? undefined : neighbourOf(nic, hop);
}

/** Writes the IPv4 header in front of `length` bytes at `transportAt(4)`. `fragment` is the field of flags and offset. */
function header4(nic: Nic, packet: Outgoing, length: number, identification: number, fragment: number): void {
  const { source, destination, protocol, hopLimit = nic.hopLimit, trafficClass = 0 } = packet;
  const { tx } = nic;
  const at = ethernetHeader;
  tx[at] = 0x45;
  tx[at + 1] = trafficClass;
  set16(tx, at + 2, 20 + length);
  set16(tx, at + 4, identification);
  set16(tx, at + 6, fragment);
  tx[at + 8] = hopLimit;
  tx[at + 9] = protocol;
  for (let i = 0; i < 4; i++) {
    tx[at + 12 + i] = source[i] as number;
    tx[at + 16 + i] = destination[i] as number;
  }
  const addresses = packet.pseudo ?? addressSum(source, destination);
  const words =
    (0x4500 | trafficClass) + (20 + length) + identification + fragment + ((hopLimit << 8) | protocol);
  set16(tx, at + 10, ~fold(words + addresses) & 0xffff);
}

function header6(
  nic: Nic,
  { source, destination, protocol, hopLimit = nic.hopLimit, trafficClass = 0 }: Outgoing,
  length: number,
): void {
  const { tx } = nic;
  const at = ethernetHeader;
  set32(tx, at, 0x60000000 | (trafficClass << 20));
  set16(tx, at + 4, length);
  tx[at + 6] = protocol;
  tx[at + 7] = hopLimit;
  for (let i = 0; i < 16; i++) {
    tx[at + 8 + i] = source[i] as number;
    tx[at + 24 + i] = destination[i] as number;
  }
}

/**
 * Sends `length` bytes that stand at `transportAt` in `tx`, unfragmented and not to be fragmented: TCP's way. An atomic
 * datagram needs no identification (RFC 6864, 4.1). False where the link takes nothing now.
 */
export function sendPacket(nic: Nic, hop: Neighbour, packet: Outgoing, length: number): boolean {
  if (packet.source.length === 4) header4(nic, packet, length, 0, dontFragment);
  else header6(nic, packet, length);
  return sendTo(nic, hop, transportAt(familyOf(packet.source)) + length);
}

/** Sends a datagram of any size up to the protocol's limit; false where it got no further than here. */
export function sendDatagram(nic: Nic, packet: Outgoing, payload: Uint8Array): boolean {
  const hop = hopTo(nic, packet.destination);
  if (hop === undefined) return false;
  const family = familyOf(packet.source);
  const at = transportAt(family);
  const room = mtuOf(nic, family) - (at - ethernetHeader);
  if (payload.length <= room) {
    nic.tx.set(payload, at);
    nic.identification = (nic.identification + 1) & 0xffff;
    if (family === 4) header4(nic, packet, payload.length, nic.identification, 0);
    else header6(nic, packet, payload.length);
    return sendTo(nic, hop, at + payload.length);
  }
  return family === 4
    ? fragments4(nic, hop, packet, payload, room)
    : fragments6(nic, hop, packet, payload, room);
}

/** RFC 791, 3.2: pieces of a multiple of 8 bytes. */
function fragments4(nic: Nic, hop: Neighbour, packet: Outgoing, payload: Uint8Array, room: number): boolean {
  const piece = room & ~7;
  const at = transportAt(4);
  nic.identification = (nic.identification + 1) & 0xffff;
  for (let offset = 0; offset < payload.length; offset += piece) {
    const part = payload.subarray(offset, offset + piece);
    const more = offset + piece < payload.length ? moreFragments : 0;
    nic.tx.set(part, at);
    header4(nic, packet, part.length, nic.identification, more | (offset >> 3));
    if (!sendTo(nic, hop, at + part.length)) return false;
  }
  return true;
}

/** RFC 8200, 4.5: a fragment header in each piece. */
function fragments6(nic: Nic, hop: Neighbour, packet: Outgoing, payload: Uint8Array, room: number): boolean {
  const piece = (room - 8) & ~7;
  const at = transportAt(6);
  const { tx } = nic;
  // Not foreseeable (RFC 7739).
  const identification = random32(nic);
  for (let offset = 0; offset < payload.length; offset += piece) {
    const part = payload.subarray(offset, offset + piece);
    const more = offset + piece < payload.length ? 1 : 0;
    tx[at] = packet.protocol;
    tx[at + 1] = 0;
    set16(tx, at + 2, offset | more);
    set32(tx, at + 4, identification);
    tx.set(part, at + 8);
    header6(nic, { ...packet, protocol: fragmentHeader }, part.length + 8);
    if (!sendTo(nic, hop, at + 8 + part.length)) return false;
  }
  return true;
}
