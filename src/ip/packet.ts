// A packet that has come: where its parts lie in the frame. One record serves all packets of a stack, so that none is made
// for each; it is valid until the handler returns.
import type { Address, Family } from "./address.js";
import { ownAt, type Nic } from "./nic.js";

export const protocol = { icmp: 1, tcp: 6, udp: 17, icmp6: 58 } as const;

export interface Packet {
  frame: Uint8Array;
  family: Family;
  /** Offset of the IP header. */
  header: number;
  sourceAt: number;
  destinationAt: number;
  protocol: number;
  /** Offset of the transport's header, and of the end of its data. */
  at: number;
  end: number;
  hopLimit: number;
  /** Came to a group of hosts: no answer is due that would multiply (RFC 1122, 3.2.2; RFC 4443, 2.4e). */
  group: boolean;
}

export const createPacket = (): Packet => ({
  frame: new Uint8Array(0),
  family: 4,
  header: 0,
  sourceAt: 0,
  destinationAt: 0,
  protocol: 0,
  at: 0,
  end: 0,
  hopLimit: 0,
  group: false,
});

const addressSize = (packet: Packet): number => (packet.family === 4 ? 4 : 16);

/** Addresses that outlive the frame. */
export const sourceOf = (packet: Packet): Address =>
  packet.frame.slice(packet.sourceAt, packet.sourceAt + addressSize(packet));
/** One of the stack's own is shared rather than copied. */
export const destinationOf = (nic: Nic, packet: Packet): Address =>
  ownAt(nic, packet.frame, packet.destinationAt, addressSize(packet))?.address ??
  packet.frame.slice(packet.destinationAt, packet.destinationAt + addressSize(packet));
