// The gateway gives the unikernel its address, and says where the rest is (RFC 2131).
import { formatAddress, type Stack } from "../../ip/index.js";
import { createDhcpServer } from "../../ip/dhcp/server.js";
import type { UserNetwork } from "./options.js";

const leaseSecs = 86_400;

export function serveDhcp(stack: Stack, { guest, gateway, prefixLength, restrict, mtu }: UserNetwork): void {
  const router = formatAddress(gateway);
  createDhcpServer(stack, {
    address: `${router}/${prefixLength}`,
    first: formatAddress(guest),
    count: 1,
    routers: [router],
    // Nobody's names are asked for where there is no way out.
    ...(restrict ? {} : { dnsServers: [router] }),
    mtu,
    leaseSecs,
    now: () => performance.now(),
  });
}
