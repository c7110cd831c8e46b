// Tells the other end of a SYN that its destination cannot be reached, as a router on the way would (RFC 792; RFC 4443, 3.1).
import { checksum } from "../checksum.js";
import { ethernetHeader } from "../ethernet.js";
import type { IcmpError } from "../icmp-message.js";
import { createPacket, type Packet } from "../packet.js";
import { set16, set32 } from "../wire.js";
import type { Tcb } from "./tcb.js";

/** What an error quotes of the SYN: its IP header and the first eight bytes. */
function quoted(tcb: Tcb): Packet {
  const { family, source, destination } = tcb;
  const size = source.length;
  const at = ethernetHeader + (family === 4 ? 20 : 40);
  const frame = new Uint8Array(at + 8);
  const sourceAt = ethernetHeader + (family === 4 ? 12 : 8);
  frame[ethernetHeader] = family === 4 ? 0x45 : 0x60;
  if (family === 4) set16(frame, ethernetHeader + 2, frame.length - ethernetHeader);
  else set16(frame, ethernetHeader + 4, 8);
  frame[ethernetHeader + (family === 4 ? 8 : 7)] = 64;
  frame[ethernetHeader + (family === 4 ? 9 : 6)] = tcb.protocol;
  frame.set(destination, sourceAt);
  frame.set(source, sourceAt + size);
  if (family === 4) set16(frame, ethernetHeader + 10, checksum(frame, ethernetHeader, at));
  set16(frame, at, tcb.remotePort);
  set16(frame, at + 2, tcb.localPort);
  set32(frame, at + 4, tcb.rcvNext - 1);
  return { ...createPacket(), frame, family, header: ethernetHeader, sourceAt, destinationAt: sourceAt + size, protocol: tcb.protocol, at, end: frame.length }; // prettier-ignore
}

/** Sends the error by `send`. */
export const tellUnreachable = (
  tcb: Tcb,
  kind: IcmpError,
  send: (packet: Packet, kind: IcmpError) => void,
): void => send(quoted(tcb), kind);
