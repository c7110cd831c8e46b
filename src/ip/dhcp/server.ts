// A DHCP server for one link (RFC 2131, 4.3): leases from a range, the same again for who comes back.
import {
  formatAddress,
  keyOf,
  limitedBroadcast,
  parseAddress,
  parsePrefix,
  type Address,
} from "../address.js";
import type { Stack } from "../stack.js";
import { equal, get32 } from "../wire.js";
import {
  ascii,
  dhcpOption,
  dhcpPort,
  dhcpType,
  maskOf,
  readDhcp,
  u16,
  u32,
  writeDhcp,
  type DhcpMessage,
  type DhcpType,
} from "./message.js";

export interface DhcpServerOptions {
  /** The server's own address with the link's prefix: `10.0.2.2/24`. */
  readonly address: string;
  /** The first address that is given, and how many there are. */
  readonly first: string;
  readonly count: number;
  readonly routers?: readonly string[];
  readonly dnsServers?: readonly string[];
  readonly domainName?: string;
  readonly hostName?: string;
  readonly mtu?: number;
  readonly leaseSecs?: number;
  /** Milliseconds, as `Host.now`. */
  readonly now: () => number;
}

export interface DhcpServer {
  /** Address by MAC, as `02:00:00:00:00:01`. */
  readonly leases: ReadonlyMap<string, string>;
  close(): void;
}

interface Lease {
  readonly client: string;
  readonly mac: string;
  readonly address: Address;
  until: number;
}

/** How long an offer is kept for who asked. */
const offerMsecs = 60_000;

