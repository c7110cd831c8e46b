// A TCP/IP host or gateway over one link: the layers put together.
import { Solo5Error } from "../bytes/error.js";
import { interfaceAddress, parseAddress, parsePrefix, type Address, type Prefix } from "./address.js";
import { arpRequest, receiveArp } from "./arp.js";
import { etherType, ethernetHeader, isGroupMac } from "./ethernet.js";
import { createReassembly } from "./fragments.js";
import type { Host, Link } from "./host.js";
import { createIcmp, type Icmp, type IcmpReport } from "./icmp.js";
import { receive4, receive6, type Upward } from "./ip-input.js";
import { ndRequest, ndType, receiveNd } from "./nd.js";
import { random32, type Counters, type Nic } from "./nic.js";
import { createPacket, protocol, type Packet } from "./packet.js";
import { createRouter, type RouterAdvertisement, type RouterOptions } from "./ra.js";
import { createAddresses } from "./slaac.js";
import type { TcpLimits } from "./tcp/layer.js";
import type { Lending, Prediction } from "./tcp/predict.js";
import { createTcp, type Tcp } from "./tcp/tcp.js";
import { createTimer, createTimers } from "./timers.js";
import { createUdp, type Udp } from "./udp.js";
import { get16, matches } from "./wire.js";

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

/** Frames that come while one is being taken: a link whose other end answers at once. */
const backlogMax = 1024;

