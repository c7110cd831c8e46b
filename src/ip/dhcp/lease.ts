// What a DHCP server grants, as its acknowledgement says it (RFC 2131, 4.3.1; RFC 2132).
import type { Address } from "../address.js";
import { get16, get32 } from "../wire.js";
import { addressesIn, dhcpOption, lengthOf, type DhcpMessage } from "./message.js";

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

/** Where the server says nothing. */
const [defaultPrefix, defaultSecs] = [24, 3600];

/** What a client asks for: options that `leaseIn` reads. */
export const leaseOptions = Uint8Array.of(
  dhcpOption.subnetMask,
  dhcpOption.router,
  dhcpOption.dnsServers,
  dhcpOption.domainName,
  dhcpOption.interfaceMtu,
  dhcpOption.leaseTime,
  dhcpOption.renewalTime,
  dhcpOption.rebindingTime,
);

export function leaseIn({ options, yiaddr, siaddr }: DhcpMessage): DhcpLease {
  const mask = options.get(dhcpOption.subnetMask);
  const mtu = options.get(dhcpOption.interfaceMtu);
  const secs = options.get(dhcpOption.leaseTime);
  const domain = options.get(dhcpOption.domainName);
  return {
    address: yiaddr,
    prefixLength: mask?.length === 4 ? lengthOf(mask) : defaultPrefix,
    routers: addressesIn(options.get(dhcpOption.router)),
    dnsServers: addressesIn(options.get(dhcpOption.dnsServers)),
    domainName: domain === undefined ? undefined : String.fromCharCode(...domain),
    mtu: mtu?.length === 2 ? get16(mtu, 0) : undefined,
    server: options.get(dhcpOption.serverIdentifier) ?? siaddr,
    leaseSecs: secs?.length === 4 ? get32(secs, 0) >>> 0 : defaultSecs,
  };
}
