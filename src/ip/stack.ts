// A TCP/IP host or gateway over one link: the layers put together.
import { Solo5Error } from "../bytes/error.js";
import { interfaceAddress, parseAddress, parsePrefix, type Address, type Prefix } from "./address.js";
import { arpRequest } from "./arp.js";
import { ethernetHeader } from "./ethernet.js";
import type { Host, Link } from "./host.js";
import { createIcmp, type Icmp } from "./icmp.js";
import { ndRequest, ndType, receiveNd } from "./nd.js";
import { random32, type Counters, type Nic } from "./nic.js";
import {
  addAddress,
  createOwnAddresses,
  onDuplicate,
  removeAddress,
  type OwnAddresses,
} from "./own-addresses.js";
import { protocol, type Packet } from "./packet.js";
import { createRouter, type RouterAdvertisement, type RouterOptions, type RouterRole } from "./ra.js";
import { createReceiver, flusherOf, keepForLater, takeFrame, type Receiver } from "./receive.js";
import { autoconfigure, takeAdvertisement, type Autoconfiguration } from "./slaac.js";
import type { TcpLimits } from "./tcp/layer.js";
import type { Lending, Prediction } from "./tcp/predict.js";
import { createTcp, type Tcp } from "./tcp/tcp.js";
import { createTimer } from "./timers.js";
import { begin, clockOf, createTurns, during, finish, runTimers, settlerOf, type Turns } from "./turns.js";
import { createUdp, type Udp } from "./udp.js";
import { matches } from "./wire.js";

export interface StackOptions {
  /** Own addresses with the length of the link's prefix: `10.0.2.2/24`, `fd00::2/64`. More can be added later. */
  readonly addresses?: readonly string[];
  /** Default routers: `10.0.2.2`. */
  readonly routers?: readonly string[];
  /** Makes a link-local address and takes what routers advertise (RFC 4862). */
  readonly autoconfigure?: boolean;
  /** A gateway: packets to any address are for this stack, which answers from that address. */
  readonly anyAddress?: boolean;
  /** Addresses beside its own that ARP and neighbour discovery answer for. */
  readonly answersFor?: (address: Address) => boolean;
  /** Advertises itself as the router of these prefixes. Wants an IPv6 link-local address; makes one. */
  readonly advertise?: RouterOptions;
  /** Whether new IPv6 addresses are probed for duplicates first; false saves a second where the link has nobody else. */
  readonly probe?: boolean;
  readonly tcp?: Partial<TcpLimits>;
  /** What `receiveFrom` needs: `prediction`, which those who do without need not load. */
  readonly prediction?: Prediction;
}

export interface Stack {
  readonly tcp: Tcp;
  readonly udp: Udp;
  readonly icmp: Icmp;
  /** What has been counted so far. */
  readonly counters: Readonly<Counters>;
  /** Addresses that may be used now. */
  readonly addresses: readonly Prefix[];
  /** Called when `addresses` has changed. */
  onAddresses: (() => void) | undefined;
  /** What a router says, with `autoconfigure`. */
  onAdvertisement: ((advertisement: RouterAdvertisement) => void) | undefined;

  /**
   * Takes a frame that has come. The bytes are the stack's from now on: data stays in them until it is read, so a frame is
   * best in a buffer of its own.
   */
  receive(frame: Uint8Array): void;
  /** Takes several; acknowledgements go out once, after the last. */
  receiveAll(frames: Iterable<Uint8Array>): void;
  /**
   * Takes up to `most` frames that `read` puts into `buffer`, which begins an ArrayBuffer, each in the place of the one before: what is kept of them is copied. `read`
   * gives a frame's length, negative where there is none. Gives how many there were.
   */
  receiveFrom(buffer: Uint8Array, read: () => number, most: number): number;
  /** `Host.now`. */
  now(): number;
  /** Does what is due; called at the time that `Host.wake` was told. */
  tick(): void;
  /** The link takes frames again after it has refused one. */
  resume(): void;
  /** Does several things whose segments go out together. */
  batch(work: () => void): void;
  /** An alarm of the user's own among the stack's timers: `set` to a time of `Host.now`, Infinity for none. */
  alarm(fire: () => void): { set(at: number): void };
  addAddress(prefix: string, options?: { readonly probe?: boolean }): void;
  removeAddress(address: string): void;
  addRouter(address: string): void;
  removeRouter(address: string): void;
  /** Resets all connections; nothing is sent or called afterwards. */
  close(): void;
}

/** What this end of the link is besides, once the options have said so. */
interface Roles {
  auto: Autoconfiguration | undefined;
  router: RouterRole | undefined;
}

