// solo5:dns: names of hosts.
import { formatAddress } from "../../../src/ip/index.js";
import { declareNetwork, defaultDevice } from "./ip";
import { resolveName } from "./names";

/** The addresses of a name, as the network's DNS server has them. */
export async function resolve(name: string, { device = defaultDevice } = {}): Promise<string[]> {
  const network = declareNetwork(device)();
  await network.ready;
  const addresses = await resolveName(network, name);
  return addresses.map((address) => formatAddress(address));
}
