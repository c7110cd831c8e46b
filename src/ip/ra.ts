// Router advertisements (RFC 4861, 4.2 and 6; RFC 8106 for DNS servers): written by a gateway, read by a host.
import {
  allNodes,
  interfaceAddress,
  isLinkLocal,
  isUnspecified,
  type Address,
  type Prefix,
} from "./address.js";
import { sendIcmp } from "./icmp-message.js";
import { macOption, ndHopLimit, ndOption, ndOptions, ndType } from "./nd.js";
import { random, type Nic } from "./nic.js";
import { sourceOf, type Packet } from "./packet.js";
import { createTimer } from "./timers.js";
import { concat, get16, get32, set16, set32 } from "./wire.js";

export interface RouterAdvertisement {
  readonly hopLimit: number;
  /** Whether addresses, and whether other things, are had by DHCPv6. */
  readonly managed: boolean;
  readonly other: boolean;
  /** Seconds; 0: no default router. */
  readonly lifetime: number;
  readonly prefixes: readonly (Prefix & {
    readonly onLink: boolean;
    readonly autonomous: boolean;
    /** Seconds; 0xffffffff: for ever. */
    readonly validLifetime: number;
    readonly preferredLifetime: number;
  })[];
  readonly mtu: number | undefined;
  readonly dnsServers: readonly Address[];
}

export interface RouterOptions {
  /** Prefixes of 64 bits, from which hosts make their addresses. */
  readonly prefixes: readonly Prefix[];
  readonly dnsServers?: readonly Address[];
}

const lifetimes = { router: 1800, prefix: 86_400, preferred: 14_400 } as const;
/** RFC 4861, 6.2.1 and 10. One router on its link need not wait long for others. */
const interval = { min: 200_000, max: 600_000, initial: 16_000, initialCount: 3 } as const;
const answerDelayMsecs = 20;
const betweenMulticastsMsecs = 3000;

export function writeRouterAdvertisement(nic: Nic, { prefixes, dnsServers = [] }: RouterOptions): Uint8Array {
  const head = new Uint8Array(16);
  head[0] = ndType.routerAdvertisement;
  head[4] = 64;
  set16(head, 6, lifetimes.router);
  const mtu = Uint8Array.of(ndOption.mtu, 1, 0, 0, 0, 0, 0, 0);
  set32(mtu, 4, nic.mtu6);
  const prefixOptions = prefixes.map(({ address, length }) => {
    const option = new Uint8Array(32);
    option.set([ndOption.prefix, 4, length, 0xc0]);
    set32(option, 4, lifetimes.prefix);
    set32(option, 8, lifetimes.preferred);
    option.set(address.subarray(0, length >> 3), 16);
    return option;
  });
  const dns = dnsServers.map((server) => {
    const option = new Uint8Array(24);
    option.set([ndOption.dnsServers, 3]);
    set32(option, 4, lifetimes.router);
    option.set(server, 8);
    return option;
  });
  return concat(head, macOption(ndOption.sourceMac, nic.link.mac), mtu, ...prefixOptions, ...dns);
}

export interface RouterRole {
  solicited(packet: Packet): void;
  stop(): void;
}

/** Advertises as a router, by itself and when it is asked (RFC 4861, 6.2.4 and 6.2.6). Its source is a link-local address. */
export function createRouter(nic: Nic, options: RouterOptions): RouterRole {
  const source =
    nic.own.find(({ address }) => address.length === 16 && isLinkLocal(address))?.address ??
    interfaceAddress(nic.link.mac);
  let [sent, last] = [0, -Infinity];
  const send = (destination: Address): void => {
    sendIcmp(nic, { source, destination, hopLimit: ndHopLimit }, writeRouterAdvertisement(nic, options));
  };
  const timer = createTimer(() => {
    send(allNodes);
    last = nic.now();
    sent++;
    const until = interval.min + random(nic) * (interval.max - interval.min);
    nic.timers.set(timer, last + (sent < interval.initialCount ? Math.min(until, interval.initial) : until));
  });
  nic.timers.set(timer, nic.now());
  return {
    solicited(packet) {
      if (
        packet.hopLimit !== ndHopLimit ||
        packet.frame[packet.at + 1] !== 0 ||
        ndOptions(packet, packet.at + 8) === undefined
      )
        return;
      // RFC 4861, 6.2.6: by unicast to who has an address, else to all, but not more often than every three seconds.
      const asker = sourceOf(packet);
      const now = nic.now();
      if (!isUnspecified(asker)) send(asker);
      else
        nic.timers.set(timer, Math.max(now + random(nic) * answerDelayMsecs, last + betweenMulticastsMsecs));
    },
    stop: () => nic.timers.remove(timer),
  };
}

/** The advertisement in a packet, or undefined where it is none to believe (RFC 4861, 6.1.2). */
export function readRouterAdvertisement(packet: Packet): RouterAdvertisement | undefined {
  const { frame, at, end, hopLimit } = packet;
  if (hopLimit !== ndHopLimit || frame[at + 1] !== 0 || end - at < 16 || !isLinkLocal(sourceOf(packet)))
    return undefined;
  const options = ndOptions(packet, at + 16);
  if (options === undefined) return undefined;
  const of = (type: number, size: number): Uint8Array[] =>
    options.filter((option) => option.type === type && option.data.length >= size).map(({ data }) => data);
  const [mtu] = of(ndOption.mtu, 6);
  const flags = frame[at + 5] as number;
  return {
    hopLimit: frame[at + 4] as number,
    managed: (flags & 0x80) !== 0,
    other: (flags & 0x40) !== 0,
    lifetime: get16(frame, at + 6),
    prefixes: of(ndOption.prefix, 30).map((data) => ({
      address: data.slice(14, 30),
      length: Math.min(data[0] as number, 128),
      onLink: ((data[1] as number) & 0x80) !== 0,
      autonomous: ((data[1] as number) & 0x40) !== 0,
      validLifetime: get32(data, 2) >>> 0,
      preferredLifetime: get32(data, 6) >>> 0,
    })),
    mtu: mtu === undefined ? undefined : get32(mtu, 2) >>> 0,
    dnsServers: of(ndOption.dnsServers, 22).flatMap((data) =>
      Array.from({ length: (data.length - 6) >> 4 }, (_, i) => data.slice(6 + i * 16, 22 + i * 16)),
    ),
  };
}
