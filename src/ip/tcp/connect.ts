// Beginning a connection (RFC 9293, 3.10.1): from which address and port, and whether it may be.
import { Solo5Error } from "../../bytes/error.js";
import { formatAddress, isMulticast, isUnspecified, type Address } from "../address.js";
import { isBroadcastHere, sourceFor } from "../nic.js";
import type { Endpoint } from "../udp.js";
import { Connection } from "./connection.js";
import type { Layer } from "./layer.js";
import { createTcb, touch, type TcbOptions } from "./lifecycle.js";
import type { Ports } from "./ports.js";
import type { Handlers } from "./handlers.js";
import { state } from "./states.js";

export interface ConnectOptions extends TcbOptions {
  readonly remote: Endpoint;
  /** The stack's choice where absent; a gateway may name any address, and a port of 0 is a free one. */
  readonly local?: { readonly address?: Address; readonly port?: number };
}

export function connect(layer: Layer, ports: Ports, options: ConnectOptions, handlers: Handlers): Connection {
  const { nic } = layer;
  const { remote } = options;
  const address = options.local?.address ?? sourceFor(nic, remote.address);
  if (address === undefined || address.length !== remote.address.length)
    throw new Solo5Error("NO_ROUTE", "no address from which to connect there");
  // RFC 9293, 3.9.1.1, MUST-46.
  if (isMulticast(remote.address) || isUnspecified(remote.address) || isBroadcastHere(nic, remote.address))
    throw new Solo5Error("NO_ROUTE", `nobody can connect to ${formatAddress(remote.address)}`);
  const asked = options.local?.port ?? 0;
  const port = asked === 0 ? ports.choose(address, remote) : asked;
  if (!ports.isFree(address, port, remote))
    throw new Solo5Error("PORT", `TCP port ${port} has a connection there already`);
  const tcb = createTcb(layer, { address, port }, remote, state.synSent, options);
  if (tcb === undefined)
    throw new Solo5Error("LIMIT", `there are ${layer.count} TCP connections, and may be no more`);
  tcb.handlers = handlers;
  touch(layer, tcb);
  nic.settle();
  return new Connection(layer, tcb);
}
