// The sockets of a host as a network without root uses them. Every event comes after the call that leads to it has returned.
import type { Address, Family } from "../../ip/address.js";

export interface Endpoint {
  readonly address: Address;
  readonly port: number;
}

/** What becomes of a connection, in the words of errno(3): `refused`, or no way there. */
export type ConnectionError = "refused" | "unreachable" | "timeout" | "reset" | "denied";

/** What a TCP socket of the host's tells. */
export interface TcpEvents {
  connected(): void;
  /** Bytes that are the receiver's. */
  data(bytes: Uint8Array): void;
  /** The other side has sent everything. */
  ended(): void;
  /** After `write` gave false: more is welcome. */
  drained(): void;
  /** Nothing comes any more; with the reason where the connection did not end in order. */
  closed(error: ConnectionError | undefined): void;
}

export interface TcpSocket {
  /** False where the socket has enough for now: `drained` follows. The bytes must not change afterwards. */
  write(bytes: Uint8Array): boolean;
  /** Sends what was written, then says that this was all. */
  end(): void;
  pause(): void;
  resume(): void;
  /** Gives the connection up: the other side sees a reset. */
  reset(): void;
}

export interface UdpSocket {
  send(bytes: Uint8Array, to: Endpoint): void;
  close(): void;
}

/** What accepts until it is closed. */
export interface Listening {
  /** Where: the port is the one that was found where any would do. */
  readonly at: Endpoint;
  close(): void;
}

export interface UdpEvents {
  /** Bytes that are the receiver's. */
  received(bytes: Uint8Array, from: Endpoint): void;
  /** The socket is of no use, or no longer. */
  failed(): void;
}

export interface HostSockets {
  connect(to: Endpoint, events: TcpEvents): TcpSocket;
  /** Rejects with Solo5Error where it cannot listen. */
  listen(at: Endpoint, accept: (socket: TcpSocket) => TcpEvents): Promise<Listening>;
  udp(family: Family, events: UdpEvents): UdpSocket;
  /** Rejects with Solo5Error where it cannot listen. */
  listenUdp(at: Endpoint, events: UdpEvents): Promise<Listening & UdpSocket>;
  /** Addresses of a name as the host's own programs find them; undefined where there is no such name. Rejects where nobody knows. */
  lookup(name: string, family: Family): Promise<readonly Address[] | undefined>;
  /** Asks the host's DNS server. Rejects where none answers. */
  query(message: Uint8Array): Promise<Uint8Array>;
  /** Addresses of the host's interfaces now. */
  ownAddresses(): readonly Address[];
}