/** A stack over `link`. Throws Solo5Error `ADDRESS`, `MTU`. */
export function createStack(link: Link, host: Host, options: StackOptions = {}): Stack {
  if (!(link.mtu >= 576 && link.mtu <= 65_535))
    throw new Solo5Error("MTU", `an MTU is from 576 to 65535: ${link.mtu}`);
  const turns = createTurns(host);
  const nic = createNic(link, turns, options);
  const roles: Roles = { auto: undefined, router: undefined };
  const addresses = createOwnAddresses(nic, () => {
    tcp.predictor?.forgetAll();
    stack.onAddresses?.();
  });
  const icmp = createIcmp(
    nic,
    (report) => {
      if (report.protocol === protocol.tcp) tcp.report(report);
      else if (report.protocol === protocol.udp) udp.report(report);
    },
    (message) => discover(addresses, roles, message),
  );
  const udp = createUdp(nic);
  const tcp = createTcp(nic, options.tcp, options.prediction, icmp.error);
  const receiver = createReceiver(nic, icmp, udp, tcp);
  turns.flush = flusherOf(receiver);
  const lending: Lending = {
    turns,
    counters: nic.counters,
    predictor: tcp.predictor,
    take(frame) {
      if (turns.depth > 1) receiver.backlog.push(frame);
      else if (!turns.closed) takeFrame(receiver, frame);
    },
  };
  const add = (text: string, probe = options.probe ?? true): void => {
    const { address, length } = parsePrefix(text);
    addAddress(addresses, address, length, { probe });
  };

  const stack: Stack = {
    tcp,
    udp,
    icmp,
    counters: nic.counters,
    get addresses() {
      return nic.own.filter(({ tentative }) => !tentative);
    },
    onAddresses: undefined,
    onAdvertisement: undefined,
    now: nic.now,
    receive: (frame) => receive(turns, receiver, frame),
    receiveAll: (frames) =>
      during(turns, () => {
        for (const frame of frames) takeFrame(receiver, frame);
      }),
    receiveFrom: (buffer, read, most) => options.prediction?.receiveFrom(lending, buffer, read, most) ?? 0,
    tick: () => runTimers(turns),
    resume: () => during(turns, () => tcp.resume()),
    batch: (work) => during(turns, work),
    alarm(fire) {
      const timer = createTimer(fire);
      return {
        set(at) {
          turns.timers.set(timer, at);
          nic.settle();
        },
      };
    },
    addAddress: (text, { probe } = {}) => during(turns, () => add(text, probe)),
    removeAddress: (text) => during(turns, () => removeAddress(addresses, parseAddress(text))),
    addRouter: (text) => during(turns, () => addRouter(nic, parseAddress(text))),
    removeRouter: (text) => during(turns, () => removeRouter(nic, parseAddress(text))),
    close() {
      during(turns, () => tcp.close());
      turns.closed = true;
      host.wake(Infinity);
    },
  };

  // The listeners come later than this: what the options ask for is in `addresses` at once.
  during(turns, () => {
    for (const text of options.addresses ?? []) add(text);
    for (const text of options.routers ?? []) addRouter(nic, parseAddress(text));
    if (options.autoconfigure === true)
      roles.auto = autoconfigure(addresses, (said) => stack.onAdvertisement?.(said));
    if (options.advertise !== undefined) {
      addAddress(addresses, interfaceAddress(link.mac), 64, { probe: false });
      roles.router = createRouter(nic, options.advertise);
    }
  });
  return stack;
}

function createNic(link: Link, turns: Turns, options: StackOptions): Nic {
  const tx = new Uint8Array(ethernetHeader + link.mtu + 2);
  const nic: Nic = {
    // Closed, the stack is silent.
    link: {
      mtu: link.mtu,
      mac: link.mac,
      send: (frame) => turns.closed || link.send(frame),
      sendFirst: (buffer, length) =>
        turns.closed || (link.sendFirst?.(buffer, length) ?? link.send(buffer.subarray(0, length))),
    },
    host: turns.host,
    timers: turns.timers,
    now: clockOf(turns),
    tx,
    out: { bytes: tx, buffer: tx.buffer },
    counters: { received: 0, predicted: 0, sent: 0, dropped: 0, segmentsResent: 0 },
    own: [],
    routers: [],
    onLink: [],
    anyAddress: options.anyAddress ?? false,
    answersFor: options.answersFor ?? (() => false),
    neighbours: new Map(),
    solicit: (neighbour, unicast) =>
      (neighbour.address.length === 4 ? arpRequest : ndRequest)(nic, neighbour, unicast),
    unreachable: () => {},
    hopLimit: 64,
    mtu6: link.mtu,
    identification: 0,
    settle: settlerOf(turns),
  };
  nic.identification = random32(nic) & 0xffff;
  return nic;
}

/** A message of neighbour discovery. */
function discover(addresses: OwnAddresses, { router, auto }: Roles, message: Packet): void {
  const type = message.frame[message.at];
  if (type === ndType.routerSolicitation) router?.solicited(message);
  else if (type === ndType.routerAdvertisement) {
    if (auto !== undefined) takeAdvertisement(auto, message);
  } else if (type !== ndType.redirect)
    receiveNd(addresses.nic, message, router !== undefined, (own) => onDuplicate(addresses, own));
}

function receive(turns: Turns, receiver: Receiver, frame: Uint8Array): void {
  if (turns.closed) return;
  if (turns.depth > 0) {
    keepForLater(receiver, frame);
    return;
  }
  begin(turns);
  try {
    takeFrame(receiver, frame);
  } finally {
    finish(turns);
  }
}

const addRouter = (nic: Nic, address: Address): void => void nic.routers.push({ address, until: Infinity });

function removeRouter(nic: Nic, address: Address): void {
  const index = nic.routers.findIndex((router) => matches(router.address, 0, address));
  if (index >= 0) nic.routers.splice(index, 1);
}
