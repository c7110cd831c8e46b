// solo5 dev chat.ts --port=8080     then http://localhost:8080 in several windows
// A chat over WebSockets: RFC 6455 on solo5:tcp.
import { listen, type TcpConnection } from "solo5:tcp";

const page = `<!doctype html><meta charset="utf-8"><title>chat</title>
<ul id="said"></ul><form><input autofocus placeholder="say something"></form>
<script type="module">
const socket = new WebSocket(location.href.replace("http", "ws"));
socket.onmessage = ({ data }) => { said.append(Object.assign(document.createElement("li"), { textContent: data })); };
document.forms[0].onsubmit = (event) => {
  event.preventDefault();
  const [input] = event.target;
  socket.send(input.value);
  input.value = "";
};
</script>
`;

const headMax = 8192;
const messageMax = 65_536;
const opcode = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** 7.4.1: what the connection is closed for. */
class Closed extends Error {
  constructor(readonly code: number) {
    super(`closed with ${code}`);
  }
}

/** Takes bytes from a connection in the pieces that the protocol has. */
function createReader(connection: TcpConnection) {
  let held = new Uint8Array(0);
  const more = async (): Promise<void> => {
    const data = await connection.read();
    if (data === undefined) throw new Closed(1006);
    const joined = new Uint8Array(held.length + data.length);
    joined.set(held);
    joined.set(data, held.length);
    held = joined;
  };
  const take = async (length: number): Promise<Uint8Array<ArrayBuffer>> => {
    while (held.length < length) await more();
    const taken = held.slice(0, length);
    held = held.slice(length);
    return taken;
  };
  /** An HTTP head, as text. */
  const head = async (): Promise<string> => {
    for (;;) {
      const end = new TextDecoder("latin1").decode(held).indexOf("\r\n\r\n");
      if (end >= 0) return new TextDecoder("latin1").decode(await take(end + 4));
      if (held.length > headMax) throw new Closed(1009);
      await more();
    }
  };
  return { take, head };
}
type Reader = ReturnType<typeof createReader>;

/** 5.2: a server's frames are not masked. */
function frame(code: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = payload;
  const head =
    length < 126
      ? [0x80 | code, length]
      : length < 65_536
        ? [0x80 | code, 126, length >> 8, length & 255]
        : [0x80 | code, 127, 0, 0, 0, 0, ...new Uint8Array(Uint32Array.of(length).buffer).reverse()];
  const out = new Uint8Array(head.length + length);
  out.set(head);
  out.set(payload, head.length);
  return out;
}

interface Frame {
  readonly isLast: boolean;
  readonly code: number;
  readonly payload: Uint8Array;
}

async function readFrame({ take }: Reader): Promise<Frame> {
  const [first = 0, second = 0] = await take(2);
  const code = first & 15;
  const isControl = code >= opcode.close;
  let length = second & 127;
  // No extension is agreed on, and what a client sends is masked: 5.1, 5.2; control frames are short and whole: 5.5.
  const isKnown = (Object.values(opcode) as number[]).includes(code);
  if ((first & 0x70) !== 0 || second < 128 || !isKnown) throw new Closed(1002);
  if (isControl && (length > 125 || first < 128)) throw new Closed(1002);
  if (length > 125) {
    const bytes = await take(length === 126 ? 2 : 8);
    length = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  }
  if (length > messageMax) throw new Closed(1009);
  const mask = await take(4);
  const payload = (await take(length)).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
  return { isLast: first >= 128, code, payload };
}

/** Whole messages, until the other side closes; what is between them is answered. */
async function* messages(reader: Reader, send: (code: number, data: Uint8Array) => unknown) {
  let parts: Uint8Array[] = [];
  let kind: number = opcode.more;
  for (;;) {
    const { isLast, code, payload } = await readFrame(reader);
    if (code === opcode.close) throw new Closed(payload.length < 2 ? 1000 : ((payload[0] ?? 0) << 8) | (payload[1] ?? 0)); // prettier-ignore
    if (code === opcode.ping) send(opcode.pong, payload);
    if (code >= opcode.close) continue;
    if ((code === opcode.more) !== (kind !== opcode.more)) throw new Closed(1002);
    if (code !== opcode.more) kind = code;
    parts.push(payload);
    if (parts.reduce((sum, part) => sum + part.length, 0) > messageMax) throw new Closed(1009);
    if (!isLast) continue;
    const bytes = new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
    if (kind === opcode.binary) yield bytes;
    else {
      try {
        yield new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
      } catch {
        throw new Closed(1007);
      }
    }
    parts = [];
    kind = opcode.more;
  }
}

const people = new Set<(data: Uint8Array) => void>();

async function chat(connection: TcpConnection, reader: Reader): Promise<void> {
  const send = (code: number, data: Uint8Array): Promise<void> =>
    connection.write(frame(code, data)).catch(() => {});
  /** Who does not read is not waited for: what is more than a message behind leaves. */
  let behind = 0;
  const say = (data: Uint8Array): void => {
    behind += data.length;
    if (behind > 4 * messageMax) return connection.reset();
    void send(opcode.text, data).then(() => (behind -= data.length));
  };
  people.add(say);
  try {
    for await (const message of messages(reader, send)) {
      const text = new TextEncoder().encode(
        typeof message === "string" ? message : `${message.length} bytes`,
      );
      for (const each of people) each(text);
    }
  } catch (error) {
    const { code } = error as Closed;
    if (code === undefined || code === 1006) return connection.reset();
    await send(opcode.close, Uint8Array.of(code >> 8, code & 255));
    connection.end();
  } finally {
    people.delete(say);
  }
}

/** 4.2.2 */
async function acceptFor(key: string): Promise<string> {
  const salted = new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest("SHA-1", salted))));
}

listen({ port: 80 }, async (connection) => {
  const reader = createReader(connection);
  const head = await reader.head().catch(() => "");
  const field = (name: string): string => new RegExp(`^${name}: *(.*?) *\r$`, "im").exec(head)?.[1] ?? "";
  const answer = (status: string, fields: readonly string[], body = ""): Promise<void> =>
    connection.write(new TextEncoder().encode(`HTTP/1.1 ${status}\r\n${fields.map((each) => `${each}\r\n`).join("")}\r\n${body}`)); // prettier-ignore
  const key = field("sec-websocket-key");
  if (
    /\bwebsocket\b/i.test(field("upgrade")) &&
    /^GET .* HTTP\/1\.1\r/.test(head) &&
    /^[\w+/]{22}==$/.test(key)
  ) {
    if (field("sec-websocket-version") !== "13")
      await answer("426 Upgrade Required", ["sec-websocket-version: 13", "connection: close"]); // prettier-ignore
    else {
      await answer("101 Switching Protocols", ["upgrade: websocket", "connection: upgrade", `sec-websocket-accept: ${await acceptFor(key)}`]); // prettier-ignore
      return chat(connection, reader);
    }
  } else if (head.startsWith("GET / ")) {
    await answer("200 OK", ["content-type: text/html; charset=utf-8", "connection: close"], page);
  } else await answer("404 Not Found", ["content-length: 0", "connection: close"]);
  return connection.end();
});
