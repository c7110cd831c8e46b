// Packets that come: IPv4 (RFC 791; RFC 1122, 3.2) and IPv6 with its extension headers (RFC 8200, 4). Each check drops what
// it does not pass; the packet's record then tells the protocols where their part lies.
import { isLoopback, isMulticast, isUnspecified } from "./address.js";
import { adds } from "./checksum.js";
import { ethernetHeader, isGroupMac } from "./ethernet.js";
import type { Fragment, Reassembly } from "./fragments.js";
import { isBroadcastAt, isBroadcastHere, ownAt, type Nic } from "./nic.js";
import type { Packet } from "./packet.js";
import { get16, get32 } from "./wire.js";

/** What happens with packets: protocols take them, problems become ICMP messages. */
export interface Upward {
  deliver(packet: Packet): void;
  /** RFC 4443, 3.4: `pointer` is the offset from the IPv6 header. */
  parameterProblem(packet: Packet, code: number, pointer: number): void;
  readonly reassembly: Reassembly;
}

/** Whether a packet from there is to be believed at all: of no group, no loopback, not the stack itself (RFC 1122, 3.2.1.3; RFC 4291, 2.7). */
function plausibleSource(nic: Nic, { frame, sourceAt, family }: Packet): boolean {
  const first = frame[sourceAt] as number;
  if (family === 4) {
    if (first >= 224 || first === 127 || isBroadcastAt(nic, frame, sourceAt)) return false;
    return ownAt(nic, frame, sourceAt, 4) === undefined;
  }
  if (first === 0xff || (first === 0 && isLoopback(frame.subarray(sourceAt, sourceAt + 16)))) return false;
  return ownAt(nic, frame, sourceAt, 16) === undefined;
}

/** Whether the packet is for this stack; says in it whether it is for others too. */
function isForUs(nic: Nic, packet: Packet): boolean {
  const { frame, family, destinationAt } = packet;
  const size = family === 4 ? 4 : 16;
  packet.group = isGroupMac(frame);
  const own = ownAt(nic, frame, destinationAt, size);
  if (own !== undefined) return !own.tentative || packet.protocol === 58;
  const destination = frame.subarray(destinationAt, destinationAt + size);
  if (isMulticast(destination) || (family === 4 && isBroadcastHere(nic, destination))) {
    packet.group = true;
    return true;
  }
  // A gateway ends what is sent to others through it, but not what never leaves a host or a link.
  if (!nic.anyAddress || packet.group || isLoopback(destination) || isUnspecified(destination)) {
    // A host without an address takes what is offered to the one that it is about to have (RFC 2131, 4.1).
    return (
      family === 4 &&
      packet.protocol === 17 &&
      !packet.group &&
      nic.own.every((other) => other.address.length !== 4)
    );
  }
  return true;
}

/** Takes a frame of type IPv4. */
export function receive4(nic: Nic, packet: Packet, upward: Upward): void {
  const { frame } = packet;
  const header = ethernetHeader;
  const headerSize = ((frame[header] as number) & 15) * 4;
  const total = get16(frame, header + 2);
  if ((frame[header] as number) >> 4 !== 4 || headerSize < 20 || total < headerSize) return dropped(nic);
  if (frame.length < header + total || !adds(frame, header, header + headerSize)) return dropped(nic);
  packet.family = 4;
  packet.header = header;
  packet.sourceAt = header + 12;
  packet.destinationAt = header + 16;
  packet.protocol = frame[header + 9] as number;
  packet.hopLimit = frame[header + 8] as number;
  packet.at = header + headerSize;
  packet.end = header + total;
  if (!isForUs(nic, packet) || !plausibleSource(nic, packet)) return dropped(nic);
  const fragment = get16(frame, header + 6);
  if ((fragment & 0x3fff) !== 0) {
    const whole = upward.reassembly.add(packet, {
      identification: get16(frame, header + 4),
      offset: (fragment & 0x1fff) * 8,
      more: (fragment & 0x2000) !== 0,
      protocol: packet.protocol,
    });
    if (whole === undefined) return;
    packet.frame = whole.frame;
    packet.at = whole.head;
    packet.end = whole.frame.length;
  }
  upward.deliver(packet);
}

