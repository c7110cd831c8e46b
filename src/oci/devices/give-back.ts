// Interfaces that a unikernel had are their namespace's again.
import { listInterfaces } from "../../host/linux/netlink/interfaces.js";
import { stopRedirect } from "../../host/linux/netlink/redirect.js";
import { openNetlink, protocol } from "../../host/linux/netlink/socket.js";
import { inNetworkNamespace } from "../../host/linux/network-namespace.js";
import { giveLocalhostBack } from "./localhost.js";
import { tapName } from "./redirection.js";

/** Gives interfaces back that no unikernel has any more. */
export function freeInterfaces({
  namespace,
  indexes,
}: {
  readonly namespace: string;
  readonly indexes: readonly number[];
}): void {
  try {
    inNetworkNamespace(namespace, () => {
      using netlink = openNetlink(protocol.route);
      const there = listInterfaces(netlink);
      for (const index of indexes)
        if (!there.some(({ name }) => name === tapName(index))) {
          stopRedirect(netlink, index);
          giveLocalhostBack(netlink, index);
        }
    });
  } catch {
    // The namespace has gone, and its interfaces with it.
  }
}
