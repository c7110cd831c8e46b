// A TCP stream of a Wisp client's as a socket: it sends as many packets as the relay has room for, and keeps what comes while its reader
// has paused.
import type { ConnectionError, TcpEvents, TcpSocket } from "../user/sockets.js";
import { closeReason } from "./packet.js";

const errors: Readonly<Record<number, ConnectionError>> = {
  [closeReason.unreachable]: "unreachable",
  [closeReason.invalid]: "unreachable",
  [closeReason.timeout]: "timeout",
  [closeReason.refused]: "refused",
  [closeReason.blocked]: "refused",
  [closeReason.throttled]: "refused",
  [closeReason.network]: "reset",
};

/** Bytes that wait for a reader who has paused: the relay cannot be told to. */
const heldMost = 0x100_0000;

export interface ClientStream {
  readonly socket: TcpSocket;
  /** The relay may be asked: it has room for so many packets. */
  begin(room: number): void;
  data(bytes: Uint8Array): void;
  /** The relay has room for so many packets more. */
  room(packets: number): void;
  closed(reason: number): void;
}

/** What a stream does on its channel. */
export interface ClientStreamActions {
  connect(): void;
  send(bytes: Uint8Array): void;
  /** The relay knows it no more. */
  close(reason: number): void;
  /** Nothing is to come for it. */
  over(): void;
}

export function createClientStream(actions: ClientStreamActions, events: TcpEvents): ClientStream {
  const held: Uint8Array[] = [];
  const toSend: Uint8Array[] = [];
  let [left, heldBytes, isPaused, isOver] = [0, 0, false, false];
  /** How it ended, while something that came before is still held. */
  let end: { readonly error: ConnectionError | undefined } | undefined;

  const finish = (error: ConnectionError | undefined): void => {
    if (isOver) return;
    isOver = true;
    actions.over();
    if (error === undefined) events.ended();
    events.closed(error);
  };
  const later = (error: ConnectionError | undefined): void => queueMicrotask(() => finish(error));
  const flush = (): void => {
    while (left > 0 && toSend.length > 0) {
      left--;
      actions.send(toSend.shift() ?? new Uint8Array(0));
    }
  };
  return {
    begin(room) {
      if (isOver) return;
      left = room;
      actions.connect();
      // The relay says nothing until there is data, or until it has failed: it is taken as connected.
      events.connected();
      flush();
    },
    data(bytes) {
      if (!isPaused) events.data(bytes);
      else if ((heldBytes += bytes.length) <= heldMost) held.push(bytes);
      else {
        actions.close(closeReason.network);
        finish("reset");
      }
    },
    room(packets) {
      const wasShort = toSend.length > 0;
      left = packets;
      flush();
      if (wasShort && toSend.length === 0) events.drained();
    },
    closed(reason) {
      end = { error: errors[reason] };
      if (held.length === 0) finish(end.error);
    },
    socket: {
      write(bytes) {
        toSend.push(bytes);
        flush();
        return toSend.length === 0;
      },
      // There is no half of a stream: the relay learns of it with the other half.
      end() {},
      pause: () => void (isPaused = true),
      resume() {
        isPaused = false;
        for (let bytes; !isPaused && (bytes = held.shift()) !== undefined;) {
          heldBytes -= bytes.length;
          events.data(bytes);
        }
        if (end !== undefined && held.length === 0) later(end.error);
      },
      reset() {
        actions.close(closeReason.network);
        later("reset");
      },
    },
  };
}
