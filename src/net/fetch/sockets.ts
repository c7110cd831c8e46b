// The network of a host that has no sockets and no relay, but fetch: a unikernel's HTTP goes out as requests of the page. What is sent to port
// 443 in plain HTTP goes out as HTTPS. Everything else is refused.
import { Solo5Error } from "../../bytes/error.js";
import { encodeText } from "../../bytes/text.js";
import { formatAddress } from "../../ip/index.js";
import type { HostSockets, TcpEvents, TcpSocket } from "../user/sockets.js";
import { createNameBook } from "../wisp/name-book.js";
import { exchange } from "./exchange.js";
import { createRequestReader } from "./http-request.js";

const schemes: Readonly<Record<number, string>> = { 80: "http", 443: "https" };

const nowhere = (): Solo5Error => new Solo5Error("NET", "a page can listen nowhere");

/** `fetch` as the page has it. `ports` are what other ports are in. */
export function fetchSockets(
  fetch: typeof globalThis.fetch,
  ports: Readonly<Record<number, string>> = schemes,
): HostSockets {
  const names = createNameBook();
  const connect = (scheme: string, host: string, port: number, events: TcpEvents): TcpSocket => {
    const base = new URL(`${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`);
    const reader = createRequestReader();
    const aborter = new AbortController();
    let [isBusy, isEnded, isOver] = [false, false, false];
    let resume = (): void => {};
    let paused: Promise<void> | undefined;

    const say = async (bytes: Uint8Array): Promise<void> => {
      await paused;
      if (!isOver && bytes.length > 0) events.data(bytes);
    };
    const finish = (error?: "reset"): void => {
      if (isOver) return;
      isOver = true;
      aborter.abort();
      resume();
      if (error === undefined) events.ended();
      events.closed(error);
    };
    /** One request after the other. */
    const serve = async (): Promise<void> => {
      if (isBusy) return;
      isBusy = true;
      try {
        for (let request; !isOver && (request = reader.next()) !== undefined;) {
          let keepsAlive = false;
          if (request === false)
            await say(encodeText("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"));
          else keepsAlive = await exchange(fetch, base, request, aborter.signal, say);
          if (!keepsAlive) return finish();
        }
        if (isEnded) finish();
      } catch (error) {
        // The page may not, the server is not there: a proxy's answer.
        const why = error instanceof Error ? error.message : String(error);
        await say(
          encodeText(
            `HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n${why}\n`,
          ),
        );
        finish();
      } finally {
        isBusy = false;
      }
    };
    queueMicrotask(() => events.connected());
    return {
      write(bytes) {
        reader.push(bytes);
        queueMicrotask(() => void serve());
        return true;
      },
      end() {
        isEnded = true;
        queueMicrotask(() => void serve());
      },
      pause: () => void (paused ??= new Promise((done) => (resume = done))),
      resume() {
        paused = undefined;
        resume();
      },
      reset: () => queueMicrotask(() => finish("reset")),
    };
  };

  return {
    connect({ address, port }, events) {
      const scheme = ports[port];
      if (scheme !== undefined)
        return connect(scheme, names.nameOf(address) ?? formatAddress(address), port, events);
      queueMicrotask(() => events.closed("refused"));
      return { write: () => true, end() {}, pause() {}, resume() {}, reset() {} };
    },
    udp: () => ({ send() {}, close() {} }),
    listen: () => Promise.reject(nowhere()),
    listenUdp: () => Promise.reject(nowhere()),
    lookup: async (name, family) => names.lookup(name, family),
    query: () => Promise.reject(nowhere()),
    ownAddresses: () => [],
  };
}
