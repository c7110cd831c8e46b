// What a network without root may do and where its addresses lie, as a user says it.

/** A port of the host's that leads to one of the unikernel's. */
export interface Forward {
  readonly protocol: "tcp" | "udp";
  /** Where the host listens; 127.0.0.1 where absent. */
  readonly address?: string | undefined;
  /** The host's; 0 is any that is free. */
  readonly hostPort: number;
  readonly guestPort: number;
}

/** What a network without root may do, and where it is. */
export interface UserOptions {
  readonly forwards?: readonly Forward[] | undefined;
  /** No way out but to what is allowed by name. */
  readonly restrict?: boolean | undefined;
  /** `ADDRESS[/BITS][:PORT]`, IPv6 in brackets where a port follows: allowed, whatever else would deny it. */
  readonly allow?: readonly string[] | undefined;
  /** The unikernel's address and the network's prefix; 10.0.0.2/24 where absent. */
  readonly ip?: string | undefined;
  /** Bytes; 1500 where absent. */
  readonly mtu?: number | undefined;
}

/** A network without root: the unikernel reaches the Internet through this process, and the host its ports. */
export interface UserSource extends UserOptions {
  readonly kind: "user";
}
