// Names as the host's own programs find them, and everything else that DNS has from the server that the host asks.
import { createSocket } from "node:dgram";
import { promises, type LookupAddress } from "node:dns";
import { connect } from "node:net";
import { parseAddress } from "../../ip/address.js";
import type { HostSockets } from "../../net/user/sockets.js";

export const lookup: HostSockets["lookup"] = async (name, family) => {
  let found: readonly LookupAddress[];
  try {
    found = await promises.lookup(name, { all: true, family, verbatim: true });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOTFOUND" || code === "ENODATA") return undefined;
    throw cause;
  }
  return found.map(({ address }) => parseAddress(address));
};

/** Milliseconds for one server. */
const timeout = 3000;
const dnsPort = 53;

/** `address`, `address:port`, `[address]:port`. */
function serverOf(text: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^\[(.+)\]:(\d+)$/.exec(text) ?? /^([^:]+):(\d+)$/.exec(text) ?? [];
  return host === undefined ? { host: text, port: dnsPort } : { host, port: Number(port) };
}

function overUdp(message: Uint8Array, server: string): Promise<Uint8Array> {
  const { host, port } = serverOf(server);
  return new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    const end = (outcome: () => void): void => {
      clearTimeout(timer);
      socket.close();
      outcome();
    };
    const timer = setTimeout(() => end(() => reject(new Error(`${server} does not answer`))), timeout);
    socket.on("error", (error) => end(() => reject(error)));
    // Connected: the kernel lets nobody else answer.
    socket.connect(port, host, () => socket.send(message));
    socket.on("message", (answer) => {
      if (answer.length >= 12 && answer[0] === message[0] && answer[1] === message[1])
        end(() => resolve(answer));
    });
  });
}

/** RFC 7766: the same with its length before it. */
function overTcp(message: Uint8Array, server: string): Promise<Uint8Array> {
  const { host, port } = serverOf(server);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout });
    const chunks: Uint8Array[] = [];
    socket.on("timeout", () => socket.destroy(new Error(`${server} does not answer`)));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`${server} hangs up`)));
    socket.write(Buffer.concat([Uint8Array.of(message.length >> 8, message.length & 255), message]));
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      const all = Buffer.concat(chunks);
      if (all.length < 2 || all.length < 2 + all.readUInt16BE(0)) return;
      resolve(Uint8Array.prototype.slice.call(all, 2, 2 + all.readUInt16BE(0)));
      socket.destroy();
    });
  });
}

const isTruncated = (answer: Uint8Array): boolean => ((answer[2] ?? 0) & 2) !== 0;

export const query: HostSockets["query"] = async (message) => {
  let failure: unknown = new Error("the host knows no DNS server");
  for (const server of promises.getServers()) {
    try {
      const answer = await overUdp(message, server);
      return isTruncated(answer) ? await overTcp(message, server) : answer;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
};
