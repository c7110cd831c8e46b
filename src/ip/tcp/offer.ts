// A SYN that a gateway may answer now or later, once it knows whether the destination does.
import type { IcmpError } from "../icmp-message.js";
import type { Packet } from "../packet.js";
import type { Endpoint } from "../udp.js";
import { Connection } from "./connection.js";
import type { Layer } from "./layer.js";
import { abort, toClosed, touch, type TcbOptions } from "./lifecycle.js";
import type { Handlers } from "./handlers.js";
import { state } from "./states.js";
import type { Tcb } from "./tcb.js";
import { tellUnreachable } from "./unreachable.js";

/** A SYN to any address and port that a gateway may answer now or later; until then the other end waits. */
export interface Offer {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Completes the connection; `opened` follows. */
  accept(
    handlers: Handlers,
    options?: Pick<TcbOptions, "noDelay" | "keepAliveMsecs" | "userTimeoutMsecs">,
  ): Connection;
  /** Answers with a reset, as a closed port does; or with an ICMP error, as a router does that knows no way or lets nobody pass. */
  refuse(reason?: "host" | "network" | "prohibited"): void;
  /** Forgets it without an answer, as if nobody were there. */
  drop(): void;
  /** Called when the other end takes it back. */
  onWithdrawn: (() => void) | undefined;
}

export type IcmpSender = (packet: Packet, kind: IcmpError) => void;

/** `error` sends an ICMP error. */
export function offerOf(layer: Layer, tcb: Tcb, error: IcmpSender): Offer {
  const open = (): boolean => tcb.state === state.offered;
  const offer: Offer = {
    local: { address: tcb.source, port: tcb.localPort },
    remote: { address: tcb.destination, port: tcb.remotePort },
    accept(handlers, { noDelay = true, keepAliveMsecs = 0, userTimeoutMsecs = tcb.userTimeout } = {}) {
      tcb.handlers = handlers;
      tcb.noDelay = noDelay;
      tcb.keepAlive = keepAliveMsecs;
      tcb.userTimeout = userTimeoutMsecs;
      if (open()) {
        tcb.state = state.synReceived;
        tcb.idleAt = Infinity;
      }
      touch(layer, tcb);
      layer.nic.settle();
      return new Connection(layer, tcb);
    },
    refuse(reason) {
      if (open() && reason !== undefined) {
        tellUnreachable(tcb, reason, error);
        toClosed(layer, tcb, "aborted");
      } else if (open()) abort(layer, tcb, "aborted");
      layer.nic.settle();
    },
    drop() {
      if (open()) toClosed(layer, tcb, "aborted");
      layer.nic.settle();
    },
    onWithdrawn: undefined,
  };
  tcb.handlers = { closed: (error) => error !== "aborted" && offer.onWithdrawn?.() };
  return offer;
}
