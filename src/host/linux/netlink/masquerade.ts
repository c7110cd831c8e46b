// Masquerading: what leaves a network by another interface has the host's address. nft(8), "Masquerade statement".
import type { Prefix } from "../../../ip/index.js";
import {
  compared,
  loadMeta,
  loadPayload,
  masked,
  masqueraded,
  metaKey,
  operator,
  padName,
  removeTable,
  replaceTable,
  type Family,
} from "./nftables.js";
import type { Netlink } from "./socket.js";

export type { Family } from "./nftables.js";

/** Where a packet's sender stands: RFC 791, 3.1; RFC 8200, 3. */
const sender = { 4: { offset: 12, length: 4 }, 6: { offset: 8, length: 16 } } as const;

const maskOf = ({ address, length }: Prefix): Uint8Array =>
  address.map((_, i) => (0xff00 >> Math.min(8, Math.max(0, length - 8 * i))) & 0xff);

/** `ip saddr NETWORK oifname != NAME masquerade`. */
function masqueradeRule(family: Family, name: string, network: Prefix): readonly Uint8Array[] {
  const { offset, length } = sender[family];
  return [
    loadPayload(offset, length),
    masked(maskOf(network)),
    compared(operator.equal, network.address),
    loadMeta(metaKey.outName),
    compared(operator.notEqual, padName(name)),
    masqueraded(),
  ];
}

/** The table of an interface, made anew. Gives an errno, or 0. */
export function masquerade(
  netlink: Netlink,
  family: Family,
  tableName: string,
  name: string,
  networks: readonly Prefix[],
): number {
  const rules = networks.map((network) => masqueradeRule(family, name, network));
  const postrouting = { name: "postrouting", kind: "nat", hook: 4, priority: 100, rules } as const;
  return replaceTable(netlink, family, tableName, [postrouting]);
}

/** Takes the table away where it is there. Gives an errno, or 0. */
export const unmasquerade = (netlink: Netlink, family: Family, tableName: string): number =>
  removeTable(netlink, family, tableName);
