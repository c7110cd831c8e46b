// Interfaces, their addresses and routes by netlink: rtnetlink(7); linux/if_link.h, if_addr.h, rtnetlink.h.
import { encode, i32, struct, u16, u32, u8, viewOf } from "../../../bytes/struct.js";
import { textUntilNul } from "../../../bytes/text.js";
import { attributes, join, messageFlag, word } from "./message.js";
import type { Netlink } from "./socket.js";

const ifinfo = struct(16, { family: u8, pad: u8, type: u16, index: i32, flags: u32, change: u32 });
const ifaddr = struct(8, { family: u8, length: u8, flags: u8, scope: u8, index: u32 });
export const route = struct(12, {
  family: u8,
  destinationLength: u8,
  sourceLength: u8,
  tos: u8,
  table: u8,
  protocol: u8,
  scope: u8,
  type: u8,
  flags: u32,
});

const type = { getLink: 18, setLink: 19, getAddress: 22, getRoute: 26 } as const;
const link = { address: 1, name: 3, mtu: 4, info: 18 } as const;
const linkInfo = { kind: 1 } as const;
const address = { address: 1, local: 2 } as const;
const routeOf = { destination: 1, interface: 4, gateway: 5, priority: 6 } as const;
const ask = messageFlag.request | messageFlag.ack;
const isUp = 1;
const isLoopback = 8;
const universe = 0;
const unicast = 1;

/** Address families by the bytes of an address. */
export const addressFamily = { 4: 2, 16: 10 } as const;

export interface Interface {
  readonly index: number;
  readonly name: string;
  readonly mtu: number;
  readonly mac: Uint8Array;
  /** `tun`, `veth`, …; empty for those that are no kind. */
  readonly kind: string;
  readonly isUp: boolean;
  readonly isLoopback: boolean;
}

const u32Of = (data: Uint8Array | undefined): number | undefined =>
  data === undefined ? undefined : u32.read(viewOf(data), 0);

/** Every interface of the namespace, by number. */
export function listInterfaces(netlink: Netlink): readonly Interface[] {
  const body = encode(ifinfo, { family: 0, pad: 0, type: 0, index: 0, flags: 0, change: 0 });
  const { messages } = netlink.ask({ type: type.getLink, flags: ask | messageFlag.dump, body });
  return messages
    .map((data) => {
      const { index, flags } = ifinfo.read(viewOf(data), 0);
      const all = attributes(data.subarray(ifinfo.size));
      return {
        index,
        name: textUntilNul(all.get(link.name) ?? new Uint8Array()),
        mtu: u32Of(all.get(link.mtu)) ?? 0,
        mac: all.get(link.address) ?? new Uint8Array(),
        kind: textUntilNul(
          attributes(all.get(link.info) ?? new Uint8Array()).get(linkInfo.kind) ?? new Uint8Array(),
        ),
        isUp: (flags & isUp) !== 0,
        isLoopback: (flags & isLoopback) !== 0,
      };
    })
    .toSorted((a, b) => a.index - b.index);
}

/** Sets an interface up, with its MTU. The errno, or 0. */
export function setUp(netlink: Netlink, index: number, mtu: number): number {
  const head = encode(ifinfo, { family: 0, pad: 0, type: 0, index, flags: isUp, change: isUp });
  return netlink.ask({ type: type.setLink, flags: ask, body: join([head, word(link.mtu, mtu)]) }).errno;
}

export interface InterfaceAddress {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  /** Bits of the network's prefix. */
  readonly length: number;
}

/** The addresses of an interface that are good everywhere. */
export function listAddresses(netlink: Netlink, interfaceIndex: number): readonly InterfaceAddress[] {
  const body = encode(ifaddr, { family: 0, length: 0, flags: 0, scope: 0, index: 0 });
  const { messages } = netlink.ask({ type: type.getAddress, flags: ask | messageFlag.dump, body });
  return messages.flatMap((data) => {
    const { index, scope, length } = ifaddr.read(viewOf(data), 0);
    const all = attributes(data.subarray(ifaddr.size));
    const own = all.get(address.local) ?? all.get(address.address);
    return index !== interfaceIndex || scope !== universe || own === undefined
      ? []
      : [{ address: own, length }];
  });
}

/** Where an interface's default route leads, by the bytes of an address. */
export function defaultGateway(
  netlink: Netlink,
  interfaceIndex: number,
  size: keyof typeof addressFamily,
): Uint8Array | undefined {
  const body = encode(route, {
    family: addressFamily[size],
    destinationLength: 0,
    sourceLength: 0,
    tos: 0,
    table: 0,
    protocol: 0,
    scope: 0,
    type: 0,
    flags: 0,
  });
  const { messages } = netlink.ask({ type: type.getRoute, flags: ask | messageFlag.dump, body });
  const found = messages.flatMap((data) => {
    const { destinationLength, family, type: kind } = route.read(viewOf(data), 0);
    const all = attributes(data.subarray(route.size));
    const gateway = all.get(routeOf.gateway);
    const isIt =
      destinationLength === 0 &&
      family === addressFamily[size] &&
      kind === unicast &&
      u32Of(all.get(routeOf.interface)) === interfaceIndex;
    return isIt && gateway !== undefined
      ? [{ gateway, priority: u32Of(all.get(routeOf.priority)) ?? 0 }]
      : [];
  });
  return found.toSorted((a, b) => a.priority - b.priority)[0]?.gateway;
}
