// Masquerading by nftables' netlink: what leaves a network by another interface has the host's address. linux/netfilter/nf_tables.h;
// nft(8), "Masquerade statement".
import { encode, struct, u16, u8 } from "../../../bytes/struct.js";
import { encodeText } from "../../../bytes/text.js";
import type { Prefix } from "../../../ip/index.js";
import { attribute, join, messageFlag, nest, text, type Request } from "./message.js";
import type { Netlink } from "./socket.js";

const nfgen = struct(4, { family: u8, version: u8, resource: u16 });
const subsystem = 10 << 8;
const type = {
  batchBegin: 0x10,
  batchEnd: 0x11,
  newTable: subsystem | 0,
  getTable: subsystem | 1,
  deleteTable: subsystem | 2,
  newChain: subsystem | 3,
  newRule: subsystem | 6,
} as const;
export const tableFamily = { 4: 2, 6: 10 } as const;
export type Family = keyof typeof tableFamily;

const table = { name: 1 } as const;
const chain = { table: 1, name: 3, hook: 4, type: 7 } as const;
const hook = { number: 1, priority: 2 } as const;
const rule = { table: 1, chain: 2, expressions: 4 } as const;
const listElement = 1;
const expression = { name: 1, data: 2 } as const;
const data = { value: 1 } as const;
const payload = { destination: 1, base: 2, offset: 3, length: 4 } as const;
const bitwise = { source: 1, destination: 2, length: 3, mask: 4, xor: 5 } as const;
const compare = { source: 1, operator: 2, data: 3 } as const;
const meta = { destination: 1, key: 2 } as const;

const register = 1;
const networkHeader = 1;
const operator = { equal: 0, notEqual: 1 } as const;
const outName = 7;
const postrouting = { number: 4, priority: 100 } as const;
const nameSize = 16;
const chainName = "postrouting";
/** Where a packet's sender stands: RFC 791, 3.1; RFC 8200, 3. */
const sender = { 4: { offset: 12, length: 4 }, 6: { offset: 8, length: 16 } } as const;

/** Netfilter's numbers are in network order. */
const big = (attributeType: number, value: number): Uint8Array =>
  attribute(attributeType, Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value));

const expr = (name: string, ...parts: readonly Uint8Array[]): Uint8Array =>
  nest(listElement, text(expression.name, name), nest(expression.data, ...parts));

const valueOf = (attributeType: number, value: Uint8Array): Uint8Array =>
  nest(attributeType, attribute(data.value, value));

function padName(name: string): Uint8Array {
  const padded = new Uint8Array(nameSize);
  padded.set(encodeText(name));
  return padded;
}

const maskOf = ({ address, length }: Prefix): Uint8Array =>
  address.map((_, i) => (0xff00 >> Math.min(8, Math.max(0, length - 8 * i))) & 0xff);

/** `ip saddr NETWORK oifname != NAME masquerade`. */
function masqueradeRule(family: Family, name: string, network: Prefix): readonly Uint8Array[] {
  const { offset, length } = sender[family];
  return [
    expr(
      "payload",
      big(payload.destination, register),
      big(payload.base, networkHeader),
      big(payload.offset, offset),
      big(payload.length, length),
    ),
    expr(
      "bitwise",
      big(bitwise.source, register),
      big(bitwise.destination, register),
      big(bitwise.length, length),
      valueOf(bitwise.mask, maskOf(network)),
      valueOf(bitwise.xor, new Uint8Array(length)),
    ),
    expr(
      "cmp",
      big(compare.source, register),
      big(compare.operator, operator.equal),
      valueOf(compare.data, network.address),
    ),
    expr("meta", big(meta.destination, register), big(meta.key, outName)),
    expr(
      "cmp",
      big(compare.source, register),
      big(compare.operator, operator.notEqual),
      valueOf(compare.data, padName(name)),
    ),
    expr("masq"),
  ];
}

/** One transaction: all of it, or nothing. */
function transact(netlink: Netlink, family: Family, requests: readonly Omit<Request, "flags">[]): number {
  const head = (resource: number, of: number): Uint8Array =>
    encode(nfgen, { family: of, version: 0, resource });
  /** The subsystem, in network order. */
  const batch = (nr: number): Request => ({ type: nr, flags: messageFlag.request, body: head(subsystem, 0) });
  return netlink.askAll(
    [
      batch(type.batchBegin),
      ...requests.map(({ type: nr, body }) => ({
        type: nr,
        flags: messageFlag.request | messageFlag.ack | (nr === type.deleteTable ? 0 : messageFlag.create),
        body: join([head(0, tableFamily[family]), body]),
      })),
      batch(type.batchEnd),
    ],
    requests.length,
  );
}

/** The table of an interface, made anew. Gives an errno, or 0. */
export function masquerade(
  netlink: Netlink,
  family: Family,
  tableName: string,
  name: string,
  networks: readonly Prefix[],
): number {
  const newTable = { type: type.newTable, body: text(table.name, tableName) };
  return transact(netlink, family, [
    // What is deleted has to be there.
    newTable,
    { type: type.deleteTable, body: text(table.name, tableName) },
    newTable,
    {
      type: type.newChain,
      body: join([
        text(chain.table, tableName),
        text(chain.name, chainName),
        nest(chain.hook, big(hook.number, postrouting.number), big(hook.priority, postrouting.priority)),
        text(chain.type, "nat"),
      ]),
    },
    ...networks.map((network) => ({
      type: type.newRule,
      body: join([
        text(rule.table, tableName),
        text(rule.chain, chainName),
        nest(rule.expressions, ...masqueradeRule(family, name, network)),
      ]),
    })),
  ]);
}

/** Takes the table away where it is there. Gives an errno, or 0. */
export function unmasquerade(netlink: Netlink, family: Family, tableName: string): number {
  const isThere = netlink.ask({
    type: type.getTable,
    flags: messageFlag.request | messageFlag.ack,
    body: join([
      encode(nfgen, { family: tableFamily[family], version: 0, resource: 0 }),
      text(table.name, tableName),
    ]),
  });
  if (isThere.errno !== 0) return 0;
  return transact(netlink, family, [{ type: type.deleteTable, body: text(table.name, tableName) }]);
}
