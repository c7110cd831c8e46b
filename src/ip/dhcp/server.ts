// A DHCP server for one link (RFC 2131, 4.3): leases from a range, the same again for who comes back.
import {
  formatAddress,
  limitedBroadcast,
  parseAddress,
  parsePrefix,
  unspecified,
  type Address,
} from "../address.js";
import type { Stack } from "../stack.js";
import { equal, get32 } from "../wire.js";
import { addressFor, clientOf, createLeases, decline, keep, mayHave, type Leases } from "./leases.js";
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

interface Server {
  readonly self: Address;
  readonly leases: Leases;
  readonly leaseSecs: number;
  /** What every client is told. */
  readonly parameters: readonly Option[];
  send(to: Address, port: number, message: Uint8Array): void;
}

type Option = readonly [code: number, data: Uint8Array];

/** How long an offer is kept for who asked. */
const offerMsecs = 60_000;
const none = unspecified[4];

export function createDhcpServer(stack: Stack, options: DhcpServerOptions): DhcpServer {
  const { address: self, length } = parsePrefix(options.address);
  const leases = createLeases(parseAddress(options.first), options.count, options.now);
  const parameters = parametersOf(self, length, options);
  const socket = stack.udp.bind({ port: dhcpPort.server }, ({ data }) => {
    const message = readDhcp(data);
    if (message?.op === 1) onMessage(server, message);
  });
  const local = { address: self, port: dhcpPort.server };
  const server: Server = {
    self,
    leases,
    leaseSecs: options.leaseSecs ?? 86_400,
    parameters,
    send: (address, port, message) => void socket.send({ address, port }, message, local),
  };
  return {
    get leases() {
      return new Map([...leases.byClient.values()].map(({ mac, address }) => [mac, formatAddress(address)]));
    },
    close: () => socket.close(),
  };
}

function parametersOf(self: Address, length: number, options: DhcpServerOptions): Option[] {
  const { routers, dnsServers, domainName, hostName, mtu } = options;
  const option = <T>(code: number, value: T | undefined, write: (value: T) => Uint8Array): Option[] =>
    value === undefined ? [] : [[code, write(value)]];
  const addresses = (texts: readonly string[]): Uint8Array =>
    Uint8Array.from(texts.flatMap((text) => [...parseAddress(text)]));
  return [
    [dhcpOption.subnetMask, maskOf(length)],
    [dhcpOption.broadcast, u32(get32(self, 0) | ~get32(maskOf(length), 0))],
    ...option(dhcpOption.router, routers, addresses),
    ...option(dhcpOption.dnsServers, dnsServers, addresses),
    ...option(dhcpOption.domainName, domainName, ascii),
    ...option(dhcpOption.hostName, hostName, ascii),
    ...option(dhcpOption.interfaceMtu, mtu, u16),
  ];
}

function onMessage(server: Server, message: DhcpMessage): void {
  const { leases } = server;
  const client = clientOf(message);
  if (message.type === dhcpType.discover) {
    const address = addressFor(leases, client, message.options.get(dhcpOption.requestedAddress));
    if (address === undefined) return;
    if ((leases.byClient.get(client)?.until ?? 0) <= leases.now()) keep(leases, message, address, offerMsecs);
    reply(server, message, dhcpType.offer, address);
  } else if (message.type === dhcpType.request) onRequest(server, message);
  else if (message.type === dhcpType.release) leases.byClient.delete(client);
  else if (message.type === dhcpType.inform) reply(server, message, dhcpType.ack, undefined);
  else if (message.type === dhcpType.decline) decline(leases, message);
}

/** RFC 2131, 4.3.2. */
function onRequest(server: Server, message: DhcpMessage): void {
  const { self, leases, leaseSecs } = server;
  const chosen = message.options.get(dhcpOption.serverIdentifier);
  // Another's offer was taken.
  if (chosen !== undefined && !equal(chosen, self)) {
    leases.byClient.delete(clientOf(message));
    return;
  }
  const wanted = message.options.get(dhcpOption.requestedAddress) ?? message.ciaddr;
  if (wanted.length !== 4) return;
  const lease = leases.byClient.get(clientOf(message));
  const known = lease !== undefined && equal(lease.address, wanted);
  if (known || mayHave(leases, wanted)) {
    keep(leases, message, wanted, leaseSecs * 1000);
    reply(server, message, dhcpType.ack, wanted);
  } else reply(server, message, dhcpType.nak, undefined);
}

function reply(server: Server, to: DhcpMessage, type: DhcpType, yiaddr: Address | undefined): void {
  const { leaseSecs, parameters } = server;
  const times: readonly Option[] = [
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
      [dhcpOption.serverIdentifier as number, server.self],
      ...(yiaddr === undefined ? [] : times),
      ...(type === dhcpType.nak ? [] : parameters),
    ]),
  });
  // RFC 2131, 4.1: to a relay, to the address it has, else to everybody: it cannot answer ARP yet.
  const relayed = !equal(to.giaddr, none);
  const unicast = type !== dhcpType.nak && !equal(to.ciaddr, none);
  const address = relayed ? to.giaddr : unicast ? to.ciaddr : limitedBroadcast;
  server.send(address, relayed ? dhcpPort.server : dhcpPort.client, data);
}
