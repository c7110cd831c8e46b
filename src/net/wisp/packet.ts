// Wisp: TCP and UDP streams over one WebSocket. The packets of its protocol, version 2.0 draft 2; numbers are little-endian.
import { encodeText, decodeText } from "../../bytes/text.js";

export const packetType = { connect: 1, data: 2, continue: 3, close: 4, info: 5 } as const;
export const streamType = { tcp: 1, udp: 2 } as const;
export const closeReason = {
  unspecified: 0x01,
  voluntary: 0x02,
  network: 0x03,
  invalid: 0x41,
  unreachable: 0x42,
  timeout: 0x43,
  refused: 0x44,
  blocked: 0x48,
  throttled: 0x49,
} as const;
/** The version that INFO tells, and the extension for UDP, which has no data of its own. */
const info = [2, 0, 1, 0, 0, 0, 0] as const;

export type WispPacket = { readonly stream: number } & (
  | { readonly type: "connect"; readonly kind: "tcp" | "udp"; readonly port: number; readonly host: string }
  | { readonly type: "data"; readonly data: Uint8Array }
  | { readonly type: "continue"; readonly room: number }
  | { readonly type: "close"; readonly reason: number }
  | { readonly type: "info" }
);

/** What a WebSocket's subprotocol is called where it speaks version 2; version 1 has none. */
export const subprotocol = "wisp-v2";

const headSize = 5;

function packet(type: keyof typeof packetType, stream: number, payload: ArrayLike<number>): Uint8Array {
  const whole = new Uint8Array(headSize + payload.length);
  whole[0] = packetType[type];
  new DataView(whole.buffer).setUint32(1, stream, true);
  whole.set(payload, headSize);
  return whole;
}

const u32 = (value: number): readonly number[] => [
  value & 255,
  (value >> 8) & 255,
  (value >> 16) & 255,
  value >>> 24,
];

export function writePacket(what: WispPacket): Uint8Array {
  const { stream } = what;
  switch (what.type) {
    case "connect":
      return packet("connect", stream, [
        streamType[what.kind],
        what.port & 255,
        what.port >> 8,
        ...encodeText(what.host),
      ]);
    case "data":
      return packet("data", stream, what.data);
    case "continue":
      return packet("continue", stream, u32(what.room));
    case "close":
      return packet("close", stream, [what.reason]);
    case "info":
      return packet("info", stream, info);
    default:
      return what satisfies never;
  }
}

/** The packet in a message; undefined where it is none. Data is a view of the message. */
export function readPacket(message: Uint8Array): WispPacket | undefined {
  if (message.length < headSize) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const stream = view.getUint32(1, true);
  const payload = message.subarray(headSize);
  switch (message[0]) {
    case packetType.connect: {
      if (payload.length < 4) return undefined;
      const kind = payload[0] === streamType.tcp ? "tcp" : payload[0] === streamType.udp ? "udp" : undefined;
      if (kind === undefined) return undefined;
      return {
        type: "connect",
        stream,
        kind,
        port: view.getUint16(headSize + 1, true),
        host: decodeText(payload.subarray(3)),
      };
    }
    case packetType.data:
      return { type: "data", stream, data: payload };
    case packetType.continue:
      return payload.length < 4
        ? undefined
        : { type: "continue", stream, room: view.getUint32(headSize, true) };
    case packetType.close:
      return { type: "close", stream, reason: payload[0] ?? closeReason.unspecified };
    case packetType.info:
      return { type: "info", stream };
    default:
      return undefined;
  }
}

/** A WebSocket, as both sides of the protocol use it: whole messages, in order. */
export interface MessageChannel {
  send(message: Uint8Array): void;
  /** Bytes that wait to be sent. */
  readonly waiting: number;
  close(): void;
}

/** What comes on a channel. */
export interface ChannelEvents {
  message(message: Uint8Array): void;
  /** Less waits than before. */
  drained(): void;
  closed(): void;
}
