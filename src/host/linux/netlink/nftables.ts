// nftables by netlink: a table with its chains and rules, made anew in one transaction, or taken away. linux/netfilter/nf_tables.h.
import { encode, struct, u16, u8 } from "../../../bytes/struct.js";
import { encodeText } from "../../../bytes/text.js";
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
/** Of addresses, and of a device's frames. */
const families = { 4: 2, 6: 10, netdev: 5 } as const;
export type TableFamily = keyof typeof families;
export type Family = 4 | 6;

const table = { name: 1 } as const;
const chain = { table: 1, name: 3, hook: 4, type: 7 } as const;
const hook = { number: 1, priority: 2, device: 3 } as const;
const rule = { table: 1, chain: 2, expressions: 4 } as const;
const listElement = 1;
const expression = { name: 1, data: 2 } as const;
const data = { value: 1 } as const;
const immediate = { destination: 1, data: 2 } as const;
const nat = { kind: 1, family: 2, from: 3 } as const;
const payload = { destination: 1, base: 2, offset: 3, length: 4 } as const;
const bitwise = { source: 1, destination: 2, length: 3, mask: 4, xor: 5 } as const;
const compare = { source: 1, operator: 2, data: 3 } as const;
const meta = { destination: 1, key: 2, source: 3 } as const;

const register = 1;
const networkHeader = 1;
export const operator = { equal: 0, notEqual: 1 } as const;
export const metaKey = { protocol: 1, outName: 7, packetType: 19 } as const;
const nameSize = 16;
const exists = 17;
/** Netfilter's numbers are in network order. */
const big = (attributeType: number, value: number): Uint8Array =>
  attribute(attributeType, Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value));

const expr = (name: string, ...parts: readonly Uint8Array[]): Uint8Array =>
  nest(listElement, text(expression.name, name), nest(expression.data, ...parts));

const valueOf = (attributeType: number, value: Uint8Array): Uint8Array =>
  nest(attributeType, attribute(data.value, value));

export function padName(name: string): Uint8Array {
  const padded = new Uint8Array(nameSize);
  padded.set(encodeText(name));
  return padded;
}

/** Loads bytes of the network header. */
export const loadPayload = (offset: number, length: number): Uint8Array =>
  expr(
    "payload",
    big(payload.destination, register),
    big(payload.base, networkHeader),
    big(payload.offset, offset),
    big(payload.length, length),
  );

export const loadMeta = (key: number): Uint8Array =>
  expr("meta", big(meta.destination, register), big(meta.key, key));

/** Sets what is known of a packet to what was loaded last. */
export const setMeta = (key: number): Uint8Array =>
  expr("meta", big(meta.key, key), big(meta.source, register));

export const masked = (mask: Uint8Array): Uint8Array =>
  expr(
    "bitwise",
    big(bitwise.source, register),
    big(bitwise.destination, register),
    big(bitwise.length, mask.length),
    valueOf(bitwise.mask, mask),
    valueOf(bitwise.xor, new Uint8Array(mask.length)),
  );

/** The rule ends here unless what was loaded last compares so. */
export const compared = (how: number, value: Uint8Array): Uint8Array =>
  expr("cmp", big(compare.source, register), big(compare.operator, how), valueOf(compare.data, value));

export const loadValue = (value: Uint8Array): Uint8Array =>
  expr("immediate", big(immediate.destination, register), valueOf(immediate.data, value));

/** The packet's sender or receiver becomes what was loaded last: an IPv4 address. */
export const translate = (which: "sender" | "receiver"): Uint8Array =>
  expr(
    "nat",
    big(nat.kind, which === "sender" ? 0 : 1),
    big(nat.family, families[4]),
    big(nat.from, register),
  );

export const masqueraded = (): Uint8Array => expr("masq");

export interface TableChain {
  readonly name: string;
  readonly kind: "nat" | "filter";
  /** Numbers of the kernel's. */
  readonly hook: number;
  readonly priority: number;
  readonly device?: string;
  /** Each a list of expressions. */
  readonly rules: readonly (readonly Uint8Array[])[];
}

/** One transaction: all of it, or nothing. */
function transact(
  netlink: Netlink,
  family: TableFamily,
  requests: readonly Omit<Request, "flags">[],
  flags: number = messageFlag.create,
): number {
  const head = (resource: number, of: number): Uint8Array =>
    encode(nfgen, { family: of, version: 0, resource });
  /** The subsystem, in network order. */
  const batch = (nr: number): Request => ({ type: nr, flags: messageFlag.request, body: head(subsystem, 0) });
  return netlink.askAll(
    [
      batch(type.batchBegin),
      ...requests.map(({ type: nr, body }) => ({
        type: nr,
        flags:
          messageFlag.request |
          messageFlag.ack |
          (nr === type.deleteTable ? 0 : nr === type.newTable ? flags : messageFlag.create),
        body: join([head(0, families[family]), body]),
      })),
      batch(type.batchEnd),
    ],
    requests.length,
  );
}

/** The table `name`, made anew. Gives an errno, or 0. */
export function replaceTable(
  netlink: Netlink,
  family: TableFamily,
  name: string,
  chains: readonly TableChain[],
): number {
  const newTable = { type: type.newTable, body: text(table.name, name) };
  const content = [
    newTable,
    ...chains.map(({ device, ...one }) => ({
      type: type.newChain,
      body: join([
        text(chain.table, name),
        text(chain.name, one.name),
        nest(
          chain.hook,
          big(hook.number, one.hook),
          big(hook.priority, one.priority),
          ...(device === undefined ? [] : [text(hook.device, device)]),
        ),
        text(chain.type, one.kind),
      ]),
    })),
    ...chains.flatMap((one) =>
      one.rules.map((expressions) => ({
        type: type.newRule,
        body: join([
          text(rule.table, name),
          text(rule.chain, one.name),
          nest(rule.expressions, ...expressions),
        ]),
      })),
    ),
  ];
  // The kernel lets nobody go who has taken a table away until that is done.
  const made = transact(netlink, family, content, messageFlag.create | messageFlag.exclusive);
  if (made !== exists) return made;
  return transact(netlink, family, [{ type: type.deleteTable, body: text(table.name, name) }, ...content]);
}

/** Takes the table away where it is there. Gives an errno, or 0. */
export function removeTable(netlink: Netlink, family: TableFamily, tableName: string): number {
  const isThere = netlink.ask({
    type: type.getTable,
    flags: messageFlag.request | messageFlag.ack,
    body: join([
      encode(nfgen, { family: families[family], version: 0, resource: 0 }),
      text(table.name, tableName),
    ]),
  });
  if (isThere.errno !== 0) return 0;
  return transact(netlink, family, [{ type: type.deleteTable, body: text(table.name, tableName) }]);
}
