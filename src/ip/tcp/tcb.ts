// The transmission control block (RFC 9293, 3.3.1): one flat record a connection, of numbers that fit machine words, so that
// thousands of idle ones cost little.
import type { Address, Family, Mac } from "../address.js";
import type { Buffered } from "../host-functions.js";
import type { Neighbour } from "../nic.js";
import type { Timer } from "../timers.js";

/** RFC 9293, 3.3.2; `offered` is a SYN that a gateway has not answered yet. */
export const state = {
  closed: 0,
  offered: 1,
  synSent: 2,
  synReceived: 3,
  established: 4,
  finWait1: 5,
  finWait2: 6,
  closeWait: 7,
  closing: 8,
  lastAck: 9,
  timeWait: 10,
} as const;
export type State = (typeof state)[keyof typeof state];

/** How the sender takes losses (RFC 6675, RFC 5681): none known, fast recovery, after a timeout. */
export const mode = { open: 0, recovery: 1, loss: 2 } as const;
export type Mode = (typeof mode)[keyof typeof mode];

/** Why a connection ended that was not closed in order. */
export type TcpError = "refused" | "reset" | "timeout" | "unreachable" | "aborted";

/** What a connection tells its user. Called when the segment that caused it has been seen to. */
export interface Handlers {
  /** The connection is established. */
  opened?(): void;
  /** Data has come, or the end of it. */
  readable?(): void;
  /** The peer has sent urgent data, or more of it; `Connection.urgent` tells how far it goes. */
  urgent?(): void;
  /** `write` may go on after it has returned false. */
  writable?(): void;
  /** Nothing more will happen; `error` where it did not end in order. */
  closed?(error?: TcpError): void;
}

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

export interface Tcb {
  state: State;
  readonly family: Family;
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: 6;
  hopLimit: number | undefined;
  trafficClass: number | undefined;
  readonly localPort: number;
  readonly remotePort: number;
  /** Of addresses and ports; those that share it are chained. */
  readonly hash: number;
  chained: Tcb | null;
  /** Sum of the addresses, for checksums. */
  readonly pseudo: number;
  hop: Neighbour | undefined;
  /** How frames began that were sent before. */
  head: FrameHead | undefined;
  handlers: Handlers;
  /** Whom the listener has to tell; undefined once it is the user's. */
  listener: Backlog | undefined;
  /** It began with the peer's SYN (RFC 9293, 3.5, MUST-11). */
  passive: boolean;

  // Send sequence space (RFC 9293, 3.3.1). `max` is the highest that was ever sent; `next` may be behind after a probe.
  una: number;
  next: number;
  max: number;
  window: number;
  windowMax: number;
  wl1: number;
  wl2: number;
  /** Bytes of data a segment, without options. */
  mss: number;
  windowShift: number;
  sendHead: Chunk | null;
  sendTail: Chunk | null;
  sendCursor: Chunk | null;
  /** Behind the last byte that the user gave. */
  sendEnd: number;
  sendLimit: number;
  /** The user has ended; its FIN has the sequence number `sendEnd`. */
  finQueued: boolean;
  noDelay: boolean;
  /** `write` has returned false. */
  wantsRoom: boolean;

  // Receive sequence space.
  rcvNext: number;
  /** The right edge that was advertised. */
  rcvEdge: number;
  rcvShift: number;
  rcvLimit: number;
  /** What was offered, and the largest that came. */
  readonly rcvMss: number;
  rcvLargest: number;
  /** Data in order that the user has not read. */
  readonly received: Uint8Array[];
  receivedBytes: number;
  /** Bytes used of the last of `received` where it is a buffer of the connection's own with room; else -1. */
  tailUsed: number;
  islands: Island[] | null;
  islandParts: number;
  /** The start of the island that grew last. */
  islandLatest: number;
  /** The user has read something of which the peer does not know. */
  freed: boolean;
  /** Sequence number of the peer's FIN, once it is known. */
  finAt: number;
  finKnown: boolean;
  finReceived: boolean;
  /** Behind the last byte that the peer calls urgent, once it does. */
  urgentEdge: number;
  urgent: boolean;
  /** The user reads no more: data that comes is answered with a reset. */
  deaf: boolean;

  // Options in use.
  scaling: boolean;
  sack: boolean;
  timestamps: boolean;
  tsRecent: number;
  tsRecentAt: number;
  /** Added to the clock, so that it tells nobody the uptime (RFC 7323, 7.1). */
  tsOffset: number;

  // Acknowledgements to be sent.
  ackNow: boolean;
  ackSent: number;
  ackAt: number;
  quickAcks: number;
  challenges: number;
  challengesFrom: number;

  // Retransmission (RFC 6298).
  srtt: number;
  rttvar: number;
  rto: number;
  backoff: number;
  retransmitAt: number;
  /** Retransmission timer or that of the zero window. */
  persisting: boolean;
  /** When the peer last acknowledged something, or something was first sent after a silence. */
  progressAt: number;
  /** Without timestamps: whether something is timed, what, and since when. */
  timing: boolean;
  timed: number;
  timedAt: number;
  lastSentAt: number;

  // Congestion (RFC 5681, RFC 6582, RFC 6675), in bytes.
  mode: Mode;
  cwnd: number;
  ssthresh: number;
  bytesAcked: number;
  duplicates: number;
  recover: number;
  /** Retransmitted up to here. */
  highRxt: number;
  /** What is not acknowledged before here is taken as lost. */
  lostEdge: number;
  /** Estimate of what is on its way, while something is lost. */
  pipe: number;
  /** Pairs of edges that the peer has, ascending. */
  sacked: number[] | null;
  sackedBytes: number;

  // The timer that is for several: TIME-WAIT, FIN-WAIT-2 without a user, keep-alive, the unanswered SYN.
  idleAt: number;
  keepAlive: number;
  keepAliveProbes: number;
  heardAt: number;
  userTimeout: number;
  /** ICMP has said that the way is shut, perhaps for a while. */
  unreachable: boolean;
  timer: Timer;
  /** It is in the list of those that have something to send or to tell. */
  dirty: boolean;
  /** Bits of `event`. */
  events: number;
  error: TcpError | undefined;
}

/** Whoever closed and hears nothing more gives up (as most do; RFC 9293 would wait for ever). */
export const finWait2Msecs = 60_000;

/** What the user is to be told. */
export const event = { opened: 1, readable: 2, writable: 4, closed: 8, urgent: 16 } as const;

/** A listener's connections that are not established. */
export interface Backlog {
  readonly halfOpen: Set<Tcb>;
  accept(tcb: Tcb): void;
}

export const isSynchronized = (tcb: Tcb): boolean => tcb.state >= state.established;
/** The peer may still send data. */
export const mayReceive = ({ state: s }: Tcb): boolean =>
  s === state.established || s === state.finWait1 || s === state.finWait2;
/** Data and FIN of the user may be sent, again at least. */
export const maySend = ({ state: s }: Tcb): boolean =>
  s >= state.established && s <= state.lastAck && s !== state.finWait2;
