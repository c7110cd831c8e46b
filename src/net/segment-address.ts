// Where a segment is shared, as a command line says it: `unix:PATH`, or what is a path by its looks;
// `tcp:IP:PORT[,key=FILE][,insecure]`; `udp:IP:PORT,to=IP:PORT[,key=FILE][,insecure]`.
import { isLoopback, tryParseAddress } from "../ip/address.js";
import { netError } from "./scheme.js";
import type { HostPort, SegmentAddress } from "./source.js";

/** `IP:PORT`, IPv6 in brackets. */
function parseHostPort(text: string): HostPort | undefined {
  const [, where = "", port] = /^([^:,]+|\[[^\]]+\]):(\d{1,5})$/.exec(text) ?? [];
  const host = where.replace(/^\[|\]$/g, "");
  if (tryParseAddress(host) === undefined || Number(port) > 65_535) return undefined;
  return { host, port: Number(port) };
}
const formatHostPort = ({ host, port }: HostPort): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;

/** Undefined where `text` is none of them. */
export function parseAt(text: string): SegmentAddress | undefined {
  const path = /^(?:unix:(.+)|([./].*))$/.exec(text);
  if (path !== null) return { path: path[1] ?? path[2] ?? "" };
  const [, isTcp, where = "", isUdp, from = "", to = "", keyFile, insecure] =
    /^(?:(tcp):([^,]+)|(udp):([^,]+),to=([^,]+))(?:,key=([^,]+))?(,insecure)?$/.exec(text) ?? [];
  const open = {
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(insecure === undefined ? {} : { insecure: true }),
  };
  if (isTcp !== undefined) {
    const at = parseHostPort(where);
    return at && { ...at, ...open };
  }
  const [local, remote] = [parseHostPort(from), parseHostPort(to)];
  if (isUdp === undefined || local === undefined || remote === undefined) return undefined;
  return { local, remote, ...open };
}

/** What `parseAt` reads as `at`. */
export function formatAt(at: SegmentAddress): string {
  if ("path" in at) return `unix:${at.path}`;
  const key = at.keyFile === undefined ? "" : `,key=${at.keyFile}`;
  const open = `${key}${at.insecure === true ? ",insecure" : ""}`;
  return "local" in at
    ? `udp:${formatHostPort(at.local)},to=${formatHostPort(at.remote)}${open}`
    : `tcp:${formatHostPort(at)}${open}`;
}

/** Over a network nothing says who joins, unless there is a key. Throws Solo5Error. */
export function checkAt(at: SegmentAddress): void {
  if ("path" in at || at.insecure === true || at.keyFile !== undefined) return;
  const hosts = "local" in at ? [at.local, at.remote] : [at];
  const isNear = hosts.every(({ host }) => {
    const address = tryParseAddress(host);
    return address !== undefined && isLoopback(address);
  });
  if (isNear) return;
  throw netError(
    `segment at ${formatAt(at)}`,
    "anybody could join: key=FILE says who may, or insecure says that all may",
  );
}
