// The transmission control block (RFC 9293, 3.3.1): one flat record a connection, of numbers that fit machine words, so that
// thousands of idle ones cost little.
import { familyOf, type Address, type Family, type Mac } from "../address.js";
import { addressSum } from "../checksum.js";
import type { Buffered } from "../host-functions.js";
import type { Neighbour } from "../nic.js";
import { createTimer, type Timer } from "../timers.js";
import type { Endpoint } from "../udp.js";
import type { Handlers, TcpError } from "./handlers.js";
import { mode, state, type Mode, type State } from "./states.js";

/** Data to be sent. What is small is copied into chunks of the connection's own, with room for more. */
export interface Chunk {
  readonly data: Uint8Array;
  /** Sequence number of its first byte. */
  readonly seq: number;
  size: number;
  readonly own: boolean;
  next: Chunk | null;
}

/** Data that has come ahead of what is missing: contiguous pieces. */
export interface Island {
  start: number;
  end: number;
  readonly parts: Uint8Array[];
}

/** How frames begin, for as long as that is so. */
export interface FrameHead extends Buffered {
  /** What is in them of others: the next hop's address, and what routers say. */
  readonly mac: Mac;
  readonly hopLimit: number;
}

/** RFC 9293, 3.7.1, MUST-15; RFC 8200, 5. */
export const defaultMss = { 4: 536, 6: 1220 } as const;
/** RFC 6298, 2.1. */
const initialRtoMsecs = 1000;
const nobody: Handlers = {};

/** What is known of a connection when it begins. */
export interface Beginning {
  readonly state: State;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly hash: number;
  /** The initial sequence number, and what is added to the clock of timestamps. */
  readonly iss: number;
  readonly tsOffset: number;
  readonly now: number;
  readonly rcvMss: number;
  readonly rcvLimit: number;
  readonly sendLimit: number;
  readonly userTimeout: number;
  readonly sack: boolean;
  readonly timestamps: boolean;
  readonly onTimer: (tcb: Tcb) => void;
}

/** Fields, and what they begin with: all connections have them in one order, which engines make fast. */
export class Tcb {
  state: State;
  readonly family: Family;
  readonly source: Address;
  readonly destination: Address;
  readonly protocol = 6;
  hopLimit: number | undefined = undefined;
  trafficClass: number | undefined = undefined;
  readonly localPort: number = 0;
  readonly remotePort: number = 0;
  /** Of addresses and ports; those that share it are chained. */
  readonly hash: number = 0;
  chained: Tcb | null = null;
  /** Sum of the addresses, for checksums. */
  readonly pseudo: number = 0;
  hop: Neighbour | undefined = undefined;
  /** How frames began that were sent before. */
  head: FrameHead | undefined = undefined;
  handlers: Handlers = nobody;
  /** Whom the listener has to tell; undefined once it is the user's. */
  listener: Backlog | undefined = undefined;
  /** It began with the peer's SYN (RFC 9293, 3.5, MUST-11). */
  readonly passive: boolean;

  // Send sequence space (RFC 9293, 3.3.1). `max` is the highest that was ever sent; `next` may be behind after a probe.
  una = 0;
  next = 0;
  max = 0;
  window = 0;
  windowMax = 0;
  wl1 = 0;
  wl2 = 0;
  /** Bytes of data a segment, without options. */
  mss = 0;
  windowShift = 0;
  sendHead: Chunk | null = null;
  sendTail: Chunk | null = null;
  sendCursor: Chunk | null = null;
  /** Behind the last byte that the user gave. */
  sendEnd = 0;
  sendLimit = 0;
  /** The user has ended; its FIN has the sequence number `sendEnd`. */
  finQueued = false;
  noDelay = false;
  /** `write` has returned false. */
  wantsRoom = false;

