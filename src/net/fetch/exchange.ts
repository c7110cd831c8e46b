// One request of HTTP/1 by fetch, and its response as HTTP/1 again.
import { encodeText } from "../../bytes/text.js";
import type { HttpRequest } from "./http-request.js";

/** Of the connection between the unikernel and this process, or fetch's own to say (RFC 9110, 7.6.1). */
const dropped: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const statusesWithoutBody: ReadonlySet<number> = new Set([204, 304]);

/** Asks the server of `base`, and writes what it answers; gives whether another request may follow. */
export async function exchange(
  fetch: typeof globalThis.fetch,
  base: URL,
  { method, target, headers, body, keepsAlive, takesChunks }: HttpRequest,
  signal: AbortSignal,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<boolean> {
  // Where the unikernel connects is where it goes, whatever it says in the request.
  const { pathname, search } = new URL(target, base);
  const hasRequestBody = method !== "GET" && method !== "HEAD";
  const response = await fetch(new URL(pathname + search, base), {
    method,
    headers: headers
      .filter(([name]) => !dropped.has(name))
      .map(([name, value]): [string, string] => [name, value]),
    ...(hasRequestBody ? { body: body as Uint8Array<ArrayBuffer> } : {}),
    signal,
  });
  const hasBody = method !== "HEAD" && !statusesWithoutBody.has(response.status);
  const isChunked = hasBody && takesChunks;
  const mayFollow = keepsAlive && (isChunked || !hasBody);
  const lines = [
    `HTTP/1.1 ${response.status} ${response.statusText}`,
    ...[...response.headers]
      .filter(([name]) => !dropped.has(name))
      .map(([name, value]) => `${name}: ${value}`),
    ...(isChunked ? ["transfer-encoding: chunked"] : []),
    `connection: ${mayFollow ? "keep-alive" : "close"}`,
  ];
  await write(encodeText(`${lines.join("\r\n")}\r\n\r\n`));
  const reader = hasBody ? response.body?.getReader() : undefined;
  for (let part; reader !== undefined && (part = await reader.read()).value !== undefined;) {
    if (isChunked) await write(encodeText(`${part.value.length.toString(16)}\r\n`));
    await write(part.value);
    if (isChunked) await write(encodeText("\r\n"));
  }
  if (isChunked) await write(encodeText("0\r\n\r\n"));
  return mayFollow;
}
