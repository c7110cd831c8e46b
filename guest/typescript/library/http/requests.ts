// What first line and fields of a request say: RFC 9112, 3 and 9.3. Known again by their text, since clients repeat themselves.
import { isCanonicalHost, isCanonicalTarget, methodOf } from "./message";
import { framingOf, HttpError, Recent, type Framing } from "./wire";

export interface RequestLine {
  readonly method: string;
  readonly target: string;
  /** HTTP/1.1, not 1.0. */
  readonly isLatest: boolean;
  /** The target is written as it stands in a URL. */
  readonly isCanonical: boolean;
}

const recentLines = new Recent<RequestLine>();

/** Throws HttpError. */
export function requestLine(text: string): RequestLine {
  const known = recentLines.get(text);
  if (known !== undefined) return known;
  const [, method = "", target = "", version = ""] = /^(\S+) (\S+) HTTP\/1\.([01])$/.exec(text) ?? [];
  if (method === "")
    throw new HttpError(/HTTP\/[\d.]+$/.test(text) ? 505 : 400, "a request line that is none");
  try {
    const isCanonical = isCanonicalTarget(target);
    return recentLines.set(text, {
      method: methodOf(method),
      target,
      isLatest: version === "1",
      isCanonical,
    });
  } catch {
    throw new HttpError(400, "a request that is none");
  }
}

/** What the fields of a request say of the message itself. */
export interface About {
  readonly host: string | undefined;
  /** The host is written as it stands in a URL. */
  readonly isCanonical: boolean;
  readonly closes: boolean;
  readonly keepsAlive: boolean;
  readonly expects: string | undefined;
  readonly framing: Framing;
}

const known = new WeakMap<ReadonlyMap<string, string>, About>();

/** Throws HttpError. The fields never change. */
export function aboutFields(fields: ReadonlyMap<string, string>): About {
  const found = known.get(fields);
  if (found !== undefined) return found;
  const host = fields.get("host");
  const connection = (fields.get("connection") ?? "").toLowerCase();
  const about: About = {
    host,
    isCanonical: host !== undefined && isCanonicalHost(host),
    closes: /\bclose\b/.test(connection),
    keepsAlive: /\bkeep-alive\b/.test(connection),
    expects: fields.get("expect")?.toLowerCase(),
    framing: framingOf({ fields }, { kind: "length", length: 0 }),
  };
  known.set(fields, about);
  return about;
}
