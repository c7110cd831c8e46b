// The addresses of a DHCP server: a range, who has which and until when (RFC 2131, 4.3.1).
import { hexText } from "../../bytes/hex.js";
import { keyOf, type Address } from "../address.js";
import { equal, get32 } from "../wire.js";
import { dhcpOption, u32, type DhcpMessage } from "./message.js";

export interface Lease {
  readonly mac: string;
  readonly address: Address;
  /** As `now`. */
  until: number;
}

export interface Leases {
  /** The first address as a number, and how many there are. */
  readonly first: number;
  readonly count: number;
  readonly now: () => number;
  /** Oldest first. */
  readonly byClient: Map<string, Lease>;
  /** Somebody else has them, clients say. */
  readonly declined: Set<string>;
}

export const createLeases = (first: Address, count: number, now: () => number): Leases => ({
  first: get32(first, 0),
  count,
  now,
  byClient: new Map(),
  declined: new Set(),
});

/** RFC 2131, 4.2: its identifier, else its hardware address. */
export const clientOf = ({ options, chaddr }: DhcpMessage): string =>
  (options.get(dhcpOption.clientIdentifier) ?? chaddr).join();

/** What it has or had, what it wants, else the first that is free. */
export function addressFor(leases: Leases, client: string, wanted: Address | undefined): Address | undefined {
  const { first, count, byClient, declined } = leases;
  const lease = byClient.get(client);
  if (lease !== undefined && !declined.has(keyOf(lease.address))) return lease.address;
  if (wanted !== undefined && mayHave(leases, wanted)) return wanted;
  for (let i = 0; i < count; i++) if (isFree(leases, u32(first + i))) return u32(first + i);
  return undefined;
}

/** Whether it is of the range, and nobody's. */
export const mayHave = (leases: Leases, address: Address): boolean =>
  inRange(leases, address) && isFree(leases, address);

function inRange({ first, count }: Leases, address: Address): boolean {
  const offset = (get32(address, 0) - first) | 0;
  return offset >= 0 && offset < count;
}

const isFree = ({ byClient, declined, now }: Leases, address: Address): boolean =>
  !declined.has(keyOf(address)) &&
  [...byClient.values()].every((lease) => !equal(lease.address, address) || lease.until <= now());

export function keep({ byClient, now }: Leases, message: DhcpMessage, address: Address, msecs: number): void {
  const client = clientOf(message);
  for (const [other, lease] of byClient)
    if (other === client || equal(lease.address, address)) byClient.delete(other);
  byClient.set(client, { mac: hexText(message.chaddr, ":"), address, until: now() + msecs });
}

export function decline(leases: Leases, message: DhcpMessage): void {
  const address = message.options.get(dhcpOption.requestedAddress);
  leases.byClient.delete(clientOf(message));
  if (address?.length === 4 && inRange(leases, address)) leases.declined.add(keyOf(address));
}
