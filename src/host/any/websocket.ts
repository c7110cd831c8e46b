// WebSockets as a server has them (RFC 6455): the handshake, and messages of bytes over a socket that has been upgraded.
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { ChannelEvents, MessageChannel } from "../../net/wisp/packet.js";

const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** RFC 6455, 7.4.1. */
const status = { normal: 1000, protocol: 1002, unsupported: 1003, tooBig: 1009 } as const;
/** RFC 6455, 1.3. */
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** Bytes of a message that anybody sends. */
const messageMost = 0x10_0000;

/** The key of a request to upgrade, or undefined where it is none (RFC 6455, 4.2.1). */
export function upgradeKey({ method, headers }: IncomingMessage): string | undefined {
  const has = (name: string, value: string): boolean =>
    `${headers[name] ?? ""}`
      .toLowerCase()
      .split(/\s*,\s*/)
      .includes(value);
  const key = headers["sec-websocket-key"];
  const isWanted = method === "GET" && has("connection", "upgrade") && has("upgrade", "websocket");
  if (!isWanted || headers["sec-websocket-version"] !== "13" || key === undefined) return undefined;
  return Buffer.from(key, "base64").length === 16 ? key : undefined;
}

/** A frame from the server: not masked, in one piece (RFC 6455, 5.2). */
function frame(kind: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 0x1_0000 ? 2 : 8;
  const whole = new Uint8Array(2 + extended + length);
  const view = new DataView(whole.buffer);
  whole[0] = 0x80 | kind;
  whole[1] = extended === 0 ? length : extended === 2 ? 126 : 127;
  if (extended === 2) view.setUint16(2, length);
  else if (extended === 8) view.setBigUint64(2, BigInt(length));
  whole.set(payload, 2 + extended);
  return whole;
}

interface Frame {
  readonly isFinal: boolean;
  readonly kind: number;
  readonly payload: Uint8Array;
}

/** Takes bytes as they come, and gives `receive` each frame; what breaks the rules goes to `broken`. */
function frameReader(
  receive: (frame: Frame) => void,
  broken: (code: number) => void,
): (bytes: Buffer) => void {
  /** Joined only when there is enough of them for what comes next. */
  let chunks: Buffer[] = [];
  let [total, needed] = [0, 2];
  /** The next frame of `came`: what is behind it, or undefined where it is not all there, or none. */
  const next = (came: Buffer): Buffer | undefined => {
    const [first = 0, second = 0] = came;
    needed = 2;
    if (came.length < needed) return undefined;
    const [isMasked, short, kind] = [(second & 0x80) !== 0, second & 0x7f, first & 15];
    // Clients mask (5.1); nobody has agreed on the reserved bits (5.2); control frames are short and whole (5.5).
    if (!isMasked || (first & 0x70) !== 0 || (kind >= 8 && (short > 125 || (first & 0x80) === 0))) {
      broken(status.protocol);
      return undefined;
    }
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    const at = 2 + extended + 4;
    needed = at;
    if (came.length < needed) return undefined;
    const length =
      extended === 0 ? short : extended === 2 ? came.readUInt16BE(2) : Number(came.readBigUInt64BE(2));
    if (length > messageMost) {
      broken(status.tooBig);
      return undefined;
    }
    needed = at + length;
    if (came.length < needed) return undefined;
    const payload = new Uint8Array(length);
    for (let i = 0; i < length; i++) payload[i] = (came[at + i] ?? 0) ^ (came[at - 4 + (i & 3)] ?? 0);
    receive({ isFinal: (first & 0x80) !== 0, kind, payload });
    return came.subarray(at + length);
  };
  return (bytes) => {
    chunks.push(bytes);
    total += bytes.length;
    if (total < needed) return;
    let came = chunks.length === 1 ? bytes : Buffer.concat(chunks);
    for (let rest; (rest = next(came)) !== undefined;) came = rest;
    chunks = [came];
    total = came.length;
  };
}

/** Whether a request's client would speak `protocol` (RFC 6455, 1.9). */
export const offers = ({ headers }: IncomingMessage, protocol: string): boolean =>
  (headers["sec-websocket-protocol"] ?? "").split(/\s*,\s*/).includes(protocol);

/** Completes the handshake on `socket`, with a subprotocol that was offered, if any; `serve` is given the channel, and says where its events go. */
export function acceptWebSocket(
  socket: Duplex,
  key: string,
  head: Buffer,
  protocol: string | undefined,
  serve: (channel: MessageChannel) => ChannelEvents,
): void {
  const accept = createHash("sha1")
    .update(key + guid)
    .digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n` +
      `${protocol === undefined ? "" : `Sec-WebSocket-Protocol: ${protocol}\r\n`}\r\n`,
  );
  let isOver = false;
  const end = (code: number): void => {
    if (isOver) return;
    isOver = true;
    socket.end(frame(opcode.close, Uint8Array.of(code >> 8, code & 255)));
  };
  const events = serve({
    send: (message) => void (isOver || socket.write(frame(opcode.binary, message))),
    get waiting() {
      return socket.writableLength;
    },
    close: () => end(status.normal),
  });
  const parts: Uint8Array[] = [];
  let size = 0;
  const read = frameReader(({ isFinal, kind, payload }) => {
    if (isOver) return;
    if (kind === opcode.close) end(status.normal);
    else if (kind === opcode.ping) socket.write(frame(opcode.pong, payload));
    else if (kind === opcode.text) end(status.unsupported);
    else if (kind === opcode.binary || kind === opcode.continuation) {
      // A message begins once, and goes on until it is whole (5.4).
      if ((kind === opcode.binary) !== (parts.length === 0)) return end(status.protocol);
      parts.push(payload);
      if ((size += payload.length) > messageMost) return end(status.tooBig);
      if (!isFinal) return;
      const whole = parts.length === 1 ? payload : Buffer.concat(parts);
      parts.length = size = 0;
      events.message(whole);
    } else if (kind !== opcode.pong) end(status.protocol);
  }, end);
  socket.on("data", read);
  socket.on("drain", () => events.drained());
  socket.on("error", () => {});
  socket.on("end", () => end(status.normal));
  socket.on("close", () => {
    isOver = true;
    events.closed();
  });
  if (head.length > 0) read(head);
}