/** A stack over `link`. Throws Solo5Error `ADDRESS`, `MTU`. */
export function createStack(link: Link, host: Host, options: StackOptions = {}): Stack {
  if (!(link.mtu >= 576 && link.mtu <= 65_535))
    throw new Solo5Error("MTU", `an MTU is from 576 to 65535: ${link.mtu}`);
  const timers = createTimers();
  const counters = { received: 0, predicted: 0, sent: 0, dropped: 0, segmentsResent: 0 };
  let [busy, closed, asked] = [0, false, Infinity];

  let time = 0;
  const begin = (): void => {
    if (busy++ === 0) time = host.now();
  };
  /** Sends and tells what is due, and asks for the next alarm, where the outermost call ends. */
  const finish = (): void => {
    try {
      if (busy > 1) return;
      tcp.flush();
      takeBacklog();
    } finally {
      busy--;
    }
    // Asked again only where the time has changed: a host's timers may be dear.
    if (timers.next === asked || closed) return;
    asked = timers.next;
    host.wake(asked);
  };
  const during = (work: () => void): void => {
    if (closed) return;
    begin();
    try {
      work();
    } finally {
      finish();
    }
  };
  const settle = (): void => {
    if (busy > 0 || closed) return;
    begin();
    finish();
  };
  const tx = new Uint8Array(ethernetHeader + link.mtu + 2);
  const nic: Nic = {
    // Closed, the stack is silent.
    link: {
      mtu: link.mtu,
      mac: link.mac,
      send: (frame) => closed || link.send(frame),
      sendFirst: (buffer, length) =>
        closed || (link.sendFirst?.(buffer, length) ?? link.send(buffer.subarray(0, length))),
    },
    host,
    timers,
    now: () => (busy > 0 ? time : host.now()),
    tx,
    out: { bytes: tx, buffer: tx.buffer },
    counters,
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
    settle,
  };
  nic.identification = random32(nic) & 0xffff;

  const packet = createPacket();
  const reports = (report: IcmpReport): void => {
    if (report.protocol === protocol.tcp) tcp.report(report);
    else if (report.protocol === protocol.udp) udp.report(report);
  };
  const addresses = createAddresses(nic);
  addresses.changed = () => {
    tcp.predictor?.forgetAll();
    stack.onAddresses?.();
  };
  addresses.onAdvertisement = (said) => stack.onAdvertisement?.(said);
  const discovery = (message: Packet): void => {
    const type = message.frame[message.at];
    if (type === ndType.routerSolicitation) router?.solicited(message);
    else if (type === ndType.routerAdvertisement) addresses.advertisement(message);
    else if (type !== ndType.redirect) receiveNd(nic, message, router !== undefined, addresses.duplicate);
  };
  const icmp = createIcmp(nic, reports, discovery);
  const udp = createUdp(nic);
  const tcp = createTcp(nic, options.tcp, options.prediction, (to, kind) => icmp.error(to, kind));

  const upward: Upward = {
    reassembly: createReassembly(
      timers,
      () => nic.now(),
      (frame) => onExpired(frame),
    ),
    parameterProblem: (from, code, pointer) => icmp.message(from, 4, code, pointer),
    deliver(to) {
      if (to.protocol === protocol.tcp) tcp.receive(to);
      else if (to.protocol === protocol.udp) {
        if (udp.receive(to) === "refused") icmp.error(to, "port");
      } else if (to.protocol === (to.family === 4 ? protocol.icmp : protocol.icmp6)) icmp.receive(to);
      // RFC 1122, 3.2.2.1; RFC 4443, 3.4, which points to the field that names it.
      else icmp.error(to, "protocol", to.family === 6 ? 6 : 0);
    },
  };
  const onExpired = (frame: Uint8Array): void => {
    const is4 = get16(frame, 12) === etherType.ipv4;
    const [sourceAt, size] = is4 ? [ethernetHeader + 12, 4] : [ethernetHeader + 8, 16];
    const from: Packet = { ...createPacket(), frame, family: is4 ? 4 : 6, header: ethernetHeader, sourceAt, destinationAt: sourceAt + size, at: ethernetHeader + (is4 ? 20 : 40), end: frame.length, group: isGroupMac(frame) }; // prettier-ignore
    icmp.error(from, "reassembly");
  };

  const take = (frame: Uint8Array): void => {
    counters.received++;
    if (frame.length < ethernetHeader || (!isGroupMac(frame) && !matches(frame, 0, link.mac))) {
      counters.dropped++;
      return;
    }
    packet.frame = frame;
    const type = get16(frame, 12);
    if (type === etherType.ipv4) receive4(nic, packet, upward);
    else if (type === etherType.ipv6) receive6(nic, packet, upward);
    else if (type === etherType.arp) receiveArp(nic, frame);
    else counters.dropped++;
  };
  const backlog: Uint8Array[] = [];
  const takeBacklog = (): void => {
    for (let frame; (frame = backlog.shift()) !== undefined;) {
      take(frame);
      if (backlog.length === 0) tcp.flush();
    }
  };
  let router: ReturnType<typeof createRouter> | undefined;
  const add = (text: string, probe = options.probe ?? true): void => {
    const { address, length } = parsePrefix(text);
    addresses.add(address, length, { probe });
  };

  const lending: Lending = {
    predictor: tcp.predictor,
    counters,
    begin,
    finish,
    isFree: () => busy < 2 && !closed,
    take: (frame) => void (busy > 1 ? backlog.push(frame) : closed || take(frame)),
  };

  const stack: Stack = {
    tcp,
    udp,
    icmp,
    counters,
    get addresses() {
      return nic.own.filter(({ tentative }) => !tentative);
    },
    onAddresses: undefined,
    onAdvertisement: undefined,
    now: () => nic.now(),
    receive(frame) {
      if (closed) return;
      if (busy > 0) {
        // Its bytes may be valid for the call only: it came in the middle of one.
        if (backlog.length < backlogMax) backlog.push(frame.slice());
        else counters.dropped++;
        return;
      }
      begin();
      try {
        take(frame);
      } finally {
        finish();
      }
    },
    receiveAll: (frames) =>
      during(() => {
        for (const frame of frames) take(frame);
      }),
    receiveFrom: (buffer, read, most) => options.prediction?.receiveFrom(lending, buffer, read, most) ?? 0,
    tick() {
      asked = Infinity;
      during(() => timers.run(time));
    },
    resume: () => during(() => tcp.resume()),
    batch: during,
    alarm(fire) {
      const timer = createTimer(fire);
      return {
        set(at) {
          timers.set(timer, at);
          settle();
        },
      };
    },
    addAddress: (text, { probe } = {}) => during(() => add(text, probe)),
    removeAddress: (text) => during(() => addresses.remove(parseAddress(text))),
    addRouter: (text) =>
      during(() => void nic.routers.push({ address: parseAddress(text), until: Infinity })),
    removeRouter: (text) =>
      during(() => {
        const index = nic.routers.findIndex(({ address }) => matches(address, 0, parseAddress(text)));
        if (index >= 0) nic.routers.splice(index, 1);
      }),
    close() {
      during(() => tcp.close());
      closed = true;
      host.wake(Infinity);
    },
  };

  // The listeners come later than this: what the options ask for is in `addresses` at once.
  during(() => {
    for (const text of options.addresses ?? []) add(text);
    for (const text of options.routers ?? [])
      nic.routers.push({ address: parseAddress(text), until: Infinity });
    if (options.autoconfigure === true) addresses.autoconfigure();
    if (options.advertise !== undefined) {
      addresses.add(interfaceAddress(link.mac), 64, { probe: false });
      router = createRouter(nic, options.advertise);
    }
  });
  return stack;
}
