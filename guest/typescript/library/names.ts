// Names of hosts by the network's DNS servers: apart from ip.ts, since plain servers need none.
import { createDnsClient, type Address, type DnsClient } from "../../../src/ip/index.js";
import type { Network } from "./ip";

const clients = new Map<Network, DnsClient>();

export function resolveName(network: Network, name: string): Promise<readonly Address[]> {
  const { stack, clock, servers } = network;
  const client = clients.get(network) ?? createDnsClient(stack, clock, { servers });
  clients.set(network, client);
  return client.resolve(name);
}
