// What a connection tells its user.

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

/** What the user is to be told. */
export const event = { opened: 1, readable: 2, writable: 4, closed: 8, urgent: 16 } as const;
