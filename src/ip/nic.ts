// The stack's end of its link: addresses, the one frame that is being written, and what all layers share.
import {
  commonBits,
  familyOf,
  inPrefix,
  isLinkLocal,
  isMulticast,
  limitedBroadcast,
  type Address,
  type Family,
  type Mac,
  type Prefix,
} from "./address.js";
import { ethernetHeader } from "./ethernet.js";
import type { Buffered } from "./host-functions.js";
import type { Host, Link } from "./host.js";
import type { Timer, Timers } from "./timers.js";
import { equal as same, get32 } from "./wire.js";

/** A host on the link. */
export interface Neighbour {
  readonly address: Address;
  /** Undefined while it is asked for. */
  mac: Mac | undefined;
  state: "incomplete" | "reachable" | "stale" | "delay" | "probe" | "group" | "failed";
  /** When it was last known to receive what is sent to it. */
  confirmed: number;
  isRouter: boolean;
  readonly timer: Timer;
  probes: number;
  /** Frames that wait for the MAC, oldest first. */
  waiting: Uint8Array[];
}

/** An address of the stack's own. Times are those of `Host.now`. */
export interface Own extends Prefix {
  /** The prefix's address for everybody as a number of 32 bits; 0 where there is none. */
  readonly broadcast: number;
  /** Not to be used until nobody else has been found to use it (RFC 4862, 5.4). */
  tentative: boolean;
  preferredUntil: number;
  validUntil: number;
}

/** A default router (RFC 4861, 5.1; RFC 1122, 3.3.1.1). */
export interface Router {
  readonly address: Address;
  until: number;
}

/** What is counted. */
export interface Counters {
  received: number;
  /** Of those, the ones that were the next of their connection and needed no other checks. */
  predicted: number;
  sent: number;
  /** Frames that were malformed, for others, or refused by a limit. */
  dropped: number;
  segmentsResent: number;
}

export interface Nic {
  readonly link: Required<Link>;
  readonly host: Host;
  readonly timers: Timers;
  /** `Host.now`, asked once for each call from outside: to a unikernel it is a call of the host's. */
  readonly now: () => number;
  /** The frame that is being written. */
  readonly tx: Uint8Array;
  readonly out: Buffered;
  readonly counters: Counters;
  readonly own: Own[];
  readonly routers: Router[];
  /** Prefixes whose addresses are neighbours, beside those of `own`. */
  readonly onLink: (Prefix & { until: number })[];
  /** Packets to any address are for this stack: it is the gateway that ends them. */
  readonly anyAddress: boolean;
  /** Addresses beside its own that ARP and neighbour discovery answer for. */
  readonly answersFor: (address: Address) => boolean;
  readonly neighbours: Map<string, Neighbour>;
  /** Asks the link for a neighbour's MAC: of itself where `unicast`, else of everybody. */
  solicit: (neighbour: Neighbour, unicast: boolean) => void;
  /** A neighbour does not answer: packets to it were lost. */
  unreachable: (neighbour: Neighbour) => void;
  /** Hop limit of what is sent; a router may say (RFC 4861, 6.3.4). */
  hopLimit: number;
  /** MTU of IPv6 as a router says, at most the link's. */
  mtu6: number;
  /** Ends a call from outside: sends and tells what is due, and asks for the next alarm. */
  readonly settle: () => void;
  /** The identification of the next IPv4 packet that may be fragmented. */
  identification: number;
}

/** Offset of what follows the IP header in `tx`. */
export const transportAt = (family: Family): number => ethernetHeader + (family === 4 ? 20 : 40);
export const mtuOf = (nic: Nic, family: Family): number => (family === 4 ? nic.link.mtu : nic.mtu6);

export const ownAddress = (nic: Nic, address: Address): Own | undefined =>
  nic.own.find((own) => same(own.address, address));

/** The address of the stack's that the bytes at `at` are. */
export function ownAt(nic: Nic, b: Uint8Array, at: number, size: number): Own | undefined {
  for (const own of nic.own) {
    const { address } = own;
    if (address.length !== size) continue;
    let i = 0;
    while (i < size && address[i] === b[at + i]) i++;
    if (i === size) return own;
  }
  return undefined;
}

/** Whether an IPv4 address, here as the bytes at `at`, is everybody's on the link (RFC 1122, 3.2.1.3). */
export function isBroadcastAt(nic: Nic, b: Uint8Array, at: number): boolean {
  const value = get32(b, at);
  if (value === -1) return true;
  for (const own of nic.own) if (own.broadcast === value && value !== 0) return true;
  return false;
}
export const isBroadcastHere = (nic: Nic, address: Address): boolean =>
  address.length === 4 && isBroadcastAt(nic, address, 0);

/** Where packets to `destination` come from: of one scope with it, then of the longest common prefix (RFC 6724, 5). */
export function sourceFor(nic: Nic, destination: Address): Address | undefined {
  let [best, bestScore] = [undefined as Own | undefined, -1];
  for (const own of nic.own) {
    if (own.tentative || own.address.length !== destination.length) continue;
    const score =
      (isLinkLocal(own.address) === isLinkLocal(destination) ? 1000 : 0) +
      (own.preferredUntil > nic.now() ? 500 : 0) +
      Math.min(commonBits(own.address, destination), own.length);
    if (score > bestScore) [best, bestScore] = [own, score];
  }
  return best?.address;
}

/** The neighbour that packets to `destination` go to, by its address: itself, or a router; undefined where there is no way. */
export function nextHop(nic: Nic, destination: Address): Address | undefined {
  const now = nic.now();
  const near = (prefix: Prefix): boolean => inPrefix(destination, prefix);
  if (isLinkLocal(destination) || isMulticast(destination) || same(destination, limitedBroadcast))
    return destination;
  if (nic.own.some(near) || nic.onLink.some((p) => p.until > now && near(p))) return destination;
  const family = familyOf(destination);
  const router = nic.routers.find(({ address, until }) => familyOf(address) === family && until > now);
  return router?.address ?? (nic.anyAddress ? destination : undefined);
}

/** 32 unpredictable bits. */
export function random32(nic: Pick<Nic, "host">): number {
  const bytes = new Uint8Array(4);
  nic.host.entropy(bytes);
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

/** From 0 up to 1. */
export const random = (nic: Pick<Nic, "host">): number => random32(nic) / 0x100000000;
