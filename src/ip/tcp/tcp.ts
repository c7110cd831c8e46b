// TCP of a stack: connecting, listening, and for gateways taking every connection whatever its address and port.
import { Solo5Error } from "../../bytes/error.js";
import { formatAddress, isMulticast, isUnspecified, type Address } from "../address.js";
import type { IcmpReport } from "../icmp.js";
import { isBroadcastHere, sourceFor, type Nic } from "../nic.js";
import type { Packet } from "../packet.js";
import type { Endpoint } from "../udp.js";
import { equal } from "../wire.js";
import { Connection } from "./connection.js";
import { takeReport } from "./reports.js";
import { defaultLimits, type Layer, type Predictor, type TcpLimits } from "./layer.js";
import { abort, createTcb, touch, type TcbOptions } from "./lifecycle.js";
import { offerOf, type IcmpSender, type Offer } from "./offer.js";
import { createPorts } from "./ports.js";
import { output } from "./output.js";
import type { Prediction } from "./predict.js";
import { receive } from "./input.js";
import { createSegment } from "./segment.js";
import { event, state, type Backlog, type Handlers, type Tcb } from "./tcb.js";
import { onTimer } from "./tcp-timer.js";

export interface ConnectOptions extends TcbOptions {
  readonly remote: Endpoint;
  /** The stack's choice where absent; a gateway may name any address, and a port of 0 is a free one. */
  readonly local?: { readonly address?: Address; readonly port?: number };
}

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

interface Listening extends Backlog {
  readonly address: Address | undefined;
}

export function createTcp(
  nic: Nic,
  limits: Partial<TcpLimits> | undefined,
  prediction: Prediction | undefined,
  error: IcmpSender,
): TcpProtocol {
  const listeners = new Map<number, Listening[]>();
  const secret = new Uint8Array(16);
  nic.host.entropy(secret);
  const layer: Layer = {
    nic,
    limits: { ...defaultLimits, ...limits },
    segment: createSegment(),
    table: new Map(),
    count: 0,
    last: undefined,
    dirty: [],
    blocked: new Set(),
    timeWaits: new Set(),
    pathMtus: new Map(),
    secret,
    predictor: undefined,
    onTimer: (tcb) => onTimer(layer, tcb),
    listenerFor(local, port) {
      const list = listeners.get(port);
      return (
        list?.find(({ address }) => address !== undefined && equal(address, local)) ??
        list?.find(({ address }) => address === undefined)
      );
    },
    offer: undefined,
  };

  layer.predictor = prediction?.create(layer);
  const ports = createPorts(layer, (port) => listeners.has(port));

  return {
    get count() {
      return layer.count;
    },
    connect(options, handlers) {
      const { remote } = options;
      const address = options.local?.address ?? sourceFor(nic, remote.address);
      if (address === undefined || address.length !== remote.address.length)
        throw new Solo5Error("NO_ROUTE", "no address from which to connect there");
      // RFC 9293, 3.9.1.1, MUST-46.
      if (
        isMulticast(remote.address) ||
        isUnspecified(remote.address) ||
        isBroadcastHere(nic, remote.address)
      )
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
    },
    listen({ address, port, ...options }, accept) {
      const list = listeners.get(port) ?? [];
      const same = (other: Listening): boolean =>
        other.address === undefined
          ? address === undefined
          : address !== undefined && equal(other.address, address);
      if (list.some(same)) throw new Solo5Error("PORT", `TCP port ${port} is taken`);
      const listening: Listening = {
        address,
        halfOpen: new Set(),
        accept(tcb) {
          tcb.noDelay = options.noDelay ?? false;
          tcb.keepAlive = options.keepAliveMsecs ?? 0;
          if (tcb.keepAlive > 0) tcb.idleAt = nic.now() + tcb.keepAlive;
          if (options.userTimeoutMsecs !== undefined) tcb.userTimeout = options.userTimeoutMsecs;
          if (options.sendBuffer !== undefined) tcb.sendLimit = options.sendBuffer;
          accept(new Connection(layer, tcb));
        },
      };
      listeners.set(port, [...list, listening]);
      return {
        port,
        close() {
          const rest = (listeners.get(port) ?? []).filter((other) => other !== listening);
          if (rest.length === 0) listeners.delete(port);
          else listeners.set(port, rest);
          for (const tcb of listening.halfOpen) abort(layer, tcb, "aborted");
          nic.settle();
        },
      };
    },
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
