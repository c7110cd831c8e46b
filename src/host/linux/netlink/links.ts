// Interfaces and their addresses by netlink. rtnetlink(7); linux/rtnetlink.h, if_link.h, if_addr.h.
import { encode, i32, struct, u16, u32, u8, viewOf } from "../../../bytes/struct.js";
import { encodeText, textUntilNul } from "../../../bytes/text.js";
import type { Prefix } from "../../../ip/index.js";
import { attribute, attributes, join, messageFlag, nest, text, word, type Request } from "./message.js";
import type { Netlink } from "./socket.js";

const ifinfo = struct(16, { family: u8, pad: u8, type: u16, index: i32, flags: u32, change: u32 });
const ifaddr = struct(8, { family: u8, prefixLength: u8, flags: u8, scope: u8, index: u32 });

const type = { newLink: 16, deleteLink: 17, getLink: 18, setLink: 19, newAddress: 20 } as const;
const link = { address: 1, name: 3, mtu: 4, master: 10, info: 18, alias: 20 } as const;
const linkInfo = { kind: 1, data: 2 } as const;
const tunInfo = { owner: 1, type: 3 } as const;
const address = { address: 1, local: 2 } as const;
/** Without waiting until nobody else is known to have it: RFC 4862, 5.4. */
const noDuplicateDetection = 2;
const addressFamily = { 4: 2, 16: 10 } as const;
const isUp = 1;
const ask = messageFlag.request | messageFlag.ack;
const noDevice = 19;

export interface LinkState {
  readonly index: number;
  /** `tun`, `bridge`, …; empty for those that are no kind. */
  readonly kind: string;
  readonly alias: string;
  readonly master: number;
  /** The user that may open a tap. Nobody by default. */
  readonly owner?: number | undefined;
}

const ifinfoOf = (index: number, flags = 0, change = 0): Uint8Array =>
  encode(ifinfo, { family: 0, pad: 0, type: 0, index, flags, change });

const u32Of = (data: Uint8Array | undefined): number | undefined =>
  data === undefined ? undefined : u32.read(viewOf(data), 0);
const textOf = (data: Uint8Array | undefined): string => (data === undefined ? "" : textUntilNul(data));

export interface Failure {
  readonly errno: number;
}

/** The interface `name`; undefined where there is none. */
export function queryLink(netlink: Netlink, name: string): LinkState | Failure | undefined {
  const { errno, messages } = netlink.ask({
    type: type.getLink,
    flags: ask,
    body: join([ifinfoOf(0), text(link.name, name)]),
  });
  if (errno === noDevice) return undefined;
  const [body] = messages;
  if (errno !== 0 || body === undefined) return { errno };
  const { index } = ifinfo.read(viewOf(body), 0);
  const all = attributes(body.subarray(ifinfo.size));
  const info = attributes(all.get(link.info) ?? new Uint8Array());
  const data = attributes(info.get(linkInfo.data) ?? new Uint8Array());
  return {
    index,
    kind: textOf(info.get(linkInfo.kind)),
    alias: textOf(all.get(link.alias)),
    master: u32Of(all.get(link.master)) ?? 0,
    owner: u32Of(data.get(tunInfo.owner)),
  };
}

const request = (nr: number, flags: number, ...parts: readonly Uint8Array[]): Request => ({
  type: nr,
  flags: ask | flags,
  body: join(parts),
});

export const newBridge = (name: string): Request =>
  request(
    type.newLink,
    messageFlag.create | messageFlag.exclusive,
    ifinfoOf(0),
    text(link.name, name),
    nest(link.info, text(linkInfo.kind, "bridge")),
  );

export const deleteLink = (index: number): Request => request(type.deleteLink, 0, ifinfoOf(index));

/** Numbers are bytes (MTU) and an interface's (master). */
export interface LinkChange {
  readonly alias?: string;
  readonly mtu?: number | undefined;
  readonly master?: number;
  readonly mac?: Uint8Array;
  readonly up?: true;
}

export function setLink(index: number, { alias, mtu, master, mac, up }: LinkChange): Request {
  const flags = up === true ? isUp : 0;
  return request(
    type.setLink,
    0,
    ifinfoOf(index, flags, flags),
    ...(alias === undefined ? [] : [attribute(link.alias, encodeText(alias))]),
    ...(mtu === undefined ? [] : [word(link.mtu, mtu)]),
    ...(master === undefined ? [] : [word(link.master, master)]),
    ...(mac === undefined ? [] : [attribute(link.address, mac)]),
  );
}

/** Adds an address, which may be there. */
export function newAddress(index: number, { address: ip, length }: Prefix): Request {
  const isV6 = ip.length === 16;
  const fixed = {
    family: addressFamily[isV6 ? 16 : 4],
    prefixLength: length,
    flags: isV6 ? noDuplicateDetection : 0,
    scope: 0,
    index,
  };
  return request(
    type.newAddress,
    messageFlag.create | messageFlag.replace,
    encode(ifaddr, fixed),
    attribute(address.local, ip),
    attribute(address.address, ip),
  );
}
