// Listening (RFC 9293, 3.10.1): whose connections come to a port, and what they are given when they are established.
import { Solo5Error } from "../../bytes/error.js";
import type { Address } from "../address.js";
import { bindTo, isTaken, unbind, type Bindings, type Bound } from "../bindings.js";
import { Connection } from "./connection.js";
import type { Layer } from "./layer.js";
import { abort, useOptions, type TcbOptions } from "./lifecycle.js";
import type { Backlog } from "./tcb.js";

export interface ListenOptions extends TcbOptions {
  /** Any address where absent. */
  readonly address?: Address;
  readonly port: number;
}

export interface Listener {
  readonly port: number;
  /** Connections that are not established yet are forgotten; others go on. */
  close(): void;
}

export type Listeners = Bindings<Backlog & Bound>;

export function listen(
  layer: Layer,
  listeners: Listeners,
  { address, port, ...options }: ListenOptions,
  accept: (connection: Connection) => void,
): Listener {
  if (isTaken(listeners, address, port)) throw new Solo5Error("PORT", `TCP port ${port} is taken`);
  const listening: Backlog & Bound = {
    address,
    halfOpen: new Set(),
    accept(tcb) {
      useOptions(tcb, options);
      if (tcb.keepAlive > 0) tcb.idleAt = layer.nic.now() + tcb.keepAlive;
      accept(new Connection(layer, tcb));
    },
  };
  bindTo(listeners, port, listening);
  return {
    port,
    close() {
      unbind(listeners, port, listening);
      for (const tcb of listening.halfOpen) abort(layer, tcb, "aborted");
      layer.nic.settle();
    },
  };
}
