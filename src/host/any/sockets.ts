// The sockets of any host that Node runs on.
import { networkInterfaces } from "node:os";
import { parseAddress, type Address } from "../../ip/address.js";
import type { HostSockets } from "../../net/user/sockets.js";
import { lookup, query } from "./names.js";
import { connectTcp, listenTcp } from "./tcp-socket.js";
import { listenUdp, openUdp } from "./udp-socket.js";

/** Interfaces come and go, but asking for them takes as long as a connection does. */
const freshMsecs = 1000;

function currentAddresses(): () => readonly Address[] {
  let known: readonly Address[] = [];
  let until = -Infinity;
  return () => {
    const now = performance.now();
    if (now < until) return known;
    until = now + freshMsecs;
    return (known = Object.values(networkInterfaces())
      .flat()
      .flatMap((one) => (one === undefined ? [] : [parseAddress(one.address.replace(/%.*$/, ""))])));
  };
}

/** `reason` says why something failed as the host's other programs would. */
export const nodeSockets = (reason: (cause: unknown) => string): HostSockets => ({
  connect: connectTcp,
  listen: listenTcp(reason),
  udp: openUdp,
  listenUdp: listenUdp(reason),
  lookup,
  query,
  ownAddresses: currentAddresses(),
});
