// Which address of the host's side a unikernel means, and whether it may go there.
import { parseAddress, type Address } from "../../ip/address.js";
import { equal } from "../../ip/wire.js";
import { mayReach } from "./denied.js";
import type { UserNetwork } from "./options.js";
import type { Endpoint, HostSockets } from "./sockets.js";

/** The gateway's own ports are the host's, whose programs listen on loopback: denied as that is, unless allowed. */
const loopback = { 4: parseAddress("127.0.0.1"), 6: parseAddress("::1") } as const;

/** Where a connection to `to` really goes; undefined where it may not. */
export type Reach = (to: Endpoint) => Endpoint | undefined;

export const createReach =
  (
    network: UserNetwork,
    gateways: () => readonly Address[],
    sockets: Pick<HostSockets, "ownAddresses">,
  ): Reach =>
  ({ address, port }) => {
    const isGateway = gateways().some((one) => equal(one, address));
    const meant = isGateway ? loopback[address.length === 4 ? 4 : 6] : address;
    return mayReach(network, meant, port, sockets.ownAddresses()) ? { address: meant, port } : undefined;
  };