function dropped(nic: Nic): void {
  nic.counters.dropped++;
}

/** RFC 8200, 4: next header values. */
const next = { hopByHop: 0, routing: 43, fragment: 44, none: 59, destination: 60 } as const;
/** More headers than any use has: a chain of them costs the receiver most. */
const headersMax = 8;

/** Takes a frame of type IPv6. */
export function receive6(nic: Nic, packet: Packet, upward: Upward): void {
  const { frame } = packet;
  const header = ethernetHeader;
  const end = header + 40 + get16(frame, header + 4);
  if (frame.length < header + 40 || (frame[header] as number) >> 4 !== 6 || end > frame.length)
    return dropped(nic);
  packet.family = 6;
  packet.header = header;
  packet.sourceAt = header + 8;
  packet.destinationAt = header + 24;
  packet.hopLimit = frame[header + 7] as number;
  packet.protocol = frame[header + 6] as number;
  packet.at = header + 40;
  packet.end = end;
  if (packet.protocol === 6) {
    if (!isForUs(nic, packet) || !plausibleSource(nic, packet)) return dropped(nic);
    return upward.deliver(packet);
  }
  if (!walk(nic, packet, upward, header + 6)) return dropped(nic);
  if (packet.protocol !== next.none) upward.deliver(packet);
}

/** Goes along the extension headers; false where the packet ends there. `nextAt` is the field that names the next. */
function walk(nic: Nic, packet: Packet, upward: Upward, nextAt: number): boolean {
  let [field, checked] = [nextAt, false];
  for (let count = 0; count <= headersMax; count++) {
    const { frame, at, end, protocol: kind } = packet;
    const isExtension =
      kind === next.hopByHop || kind === next.routing || kind === next.destination || kind === next.fragment;
    if (!checked) {
      // The transport's protocol may stand behind a fragment; only the neighbour's is asked for.
      if (!isForUs(nic, packet) || !plausibleSource(nic, packet)) return false;
      checked = true;
    }
    if (!isExtension) return true;
    // RFC 8200, 4.3: hop-by-hop options stand first only.
    if (kind === next.hopByHop && count > 0) {
      upward.parameterProblem(packet, 1, field - packet.header);
      return false;
    }
    if (at + 8 > end) return false;
    if (kind === next.fragment) {
      const offset = get16(frame, at + 2);
      const fragment: Fragment = {
        identification: get32(frame, at + 4),
        offset: offset & 0xfff8,
        more: (offset & 1) !== 0,
        protocol: frame[at] as number,
      };
      packet.at = at + 8;
      if ((offset & 0xfff9) !== 0) {
        const whole = upward.reassembly.add(packet, fragment);
        if (whole === undefined) return false;
        whole.frame[field] = whole.protocol;
        packet.frame = whole.frame;
        packet.at = whole.head;
        packet.end = whole.frame.length;
        packet.protocol = whole.protocol;
        continue;
      }
    } else {
      const size = ((frame[at + 1] as number) + 1) * 8;
      if (at + size > end) return false;
      // RFC 8200, 4.4: nobody but a router forwards by a routing header, and this is none.
      if (kind === next.routing && frame[at + 3] !== 0) {
        upward.parameterProblem(packet, 0, at + 2 - packet.header);
        return false;
      }
      if (kind !== next.routing && !optionsAreKnown(packet, at + 2, at + size, upward)) return false;
      packet.at = at + size;
    }
    field = at;
    packet.protocol = packet.frame[at] as number;
  }
  return false;
}

/** RFC 8200, 4.2: the first bits of an unknown option say what becomes of the packet. */
function optionsAreKnown(packet: Packet, from: number, to: number, upward: Upward): boolean {
  const { frame } = packet;
  for (let at = from; at < to;) {
    const type = frame[at] as number;
    if (type === 0) {
      at++;
      continue;
    }
    // Padding and router alert (RFC 2711) say nothing to a host.
    if (at + 1 >= to) return false;
    const action = type >> 6;
    if (type !== 1 && type !== 5 && action !== 0) {
      if (action === 2 || (action === 3 && !packet.group))
        upward.parameterProblem(packet, 2, at - packet.header);
      return false;
    }
    at += 2 + (frame[at + 1] as number);
  }
  return true;
}
