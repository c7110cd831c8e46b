// A relay for pages: a WebSocket server whose streams become connections of this host's. Who may use it is a matter of a token, or
// of the pages that are named; what may be reached is what a unikernel of this host may reach.
import { timingSafeEqual, createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { Solo5Error } from "../../bytes/error.js";
import { formatAddress } from "../../ip/index.js";
import type { UserNetwork } from "../../net/user/options.js";
import type { Endpoint, HostSockets } from "../../net/user/sockets.js";
import { subprotocol } from "../../net/wisp/packet.js";
import { serveWisp } from "../../net/wisp/relay.js";
import { cannotListen, endpointOf, formatEndpoint } from "./tcp-socket.js";
import { acceptWebSocket, offers, upgradeKey } from "./websocket.js";

export interface RelayOptions {
  readonly at: Endpoint;
  /** Any of them opens the relay: it is the last part of the WebSocket's address, or a bearer's. */
  readonly tokens: readonly string[];
  /** Origins of pages that need no token. */
  readonly origins: readonly string[];
  readonly policy: Pick<UserNetwork, "restrict" | "allowed">;
  /** Channels at a time, and streams of each. */
  readonly connections: number;
  readonly streams: number;
  /** Bytes both ways for each token, and for all pages together, as long as the relay runs. */
  readonly bytes: number;
}

export interface Relay {
  /** `ws://127.0.0.1:5001/` */
  readonly url: string;
  close(): void;
}

const digest = (text: string): Uint8Array => createHash("sha256").update(text).digest();

/** What a request says that it may: a token, or nothing. */
const tokenOf = ({ url = "/", headers }: IncomingMessage): string | undefined =>
  /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1] ?? /\/([^/?]+)\/?(?:\?.*)?$/.exec(url)?.[1];

/** Starts a relay. Rejects with Solo5Error where it cannot listen. */
export function startRelay(
  { at, tokens, origins, policy, connections, streams, bytes }: RelayOptions,
  sockets: HostSockets,
  reason: (cause: unknown) => string,
): Promise<Relay> {
  const known = tokens.map(digest);
  /** Bytes that may still pass, by the token's number; -1 is for pages that need none. */
  const left = new Map<number, number>();
  let open = 0;

  /** Whose purse it is; undefined where it is nobody's. Every token is compared with, in a time that tells nothing. */
  const admitted = (request: IncomingMessage): number | undefined => {
    const given = tokenOf(request);
    const hash = digest(given ?? "");
    let found: number | undefined;
    for (const [i, one] of known.entries()) if (timingSafeEqual(one, hash)) found = i;
    if (found !== undefined) return found;
    // Programs that are no browsers send no origin, or any.
    const { origin } = request.headers;
    return origin !== undefined && origins.includes(origin) ? -1 : undefined;
  };

  const refuse = (socket: Duplex, status: string): void =>
    void socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  const server = createServer((_request, response) => {
    response.writeHead(426, { "content-type": "text/plain" }).end("This is a Wisp relay: WebSockets only.\n");
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => {});
    const key = upgradeKey(request);
    const purse = admitted(request);
    if (key === undefined) return refuse(socket, "400 Bad Request");
    if (purse === undefined) return refuse(socket, "403 Forbidden");
    if (open >= connections) return refuse(socket, "503 Service Unavailable");
    open++;
    socket.on("close", () => open--);
    const spend = (count: number): boolean => {
      const rest = (left.get(purse) ?? bytes) - count;
      left.set(purse, rest);
      return rest >= 0;
    };
    const isNewer = offers(request, subprotocol);
    acceptWebSocket(socket, key, head, isNewer ? subprotocol : undefined, (channel) =>
      serveWisp(channel, sockets, policy, { streams, spend }, isNewer ? 2 : 1),
    );
  });
  const live = new Set<Duplex>();
  server.on("connection", (socket) => {
    live.add(socket);
    socket.on("close", () => live.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.on("error", (cause: Error) =>
      reject(cause instanceof Solo5Error ? cause : cannotListen("tcp", at, reason(cause), cause)),
    );
    server.listen({ host: formatAddress(at.address), port: at.port }, () => {
      resolve({
        url: `ws://${formatEndpoint(endpointOf(server.address() as AddressInfo))}/`,
        close() {
          server.close();
          for (const socket of live) socket.destroy();
        },
      });
    });
  });
}
