// TCP of a stack: connecting, listening, and for gateways taking every connection whatever its address and port.
import { boundTo } from "../bindings.js";
import type { IcmpReport } from "../icmp-report.js";
import type { Nic } from "../nic.js";
import type { Packet } from "../packet.js";
import { connect, type ConnectOptions } from "./connect.js";
import type { Connection } from "./connection.js";
import { receive } from "./input.js";
import { createLayer, type Layer, type Predictor, type TcpLimits } from "./layer.js";
import { abort } from "./lifecycle.js";
import { listen, type Listener, type Listeners, type ListenOptions } from "./listen.js";
import { offerOf, type IcmpSender, type Offer } from "./offer.js";
import { output } from "./output.js";
import { createPorts } from "./ports.js";
import type { Prediction } from "./predict.js";
import { takeReport } from "./reports.js";
import { event, type Handlers } from "./handlers.js";
import type { Tcb } from "./tcb.js";
import { onTimer } from "./tcp-timer.js";

export interface Tcp {
  /** Begins a connection. Throws Solo5Error `NO_ROUTE`, `PORT` or `LIMIT`. */
  connect(options: ConnectOptions, handlers: Handlers): Connection;
  /** Calls `accept` with each connection that is established; it sets `handlers`. Throws Solo5Error `PORT` where the port is taken. */
  listen(options: ListenOptions, accept: (connection: Connection) => void): Listener;
  /** Takes every SYN that no listener wants; undefined: they are refused. */
  intercept(take: ((offer: Offer) => void) | undefined): void;
  /** Connections, those in TIME-WAIT included. */
  readonly count: number;
}

export interface TcpProtocol extends Tcp {
  receive(packet: Packet): void;
  readonly predictor: Predictor | undefined;
  report(report: IcmpReport): void;
  /** Sends and tells what is due. */
  flush(): void;
  /** The link has room again. */
  resume(): void;
  /** Resets all. */
  close(): void;
}

export function createTcp(
  nic: Nic,
  limits: Partial<TcpLimits> | undefined,
  prediction: Prediction | undefined,
  error: IcmpSender,
): TcpProtocol {
  const listeners: Listeners = new Map();
  const layer: Layer = createLayer(nic, limits, {
    onTimer: (tcb) => onTimer(layer, tcb),
    listenerFor: (local, port) => boundTo(listeners, local, port),
  });
  layer.predictor = prediction?.create(layer);
  const ports = createPorts(layer, (port) => listeners.has(port));

  return {
    get count() {
      return layer.count;
    },
    connect: (options, handlers) => connect(layer, ports, options, handlers),
    listen: (options, accept) => listen(layer, listeners, options, accept),
    intercept(take) {
      layer.offer = take === undefined ? undefined : (tcb) => take(offerOf(layer, tcb, error));
    },
    receive: (packet) => receive(layer, packet),
    predictor: layer.predictor,
    report: (report) => takeReport(layer, report),
    flush: () => flush(layer),
    resume() {
      const waiting = [...layer.blocked];
      layer.blocked.clear();
      for (const tcb of waiting) output(layer, tcb);
    },
    close() {
      for (const first of layer.table.values())
        for (let tcb: Tcb | null = first; tcb !== null;) {
          const { chained }: Tcb = tcb;
          abort(layer, tcb, "aborted");
          tcb = chained;
        }
    },
  };
}

/** Tells the users, whose answers may then go with the acknowledgements. */
function flush(layer: Layer): void {
  const { dirty } = layer;
  for (let i = 0; i < dirty.length; i++) {
    const tcb = dirty[i] as Tcb;
    tcb.dirty = false;
    const { events } = tcb;
    if (events !== 0) {
      tcb.events = 0;
      const { handlers } = tcb;
      if ((events & event.opened) !== 0) handlers.opened?.();
      if ((events & event.urgent) !== 0) handlers.urgent?.();
      if ((events & event.readable) !== 0) handlers.readable?.();
      if ((events & event.writable) !== 0) handlers.writable?.();
      if ((events & event.closed) !== 0) handlers.closed?.(tcb.error);
    }
    if (tcb.dirty) continue;
    output(layer, tcb);
  }
  dirty.length = 0;
}