export function createDhcpServer(stack: Stack, options: DhcpServerOptions): DhcpServer {
  const { address: self, length } = parsePrefix(options.address);
  const first = get32(parseAddress(options.first), 0);
  const leaseSecs = options.leaseSecs ?? 86_400;
  /** By client, oldest first. */
  const leases = new Map<string, Lease>();
  const declined = new Set<string>();

  const inRange = (address: Address): boolean => {
    const offset = (get32(address, 0) - first) | 0;
    return offset >= 0 && offset < options.count;
  };
  const isFree = (address: Address): boolean =>
    !declined.has(keyOf(address)) &&
    [...leases.values()].every((lease) => !equal(lease.address, address) || lease.until <= options.now());

  /** RFC 2131, 4.3.1: what it has or had, what it wants, else the first that is free. */
  const addressFor = (client: string, wanted: Address | undefined): Address | undefined => {
    const lease = leases.get(client);
    if (lease !== undefined && !declined.has(keyOf(lease.address))) return lease.address;
    if (wanted !== undefined && inRange(wanted) && isFree(wanted)) return wanted;
    for (let i = 0; i < options.count; i++) if (isFree(u32(first + i))) return u32(first + i);
    return undefined;
  };
  const keep = (message: DhcpMessage, address: Address, msecs: number): void => {
    const client = clientOf(message);
    for (const [other, lease] of leases)
      if (other === client || equal(lease.address, address)) leases.delete(other);
    leases.set(client, { client, mac: macText(message.chaddr), address, until: options.now() + msecs });
  };

  const list = (texts: readonly string[]): Uint8Array =>
    Uint8Array.from(texts.flatMap((text) => [...parseAddress(text)]));
  const parameters = (): [number, Uint8Array][] => [
    [dhcpOption.subnetMask, maskOf(length)],
    [dhcpOption.broadcast, u32(get32(self, 0) | ~get32(maskOf(length), 0))],
    ...(options.routers === undefined
      ? []
      : [[dhcpOption.router, list(options.routers)] as [number, Uint8Array]]),
    ...(options.dnsServers === undefined
      ? []
      : [[dhcpOption.dnsServers, list(options.dnsServers)] as [number, Uint8Array]]),
    ...(options.domainName === undefined
      ? []
      : [[dhcpOption.domainName, ascii(options.domainName)] as [number, Uint8Array]]),
    ...(options.hostName === undefined
      ? []
      : [[dhcpOption.hostName, ascii(options.hostName)] as [number, Uint8Array]]),
    ...(options.mtu === undefined
      ? []
      : [[dhcpOption.interfaceMtu, u16(options.mtu)] as [number, Uint8Array]]),
  ];
  const reply = (to: DhcpMessage, type: DhcpType, yiaddr: Address | undefined): void => {
    const leased = yiaddr !== undefined;
    const times: [number, Uint8Array][] = [
      [dhcpOption.leaseTime, u32(leaseSecs)],
      [dhcpOption.renewalTime, u32(leaseSecs >>> 1)],
      [dhcpOption.rebindingTime, u32(Math.floor(leaseSecs * 0.875))],
    ];
    const data = writeDhcp({
      op: 2,
      xid: to.xid,
      secs: 0,
      broadcast: to.broadcast,
      ciaddr: type === dhcpType.ack ? to.ciaddr : none,
      yiaddr: yiaddr ?? none,
      siaddr: none,
      giaddr: to.giaddr,
      chaddr: to.chaddr,
      type,
      options: new Map([
        [dhcpOption.serverIdentifier as number, self],
        ...(leased ? times : []),
        ...(type === dhcpType.nak ? [] : parameters()),
      ]),
    });
    // RFC 2131, 4.1: to a relay, to the address it has, else to everybody: it cannot answer ARP yet.
    const relayed = !equal(to.giaddr, none);
    const unicast = type !== dhcpType.nak && !equal(to.ciaddr, none);
    const address = relayed ? to.giaddr : unicast ? to.ciaddr : limitedBroadcast;
    socket.send({ address, port: relayed ? dhcpPort.server : dhcpPort.client }, data, {
      address: self,
      port: dhcpPort.server,
    });
  };

  const onRequest = (message: DhcpMessage): void => {
    const server = message.options.get(dhcpOption.serverIdentifier);
    // Another's offer was taken.
    if (server !== undefined && !equal(server, self)) {
      leases.delete(clientOf(message));
      return;
    }
    const wanted = message.options.get(dhcpOption.requestedAddress) ?? message.ciaddr;
    if (wanted.length !== 4) return;
    const lease = leases.get(clientOf(message));
    const known = lease !== undefined && equal(lease.address, wanted);
    if (known || (inRange(wanted) && isFree(wanted))) {
      keep(message, wanted, leaseSecs * 1000);
      reply(message, dhcpType.ack, wanted);
    } else reply(message, dhcpType.nak, undefined);
  };

  const socket = stack.udp.bind({ port: dhcpPort.server }, ({ data }) => {
    const message = readDhcp(data);
    if (message === undefined || message.op !== 1) return;
    const { requestedAddress } = dhcpOption;
    if (message.type === dhcpType.discover) {
      const address = addressFor(clientOf(message), message.options.get(requestedAddress));
      if (address === undefined) return;
      if ((leases.get(clientOf(message))?.until ?? 0) <= options.now()) keep(message, address, offerMsecs);
      reply(message, dhcpType.offer, address);
    } else if (message.type === dhcpType.request) onRequest(message);
    else if (message.type === dhcpType.release) leases.delete(clientOf(message));
    else if (message.type === dhcpType.inform) reply(message, dhcpType.ack, undefined);
    else if (message.type === dhcpType.decline) {
      const address = message.options.get(requestedAddress);
      leases.delete(clientOf(message));
      if (address !== undefined && address.length === 4 && inRange(address)) declined.add(keyOf(address));
    }
  });
  return {
    get leases() {
      return new Map([...leases.values()].map(({ mac, address }) => [mac, formatAddress(address)]));
    },
    close: () => socket.close(),
  };
}

const none = new Uint8Array(4);
/** RFC 2131, 4.2: its identifier, else its hardware address. */
const clientOf = ({ options, chaddr }: DhcpMessage): string =>
  (options.get(dhcpOption.clientIdentifier) ?? chaddr).join();
const macText = (mac: Uint8Array): string =>
  Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join(":");
