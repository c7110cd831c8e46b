// Messages of ICMP (RFC 792) and ICMPv6 (RFC 4443): their types, and sending one.
import { familyOf } from "./address.js";
import { addressSum, checksum } from "./checksum.js";
import { sendDatagram, type Outgoing } from "./ip-output.js";
import type { Nic } from "./nic.js";
import { protocol } from "./packet.js";
import { set16 } from "./wire.js";

/** Type, and code where there is one, of each message by family. */
export const icmpTypes = {
  4: {
    echoRequest: [8, 0],
    echoReply: [0, 0],
    network: [3, 0],
    host: [3, 1],
    protocol: [3, 2],
    port: [3, 3],
    tooBig: [3, 4],
    prohibited: [3, 13],
    reassembly: [11, 1],
  },
  6: {
    echoRequest: [128, 0],
    echoReply: [129, 0],
    network: [1, 0],
    host: [1, 3],
    protocol: [4, 1],
    port: [1, 4],
    tooBig: [2, 0],
    prohibited: [1, 1],
    reassembly: [3, 1],
  },
} as const;
export type IcmpError = Exclude<keyof (typeof icmpTypes)[4], "echoRequest" | "echoReply">;

/** Sends a message, whose checksum it fills in. */
export function sendIcmp(nic: Nic, packet: Omit<Outgoing, "protocol">, message: Uint8Array): boolean {
  const { source, destination } = packet;
  const is6 = familyOf(source) === 6;
  const pseudo = is6 ? addressSum(source, destination) + protocol.icmp6 + message.length : 0;
  set16(message, 2, 0);
  set16(message, 2, checksum(message, 0, message.length, pseudo));
  return sendDatagram(nic, { ...packet, protocol: is6 ? protocol.icmp6 : protocol.icmp }, message);
}
