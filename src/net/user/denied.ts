// Where a unikernel may connect to through its host. What is the host's own, or leads to it in disguise, is denied unless it is
// allowed by name: the address that is connected to is looked at, not the name that it came from.
import { inPrefix, parsePrefix, type Address, type Prefix } from "../../ip/address.js";
import type { Allowed, UserNetwork } from "./options.js";

/** RFC 6890's special addresses that are of this host, this link or nobody. */
const denied: readonly Prefix[] = [
  "0.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  // Multicast, what was to come once, and broadcast.
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/128",
  "::1/128",
  "fe80::/10",
  "ff00::/8",
].map(parsePrefix);

/** IPv6 addresses that have an IPv4 address in their last 32 bits: mapped (RFC 4291, 2.5.5), and translated (RFC 6052, 2.1). */
const embedding: readonly Prefix[] = ["::ffff:0:0/96", "::/96", "64:ff9b::/96"].map(parsePrefix);
/** Local-use translation (RFC 8215) puts it where its network wants: all of it is denied. 6to4 (RFC 3056) has it behind 2002. */
const localTranslation = parsePrefix("64:ff9b:1::/48");
const sixToFour = parsePrefix("2002::/16");

/** The IPv4 address that an IPv6 address stands for, if any. */
export function embedded(address: Address): Address | undefined {
  if (embedding.some((prefix) => inPrefix(address, prefix))) return address.subarray(12);
  if (inPrefix(address, sixToFour)) return address.subarray(2, 6);
  return undefined;
}

const isAllowed = (allowed: readonly Allowed[], address: Address, port: number): boolean =>
  allowed.some((one) => inPrefix(address, one.prefix) && (one.port === undefined || one.port === port));

const isSame = (a: Address, b: Address): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

/**
 * Whether a unikernel may reach `address` at `port`; `own` are the addresses of the host's interfaces now.
 */
export function mayReach(
  { restrict, allowed }: Pick<UserNetwork, "restrict" | "allowed">,
  address: Address,
  port: number,
  own: readonly Address[],
): boolean {
  const inside = address.length === 16 ? embedded(address) : undefined;
  if (isAllowed(allowed, address, port) || (inside !== undefined && isAllowed(allowed, inside, port)))
    return true;
  if (restrict) return false;
  return [address, ...(inside === undefined ? [] : [inside])].every(
    (one) =>
      !denied.some((prefix) => inPrefix(one, prefix)) &&
      !inPrefix(one, localTranslation) &&
      !own.some((other) => isSame(one, other)),
  );
}