  // Receive sequence space.
  rcvNext = 0;
  /** The right edge that was advertised. */
  rcvEdge = 0;
  rcvShift = 0;
  rcvLimit = 0;
  /** What was offered, and the largest that came. */
  readonly rcvMss: number = 0;
  rcvLargest = 1;
  /** Data in order that the user has not read. */
  readonly received: Uint8Array[] = [];
  receivedBytes = 0;
  /** Bytes used of the last of `received` where it is a buffer of the connection's own with room; else -1. */
  tailUsed = -1;
  islands: Island[] | null = null;
  islandParts = 0;
  /** The start of the island that grew last. */
  islandLatest = 0;
  /** The user has read something of which the peer does not know. */
  freed = false;
  /** Sequence number of the peer's FIN, once it is known. */
  finAt = 0;
  finKnown = false;
  finReceived = false;
  /** Behind the last byte that the peer calls urgent, once it does. */
  urgentEdge = 0;
  urgent = false;
  /** The user reads no more: data that comes is answered with a reset. */
  deaf = false;

  // Options in use.
  scaling = true;
  sack: boolean;
  timestamps: boolean;
  tsRecent = 0;
  tsRecentAt = 0;
  /** Added to the clock, so that it tells nobody the uptime (RFC 7323, 7.1). */
  readonly tsOffset: number = 0;

  // Acknowledgements to be sent.
  ackNow = false;
  ackSent = 0;
  ackAt = Infinity;
  quickAcks = 16;
  challenges = 0;
  challengesFrom = 0;

  // Retransmission (RFC 6298).
  srtt = -1;
  rttvar = 0;
  rto = initialRtoMsecs;
  backoff = 0;
  retransmitAt = Infinity;
  /** Retransmission timer or that of the zero window. */
  persisting = false;
  /** When the peer last acknowledged something, or something was first sent after a silence. */
  progressAt = 0;
  /** Without timestamps: whether something is timed, what, and since when. */
  timing = false;
  timed = 0;
  timedAt = 0;
  lastSentAt = 0;

  // Congestion (RFC 5681, RFC 6582, RFC 6675), in bytes.
  mode: Mode = mode.open;
  cwnd = 0;
  ssthresh = 0;
  bytesAcked = 0;
  duplicates = 0;
  recover = 0;
  /** Retransmitted up to here. */
  highRxt = 0;
  /** What is not acknowledged before here is taken as lost. */
  lostEdge = 0;
  /** Estimate of what is on its way, while something is lost. */
  pipe = 0;
  /** Pairs of edges that the peer has, ascending. */
  sacked: number[] | null = null;
  sackedBytes = 0;

  // The timer that is for several: TIME-WAIT, FIN-WAIT-2 without a user, keep-alive, the unanswered SYN.
  idleAt = Infinity;
  keepAlive = 0;
  keepAliveProbes = 0;
  heardAt = 0;
  userTimeout = 0;
  /** ICMP has said that the way is shut, perhaps for a while. */
  unreachable = false;
  readonly timer: Timer;
  /** It is in the list of those that have something to send or to tell. */
  dirty = false;
  /** Bits of `event`. */
  events = 0;
  error: TcpError | undefined = undefined;

  constructor(known: Beginning) {
    const { local, remote, iss, now, onTimer } = known;
    this.state = known.state;
    this.passive = known.state !== state.synSent;
    this.family = familyOf(local.address);
    this.source = local.address;
    this.destination = remote.address;
    this.localPort = local.port;
    this.remotePort = remote.port;
    this.hash = known.hash;
    this.pseudo = addressSum(local.address, remote.address);
    this.una = this.next = this.max = this.recover = this.highRxt = this.lostEdge = iss;
    this.sendEnd = (iss + 1) | 0;
    this.sendLimit = known.sendLimit;
    this.mss = defaultMss[this.family];
    this.rcvShift = shiftFor(known.rcvLimit);
    this.rcvLimit = known.rcvLimit;
    this.rcvMss = known.rcvMss;
    this.sack = known.sack;
    this.timestamps = known.timestamps;
    this.tsOffset = known.tsOffset;
    this.userTimeout = known.userTimeout;
    this.tsRecentAt = this.challengesFrom = this.progressAt = now;
    this.timedAt = this.lastSentAt = this.heardAt = now;
    // What the timer holds lives as long as the connection: not all of `known`.
    this.timer = createTimer(() => onTimer(this));
  }
}

/** RFC 7323, 2.3: as little as makes the buffer fit 16 bits. */
const shiftFor = (limit: number): number => Math.min(14, Math.max(0, 16 - Math.clz32(limit)));

/** A listener's connections that are not established. */
export interface Backlog {
  readonly halfOpen: Set<Tcb>;
  accept(tcb: Tcb): void;
}
