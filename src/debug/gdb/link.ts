// The link to a debugger: packets in and out, acknowledged until both sides give that up. GDB manual, appendix E.1 and E.11.
import { createPacketReader, encodePacket, type Item } from "./packet.js";

export type Send = (bytes: Uint8Array) => void;

export interface GdbLink {
  /** A debugger is there. */
  readonly isOpen: boolean;
  open(send: Send): void;
  close(): void;
  receive(bytes: Uint8Array): void;
  reply(data: string): void;
  /** From now on nothing is acknowledged. */
  startNoAck(): void;
}

const plus = Uint8Array.of(0x2b);
const minus = Uint8Array.of(0x2d);

/** `onPacket` takes commands, `onInterrupt` a ^C in the debugger. */
export function createLink(onPacket: (data: string) => void, onInterrupt: () => void): GdbLink {
  let send: Send | undefined;
  let read = createPacketReader();
  let isAcknowledged = true;
  let last = encodePacket("");

  const take = (item: Item): void => {
    switch (item.kind) {
      case "packet":
        if (isAcknowledged) send?.(plus);
        onPacket(item.data);
        break;
      case "damaged":
        if (isAcknowledged) send?.(minus);
        break;
      case "nak":
        send?.(last);
        break;
      case "interrupt":
        onInterrupt();
        break;
      case "ack":
        break;
      default:
        item satisfies never;
    }
  };

  return {
    get isOpen() {
      return send !== undefined;
    },
    open(to) {
      send = to;
      read = createPacketReader();
      isAcknowledged = true;
    },
    close: () => void (send = undefined),
    receive(bytes) {
      for (const item of read(bytes)) take(item);
    },
    reply(data) {
      last = encodePacket(data);
      send?.(last);
    },
    startNoAck: () => void (isAcknowledged = false),
  };
}
