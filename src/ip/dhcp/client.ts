// A DHCP client (RFC 2131, 4.4): gets an address, keeps it, and says what else the server told.
import { formatAddress, limitedBroadcast, unspecified, type Address } from "../address.js";
import type { Host } from "../host.js";
import type { Stack } from "../stack.js";
import { equal, get16, get32 } from "../wire.js";
import {
  addressesIn,
  ascii,
  dhcpOption,
  dhcpPort,
  dhcpType,
  lengthOf,
  readDhcp,
  u16,
  writeDhcp,
  type DhcpMessage,
  type DhcpType,
} from "./message.js";

export interface DhcpLease {
  readonly address: Address;
  readonly prefixLength: number;
  readonly routers: readonly Address[];
  readonly dnsServers: readonly Address[];
  readonly domainName: string | undefined;
  readonly mtu: number | undefined;
  readonly server: Address;
  readonly leaseSecs: number;
}

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

type State = "selecting" | "requesting" | "bound" | "renewing" | "rebinding" | "stopped";

/** RFC 2131, 4.1: 4 s, doubled up to 64, with a second to and fro. */
const retry = { firstMsecs: 4000, maxMsecs: 64_000, spreadMsecs: 1000, requests: 4 } as const;
/** 4.4.5: no more often while renewing. */
const renewRetryMsecs = 60_000;
const infinite = 0xffffffff;

/** Starts at once; the stack gets the address, and its routers, by itself. */
export function createDhcpClient(
  stack: Stack,
  host: Host,
  { mac, hostName, onLease }: DhcpClientOptions,
): DhcpClient {
  let current: State = "selecting";
  let lease: DhcpLease | undefined;
  let offered: DhcpMessage | undefined;
  let [xid, attempt, startedAt, since] = [0, 0, host.now(), 0];

  const random32 = (): number => {
    const bytes = new Uint8Array(4);
    host.entropy(bytes);
    return get32(bytes, 0);
  };
  const send = (
    type: DhcpType,
    ciaddr: Address,
    to: Address,
    more: readonly (readonly [number, Uint8Array])[] = [],
  ): void => {
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
        [
          dhcpOption.parameterList,
          Uint8Array.of(
            dhcpOption.subnetMask,
            dhcpOption.router,
            dhcpOption.dnsServers,
            dhcpOption.domainName,
            dhcpOption.interfaceMtu,
            dhcpOption.leaseTime,
            dhcpOption.renewalTime,
            dhcpOption.rebindingTime,
          ),
        ],
        ...(hostName === undefined ? [] : [[dhcpOption.hostName, ascii(hostName)] as const]),
        ...more,
      ]),
    });
    const local = lease?.address ?? unspecified[4];
    socket.send({ address: to, port: dhcpPort.server }, data, { address: local, port: dhcpPort.client });
  };
  const again = (msecs: number): void => alarm.set(host.now() + msecs);
  const backoff = (): number =>
    Math.min(retry.maxMsecs, retry.firstMsecs * 2 ** Math.min(attempt, 4)) +
    ((random32() >>> 0) / 0x100000000 - 0.5) * 2 * retry.spreadMsecs;

  const discover = (): void => {
    current = "selecting";
    offered = undefined;
    if (attempt === 0) {
      xid = random32();
      startedAt = host.now();
    }
    send(dhcpType.discover, unspecified[4], limitedBroadcast);
    again(backoff());
    attempt++;
  };
  const request = (): void => {
    const server = offered?.options.get(dhcpOption.serverIdentifier);
    if (offered === undefined || server === undefined || attempt > retry.requests) {
      attempt = 0;
      discover();
      return;
    }
    current = "requesting";
    send(dhcpType.request, unspecified[4], limitedBroadcast, [
      [dhcpOption.requestedAddress, offered.yiaddr],
      [dhcpOption.serverIdentifier, server],
    ]);
    again(backoff());
    attempt++;
  };
  /** 4.4.5: T1 asks who gave it, T2 everybody, and after the lease it is gone. */
  const renew = (): void => {
    if (lease === undefined) return;
    const [t2, end] = [since + lease.leaseSecs * 875, since + lease.leaseSecs * 1000];
    const now = host.now();
    if (now >= end) {
      lose();
      return;
    }
    if (current === "bound") xid = random32();
    current = now >= t2 ? "rebinding" : "renewing";
    send(dhcpType.request, lease.address, current === "renewing" ? lease.server : limitedBroadcast);
    const next = current === "renewing" ? t2 : end;
    again(Math.min(next - now, Math.max((next - now) / 2, renewRetryMsecs)));
  };
  const lose = (): void => {
    drop();
    onLease(undefined);
    attempt = 0;
    discover();
  };
  const drop = (): void => {
    if (lease === undefined) return;
    stack.removeAddress(formatAddress(lease.address));
    for (const router of lease.routers) stack.removeRouter(formatAddress(router));
    lease = undefined;
  };
  const bind = (ack: DhcpMessage): void => {
    const { options } = ack;
    const mask = options.get(dhcpOption.subnetMask);
    const mtu = options.get(dhcpOption.interfaceMtu);
    const secs = options.get(dhcpOption.leaseTime);
    const domain = options.get(dhcpOption.domainName);
    const next: DhcpLease = {
      address: ack.yiaddr,
      prefixLength: mask?.length === 4 ? lengthOf(mask) : 24,
      routers: addressesIn(options.get(dhcpOption.router)),
      dnsServers: addressesIn(options.get(dhcpOption.dnsServers)),
      domainName: domain === undefined ? undefined : String.fromCharCode(...domain),
      mtu: mtu?.length === 2 ? get16(mtu, 0) : undefined,
      server: options.get(dhcpOption.serverIdentifier) ?? ack.siaddr,
      leaseSecs: secs?.length === 4 ? get32(secs, 0) >>> 0 : 3600,
    };
    const same =
      lease !== undefined && equal(lease.address, next.address) && lease.prefixLength === next.prefixLength;
    if (!same) {
      drop();
      stack.addAddress(`${formatAddress(next.address)}/${next.prefixLength}`);
      for (const router of next.routers) stack.addRouter(formatAddress(router));
    }
    lease = next;
    since = host.now();
    current = "bound";
    attempt = 0;
    if (next.leaseSecs !== infinite) again(next.leaseSecs * 500);
    else alarm.set(Infinity);
    if (!same) onLease(next);
  };

  const alarm = stack.alarm(() => {
    if (current === "selecting") discover();
    else if (current === "requesting") request();
    else if (current !== "stopped") renew();
  });
  const socket = stack.udp.bind({ port: dhcpPort.client }, ({ data }) => {
    const message = readDhcp(data);
    if (message === undefined || message.op !== 2 || message.xid !== xid || !equal(message.chaddr, mac))
      return;
    if (message.type === dhcpType.offer && current === "selecting") {
      offered = message;
      attempt = 0;
      request();
    } else if (current === "requesting" || current === "renewing" || current === "rebinding") {
      if (message.type === dhcpType.ack) bind(message);
      else if (message.type === dhcpType.nak) lose();
    }
  });
  discover();
  return {
    get lease() {
      return lease;
    },
    release() {
      if (lease !== undefined) {
        send(dhcpType.release, lease.address, lease.server, [[dhcpOption.serverIdentifier, lease.server]]);
        drop();
      }
      current = "stopped";
      alarm.set(Infinity);
      socket.close();
    },
  };
}
