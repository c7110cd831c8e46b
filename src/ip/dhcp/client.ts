// A DHCP client (RFC 2131, 4.4): gets an address, keeps it, and says what else the server told.
import { formatAddress, limitedBroadcast, unspecified, type Address } from "../address.js";
import type { Host } from "../host.js";
import { random, random32 } from "../nic.js";
import type { Stack } from "../stack.js";
import type { UdpSocket } from "../udp.js";
import { equal } from "../wire.js";
import { leaseIn, leaseOptions, type DhcpLease } from "./lease.js";
import {
  ascii,
  dhcpOption,
  dhcpPort,
  dhcpType,
  readDhcp,
  u16,
  writeDhcp,
  type DhcpMessage,
  type DhcpType,
} from "./message.js";

export interface DhcpClientOptions {
  readonly mac: Uint8Array;
  readonly hostName?: string;
  /** Called with each lease that is new or other than before; undefined where it was lost. */
  readonly onLease: (lease: DhcpLease | undefined) => void;
}

export interface DhcpClient {
  readonly lease: DhcpLease | undefined;
  /** Gives the address back and stops. */
  release(): void;
}

/** RFC 2131, figure 5; whoever has no lease and asked nobody is selecting. */
interface Client extends DhcpClientOptions {
  readonly stack: Stack;
  readonly host: Host;
  readonly alarm: { set(at: number): void };
  readonly socket: UdpSocket;
  state: "selecting" | "requesting" | "bound" | "renewing" | "rebinding" | "stopped";
  lease: DhcpLease | undefined;
  /** When it was granted. */
  since: number;
  offered: DhcpMessage | undefined;
  xid: number;
  /** How often this message has been sent. */
  attempt: number;
  /** Of the attempt to get an address. */
  startedAt: number;
}

/** RFC 2131, 4.1: 4 s, doubled up to 64, with a second to and fro. */
const retry = { firstMsecs: 4000, maxMsecs: 64_000, spreadMsecs: 1000, requests: 4 } as const;
/** 4.4.5: no more often while renewing. */
const renewRetryMsecs = 60_000;
const infinite = 0xffffffff;

/** Starts at once; the stack gets the address, and its routers, by itself. */
export function createDhcpClient(stack: Stack, host: Host, options: DhcpClientOptions): DhcpClient {
  const client: Client = {
    ...options,
    stack,
    host,
    alarm: stack.alarm(() => onAlarm(client)),
    socket: stack.udp.bind({ port: dhcpPort.client }, ({ data }) => onMessage(client, readDhcp(data))),
    state: "selecting",
    lease: undefined,
    since: 0,
    offered: undefined,
    xid: 0,
    attempt: 0,
    startedAt: host.now(),
  };
  discover(client);
  return {
    get lease() {
      return client.lease;
    },
    release: () => release(client),
  };
}

function onAlarm(client: Client): void {
  if (client.state === "selecting") discover(client);
  else if (client.state === "requesting") request(client);
  else if (client.state !== "stopped") renew(client);
}

function onMessage(client: Client, message: DhcpMessage | undefined): void {
  const { state, xid, mac } = client;
  if (message === undefined || message.op !== 2 || message.xid !== xid || !equal(message.chaddr, mac)) return;
  if (message.type === dhcpType.offer && state === "selecting") {
    client.offered = message;
    client.attempt = 0;
    request(client);
  } else if (state === "requesting" || state === "renewing" || state === "rebinding") {
    if (message.type === dhcpType.ack) bind(client, leaseIn(message));
    else if (message.type === dhcpType.nak) lose(client);
  }
}

/** 4.4.1. */
function discover(client: Client): void {
  client.state = "selecting";
  client.offered = undefined;
  if (client.attempt === 0) {
    client.xid = random32(client) | 0;
    client.startedAt = client.host.now();
  }
  send(client, dhcpType.discover, unspecified[4], limitedBroadcast);
  sendAgainLater(client);
}

