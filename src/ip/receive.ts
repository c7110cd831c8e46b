// Frames that come, and the layers that they are for.
import { createReassembly } from "./fragments.js";
import { receiveArp } from "./arp.js";
import { etherType, ethernetHeader, isGroupMac } from "./ethernet.js";
import type { IcmpLayer } from "./icmp.js";
import { receive4, receive6, type Upward } from "./ip-input.js";
import type { Nic } from "./nic.js";
import { createPacket, protocol, type Packet } from "./packet.js";
import type { TcpProtocol } from "./tcp/tcp.js";
import type { UdpLayer } from "./udp.js";
import { get16, matches } from "./wire.js";

/** Frames that come while one is being taken: a link whose other end answers at once. */
const backlogMax = 1024;

export interface Receiver {
  readonly nic: Nic;
  readonly tcp: TcpProtocol;
  readonly upward: Upward;
  /** The record of the packet that is being taken. */
  readonly packet: Packet;
  readonly backlog: Uint8Array[];
}

export function createReceiver(nic: Nic, icmp: IcmpLayer, udp: UdpLayer, tcp: TcpProtocol): Receiver {
  const upward: Upward = {
    reassembly: createReassembly(nic.timers, nic.now, (frame) => icmp.error(fragmentIn(frame), "reassembly")),
    parameterProblem: (from, code, pointer) => icmp.message(from, 4, code, pointer),
    deliver(to) {
      if (to.protocol === protocol.tcp) tcp.receive(to);
      else if (to.protocol === protocol.udp) {
        if (udp.receive(to) === "refused") icmp.error(to, "port");
      } else if (to.protocol === (to.family === 4 ? protocol.icmp : protocol.icmp6)) icmp.receive(to);
      // RFC 1122, 3.2.2.1; RFC 4443, 3.4, which points to the field that names it.
      else icmp.error(to, "protocol", to.family === 6 ? 6 : 0);
    },
  };
  return { nic, tcp, upward, packet: createPacket(), backlog: [] };
}

/** The packet whose other fragments have not come. */
function fragmentIn(frame: Uint8Array): Packet {
  const is4 = get16(frame, 12) === etherType.ipv4;
  const [sourceAt, size] = is4 ? [ethernetHeader + 12, 4] : [ethernetHeader + 8, 16];
  return { ...createPacket(), frame, family: is4 ? 4 : 6, header: ethernetHeader, sourceAt, destinationAt: sourceAt + size, at: ethernetHeader + (is4 ? 20 : 40), end: frame.length, group: isGroupMac(frame) }; // prettier-ignore
}

export function takeFrame({ nic, packet, upward }: Receiver, frame: Uint8Array): void {
  const { counters } = nic;
  counters.received++;
  if (frame.length < ethernetHeader || (!isGroupMac(frame) && !matches(frame, 0, nic.link.mac))) {
    counters.dropped++;
    return;
  }
  packet.frame = frame;
  const type = get16(frame, 12);
  if (type === etherType.ipv4) receive4(nic, packet, upward);
  else if (type === etherType.ipv6) receive6(nic, packet, upward);
  else if (type === etherType.arp) receiveArp(nic, frame);
  else counters.dropped++;
}

/** Keeps a frame whose bytes may be valid for the call only: it came in the middle of one. */
export function keepForLater({ nic, backlog }: Receiver, frame: Uint8Array): void {
  if (backlog.length < backlogMax) backlog.push(frame.slice());
  else nic.counters.dropped++;
}

/** Sends and tells what is due; what comes of that is taken too. A function of its own: every call from outside ends with it. */
export function flusherOf(receiver: Receiver): () => void {
  const { backlog, tcp } = receiver;
  return () => {
    tcp.flush();
    while (backlog.length > 0) {
      takeFrame(receiver, backlog.shift() as Uint8Array);
      if (backlog.length === 0) tcp.flush();
    }
  };
}
