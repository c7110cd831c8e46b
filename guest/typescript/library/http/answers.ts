// Responses as bytes: RFC 9112, 4 and 6. Equal texts are put together once in a second.
import { encodeText } from "../encoding";
import { turnTime } from "../loop";
import { Recent } from "./wire";

/** Texts of statuses: RFC 9110, 15. */
export const reasons: Readonly<Record<number, string>> = {
  200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content", 301: "Moved Permanently", 302: "Found",
  303: "See Other", 304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized",
  403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict",
  410: "Gone", 411: "Length Required", 413: "Content Too Large", 415: "Unsupported Media Type", 417: "Expectation Failed",
  422: "Unprocessable Content", 426: "Upgrade Required", 429: "Too Many Requests", 431: "Request Header Fields Too Large",
  500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 505: "HTTP Version Not Supported",
}; // prettier-ignore

export const statusLine = (status: number, text: string): string =>
  `HTTP/1.1 ${status} ${text === "" ? (reasons[status] ?? "") : text}\r\n`;

let dateUntil = -Infinity;
let dateText = "";

/** The same within a second of the wall clock. */
export function date(): string {
  const now = turnTime();
  if (now >= dateUntil) {
    const wall = Date.now();
    dateUntil = now + 1000 - (wall % 1000);
    dateText = new Date(wall).toUTCString();
  }
  return dateText;
}

export function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}

interface Sent {
  readonly status: number;
  readonly statusText: string;
  readonly type: string;
  readonly keeps: boolean;
  readonly date: string;
  readonly bytes: Uint8Array;
}
const recent = new Recent<Sent>();

/** A whole message with text and no headers but its type. Nobody changes the bytes. */
export function textMessage(
  status: number,
  statusText: string,
  type: string,
  text: string,
  keeps: boolean,
): Uint8Array {
  const now = date();
  const known = recent.get(text);
  if (
    known !== undefined &&
    known.date === now &&
    known.status === status &&
    known.keeps === keeps &&
    known.type === type &&
    known.statusText === statusText
  )
    return known.bytes;
  const body = encodeText(text);
  const head = encodeText(
    `${statusLine(status, statusText)}content-type: ${type}\r\ncontent-length: ${body.length}\r\ndate: ${now}\r\n${keeps ? "" : "connection: close\r\n"}\r\n`,
  );
  const bytes = joined(head, body);
  recent.set(text, { status, statusText, type, keeps, date: now, bytes });
  return bytes;
}
