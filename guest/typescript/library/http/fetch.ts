// fetch: HTTP/1.1 without TLS, a connection for each request. WHATWG Fetch 5.6.
import { encodeText, viewOf } from "../encoding";
import { ReadableStream } from "../streams";
import { connect, type TcpConnection } from "../tcp";
import { URL } from "../url";
import { Headers, headLines } from "./headers";
import { Request, Response, type RequestInit } from "./message";
import { chunk, framingOf, lastChunk, Reader, type Head } from "./wire";

const maxHeadBytes = 65_536;
const maxRedirects = 20;

export async function fetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  let request = new Request(input, init);
  for (let redirects = 0; ; redirects++) {
    const response = await once(request);
    const location = response.headers.get("location");
    const isRedirection = [301, 302, 303, 307, 308].includes(response.status) && location !== null;
    if (!isRedirection || request.redirect === "manual") {
      const own = { url: request.url, redirected: redirects > 0 };
      for (const [name, value] of Object.entries(own)) Object.defineProperty(response, name, { value });
      return response;
    }
    if (request.redirect === "error" || redirects === maxRedirects)
      throw new TypeError("fetch: too many redirections");
    await response.body?.cancel();
    const becomesGet = response.status === 303 || (response.status < 303 && request.method === "POST");
    if (!becomesGet && request.bodyUsed)
      throw new TypeError("fetch: a redirection of a body that is sent already");
    request = new Request(new URL(location, request.url), {
      method: becomesGet ? "GET" : request.method,
      headers: request.headers,
      signal: request.signal,
      redirect: request.redirect,
    });
  }
}

async function once(request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.protocol === "https:") throw new TypeError("fetch: https is not there yet: a unikernel has no TLS");
  if (url.protocol !== "http:") throw new TypeError(`fetch: ${url.protocol} is not there, only http:`);
  request.signal.throwIfAborted();
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  let connection: TcpConnection;
  try {
    connection = await connect({ host, port: url.port === "" ? 80 : Number(url.port) });
  } catch (cause) {
    throw new TypeError(`fetch: ${url.host}: ${(cause as Error).message}`, { cause });
  }
  const abort = (): void => connection.reset();
  request.signal.addEventListener("abort", abort, { once: true });
  try {
    await send(request, url, connection);
    const reader = new Reader(connection);
    let head: Head | undefined;
    do head = await reader.head(maxHeadBytes);
    while (head !== undefined && /^HTTP\/1\.[01] 1\d\d /.test(head.start));
    const [, status = "", statusText = ""] =
      /^HTTP\/1\.[01] ([2-5]\d\d) ?(.*)$/.exec(head?.start ?? "") ?? [];
    if (head === undefined || status === "") throw new TypeError("the answer is no HTTP/1.1");
    return receive(request, reader, connection, head, Number(status), statusText);
  } catch (cause) {
    connection.reset();
    request.signal.throwIfAborted();
    throw new TypeError(`fetch: ${url.host}: ${(cause as Error).message}`, { cause });
  }
}

async function send(request: Request, url: URL, connection: TcpConnection): Promise<void> {
  const { method, headers } = request;
  const content = request.takeContent();
  let head = `${method} ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: close\r\n`;
  const own = new Headers(headers);
  for (const name of ["host", "connection", "content-length", "transfer-encoding"]) own.delete(name);
  if (!own.has("accept")) own.set("accept", "*/*");
  if (content !== undefined && "bytes" in content) own.set("content-length", String(content.bytes.length));
  else if (content !== undefined) own.set("transfer-encoding", "chunked");
  else if (method === "POST" || method === "PUT") own.set("content-length", "0");
  head += headLines(own);
  await connection.write(encodeText(`${head}\r\n`));
  if (content === undefined) return;
  if ("bytes" in content) return connection.write(content.bytes);
  for await (const part of content.stream) await connection.write(chunk(viewOf(part)));
  await connection.write(lastChunk);
}

function receive(
  request: Request,
  reader: Reader,
  connection: TcpConnection,
  head: Head,
  status: number,
  statusText: string,
): Response {
  const headers = new Headers([...head.fields]);
  for (const cookie of head.cookies) headers.append("set-cookie", cookie);
  const isEmpty = request.method === "HEAD" || status === 204 || status === 304 || status === 205;
  const parts = isEmpty ? undefined : reader.body(framingOf(head, { kind: "end" }));
  if (parts === undefined) connection.close();
  const body =
    parts &&
    new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await parts.next();
          if (done === true) {
            connection.close();
            controller.close();
          } else controller.enqueue(value);
        },
        cancel: () => connection.reset(),
      },
      { highWaterMark: 0 },
    );
  return new Response(body ?? null, { status, statusText, headers });
}
