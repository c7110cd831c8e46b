// Neighbour discovery for IPv6 (RFC 4861, 7.2): solicitations and advertisements, and duplicate address detection
// (RFC 4862, 5.4).
import {
  allNodes,
  isMulticast,
  isUnspecified,
  keyOf,
  solicitedNode,
  unspecified,
  type Address,
  type Mac,
} from "./address.js";
import { isGroupMac } from "./ethernet.js";
import { sendIcmp } from "./icmp-message.js";
import { confirm, learn, neighbourOf } from "./neighbour.js";
import { ownAddress, sourceFor, type Neighbour, type Nic, type Own } from "./nic.js";
import { sourceOf, type Packet } from "./packet.js";
import { equal, matches } from "./wire.js";

export const ndType = { routerSolicitation: 133, routerAdvertisement: 134, solicitation: 135, advertisement: 136, redirect: 137 } as const; // prettier-ignore
export const ndOption = { sourceMac: 1, targetMac: 2, prefix: 3, mtu: 5, dnsServers: 25 } as const;
const flag = { router: 0x80, solicited: 0x40, override: 0x20 } as const;
/** RFC 4861, 7.1: what has passed a router is not from the link. */
export const ndHopLimit = 255;

/** The options of a message from `at` on, by type with their bytes; undefined where one has no length (RFC 4861, 4.6). */
export function ndOptions(
  { frame, end }: Packet,
  from: number,
): { readonly type: number; readonly data: Uint8Array }[] | undefined {
  const options = [];
  for (let at = from; at < end;) {
    const size = (frame[at + 1] ?? 0) * 8;
    if (at + 2 > end || size === 0 || at + size > end) return undefined;
    options.push({ type: frame[at] as number, data: frame.subarray(at + 2, at + size) });
    at += size;
  }
  return options;
}

/** An option with a MAC. */
export const macOption = (type: number, mac: Mac): Uint8Array => Uint8Array.of(type, 1, ...mac);

function solicit(nic: Nic, source: Address, target: Address, destination: Address): void {
  const option = isUnspecified(source) ? new Uint8Array(0) : macOption(ndOption.sourceMac, nic.link.mac);
  const message = new Uint8Array(24 + option.length);
  message[0] = ndType.solicitation;
  message.set(target, 8);
  message.set(option, 24);
  sendIcmp(nic, { source, destination, hopLimit: ndHopLimit }, message);
}

/** Asks for a neighbour's MAC. */
export function ndRequest(nic: Nic, neighbour: Neighbour, unicast: boolean): void {
  const source = sourceFor(nic, neighbour.address);
  if (source === undefined) return;
  solicit(nic, source, neighbour.address, unicast ? neighbour.address : solicitedNode(neighbour.address));
}

/** Asks whether somebody has the address already (RFC 4862, 5.4.2). */
export const probeAddress = (nic: Nic, address: Address): void =>
  solicit(nic, unspecified[6], address, solicitedNode(address));

/** Says who has `target` (RFC 4861, 4.4). */
export function advertise(
  nic: Nic,
  source: Address,
  destination: Address,
  target: Address,
  flags: number,
): void {
  const message = new Uint8Array(32);
  message[0] = ndType.advertisement;
  message[4] = flags;
  message.set(target, 8);
  message.set(macOption(ndOption.targetMac, nic.link.mac), 24);
  sendIcmp(nic, { source, destination, hopLimit: ndHopLimit }, message);
}

/** Takes a solicitation or an advertisement. `duplicate` is told of an address of the stack's that somebody else has. */
export function receiveNd(nic: Nic, packet: Packet, isRouter: boolean, duplicate: (own: Own) => void): void {
  const { frame, at, end } = packet;
  if (packet.hopLimit !== ndHopLimit || frame[at + 1] !== 0 || end - at < 24) return;
  const options = ndOptions(packet, at + 24);
  const target = frame.slice(at + 8, at + 24);
  if (options === undefined || isMulticast(target)) return;
  if (frame[at] === ndType.solicitation) onSolicitation(nic, packet, target, options, isRouter, duplicate);
  else onAdvertisement(nic, packet, target, options, duplicate);
}

type Options = NonNullable<ReturnType<typeof ndOptions>>;

function macOf(nic: Nic, options: Options, type: number): Mac | undefined {
  const mac = options.find((option) => option.type === type)?.data.subarray(0, 6);
  return mac === undefined || isGroupMac(mac) || matches(nic.link.mac, 0, mac) ? undefined : mac;
}

/** RFC 4861, 7.2.3 and 7.2.4. */
function onSolicitation(
  nic: Nic,
  packet: Packet,
  target: Address,
  options: Options,
  isRouter: boolean,
  duplicate: (own: Own) => void,
): void {
  const own = ownAddress(nic, target);
  if (own === undefined && !nic.answersFor(target)) return;
  const source = sourceOf(packet);
  const probing = isUnspecified(source);
  const mac = macOf(nic, options, ndOption.sourceMac);
  if (probing && (mac !== undefined || !packet.group)) return;
  if (own?.tentative === true) {
    // RFC 4862, 5.4.3: somebody else tries the same address.
    if (probing && !matches(packet.frame, 6, nic.link.mac)) duplicate(own);
    return;
  }
  // Who probes an address that the stack only stands in for may have it.
  if (own === undefined && probing) return;
  if (mac !== undefined) learn(nic, neighbourOf(nic, source), mac, false);
  const flags =
    (isRouter ? flag.router : 0) | (own === undefined ? 0 : flag.override) | (probing ? 0 : flag.solicited);
  advertise(nic, target, probing ? allNodes : source, target, flags);
}

/** RFC 4861, 7.2.5. */
function onAdvertisement(
  nic: Nic,
  packet: Packet,
  target: Address,
  options: Options,
  duplicate: (own: Own) => void,
): void {
  const flags = packet.frame[packet.at + 4] as number;
  if (packet.group && (flags & flag.solicited) !== 0) return;
  const own = ownAddress(nic, target);
  if (own !== undefined) {
    duplicate(own);
    return;
  }
  const neighbour = nic.neighbours.get(keyOf(target));
  if (neighbour === undefined || neighbour.state === "group") return;
  const mac = macOf(nic, options, ndOption.targetMac);
  const solicited = (flags & flag.solicited) !== 0;
  neighbour.isRouter = (flags & flag.router) !== 0;
  if (neighbour.mac === undefined) {
    if (mac !== undefined) learn(nic, neighbour, mac, solicited);
    return;
  }
  const changes = mac !== undefined && !equal(mac, neighbour.mac);
  if (changes && (flags & flag.override) === 0) {
    if (neighbour.state === "reachable") neighbour.state = "stale";
  } else if (changes) learn(nic, neighbour, mac, solicited);
  else if (solicited) confirm(nic, neighbour);
}