function request(client: Client): void {
  const { offered } = client;
  const server = offered?.options.get(dhcpOption.serverIdentifier);
  if (offered === undefined || server === undefined || client.attempt > retry.requests) {
    client.attempt = 0;
    discover(client);
    return;
  }
  client.state = "requesting";
  send(client, dhcpType.request, unspecified[4], limitedBroadcast, [
    [dhcpOption.requestedAddress, offered.yiaddr],
    [dhcpOption.serverIdentifier, server],
  ]);
  sendAgainLater(client);
}

function sendAgainLater(client: Client): void {
  const msecs = Math.min(retry.maxMsecs, retry.firstMsecs * 2 ** Math.min(client.attempt, 4));
  wakeIn(client, msecs + (random(client) - 0.5) * 2 * retry.spreadMsecs);
  client.attempt++;
}

const wakeIn = ({ alarm, host }: Client, msecs: number): void => alarm.set(host.now() + msecs);

/** 4.4.5: T1 asks who gave it, T2 everybody, and after the lease it is gone. */
function renew(client: Client): void {
  const { lease, since } = client;
  if (lease === undefined) return;
  const [t2, end] = [since + lease.leaseSecs * 875, since + lease.leaseSecs * 1000];
  const now = client.host.now();
  if (now >= end) {
    lose(client);
    return;
  }
  if (client.state === "bound") client.xid = random32(client) | 0;
  const rebinds = now >= t2;
  client.state = rebinds ? "rebinding" : "renewing";
  send(client, dhcpType.request, lease.address, rebinds ? limitedBroadcast : lease.server);
  const left = (rebinds ? end : t2) - now;
  wakeIn(client, Math.min(left, Math.max(left / 2, renewRetryMsecs)));
}

function bind(client: Client, lease: DhcpLease): void {
  const { stack, lease: old } = client;
  const same =
    old !== undefined && equal(old.address, lease.address) && old.prefixLength === lease.prefixLength;
  if (!same) {
    drop(client);
    stack.addAddress(`${formatAddress(lease.address)}/${lease.prefixLength}`);
    for (const router of lease.routers) stack.addRouter(formatAddress(router));
  }
  client.lease = lease;
  client.since = client.host.now();
  client.state = "bound";
  client.attempt = 0;
  if (lease.leaseSecs !== infinite) wakeIn(client, lease.leaseSecs * 500);
  else client.alarm.set(Infinity);
  if (!same) client.onLease(lease);
}

function lose(client: Client): void {
  drop(client);
  client.onLease(undefined);
  client.attempt = 0;
  discover(client);
}

function drop(client: Client): void {
  const { stack, lease } = client;
  if (lease === undefined) return;
  stack.removeAddress(formatAddress(lease.address));
  for (const router of lease.routers) stack.removeRouter(formatAddress(router));
  client.lease = undefined;
}

function release(client: Client): void {
  const { lease } = client;
  if (lease !== undefined) {
    send(client, dhcpType.release, lease.address, lease.server, [[dhcpOption.serverIdentifier, lease.server]]); // prettier-ignore
    drop(client);
  }
  client.state = "stopped";
  client.alarm.set(Infinity);
  client.socket.close();
}

function send(
  { socket, host, mac, hostName, xid, startedAt, lease }: Client,
  type: DhcpType,
  ciaddr: Address,
  to: Address,
  more: readonly (readonly [number, Uint8Array])[] = [],
): void {
  const data = writeDhcp({
    op: 1,
    xid,
    secs: Math.min(0xffff, Math.floor((host.now() - startedAt) / 1000)),
    broadcast: lease === undefined,
    ciaddr,
    yiaddr: unspecified[4],
    siaddr: unspecified[4],
    giaddr: unspecified[4],
    chaddr: mac,
    type,
    options: new Map([
      [dhcpOption.clientIdentifier as number, Uint8Array.of(1, ...mac)],
      [dhcpOption.maximumSize, u16(1472)],
      [dhcpOption.parameterList, leaseOptions],
      ...(hostName === undefined ? [] : [[dhcpOption.hostName, ascii(hostName)] as const]),
      ...more,
    ]),
  });
  const local = lease?.address ?? unspecified[4];
  socket.send({ address: to, port: dhcpPort.server }, data, { address: local, port: dhcpPort.client });
}
