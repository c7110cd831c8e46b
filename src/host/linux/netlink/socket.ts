// A netlink socket: requests, and what the kernel answers to each. Linux, Documentation/userspace-api/netlink/intro.rst.
import { closeSync } from "node:fs";
import { viewOf } from "../../../bytes/struct.js";
import { check, libc } from "../libc.js";
import {
  encodeRequest,
  errorHead,
  header,
  messageFlag,
  messageType,
  padded,
  type Request,
} from "./message.js";

const family = 16;
const datagram = { raw: 3, closeOnExec: 0x80000 } as const;
export const protocol = { route: 0, netfilter: 12 } as const;
/** What the kernel sends at once is at most 32 KiB. */
const largestAnswer = 0x8000;

export interface Answer {
  /** 0, or what went wrong. */
  readonly errno: number;
  /** The bodies of the messages before it. */
  readonly messages: readonly Uint8Array[];
}

export interface Netlink {
  /** Sends a request, and waits for what ends its answer. */
  ask(request: Request): Answer;
  close(): void;
}

/** A socket of the calling thread's network namespace. Throws Solo5Error `SYSCALL`. */
export function openNetlink(which: number): Netlink {
  const c = libc();
  const fd = check(c.socket(family, datagram.raw | datagram.closeOnExec, which), "netlink");
  let sequence = 0;
  const into = new Uint8Array(largestAnswer);
  return {
    ask({ type, flags, body }) {
      const asked = ++sequence;
      const data = encodeRequest({ type, flags: flags | messageFlag.request | messageFlag.ack, body }, asked);
      check(c.write(fd, data, data.length), "netlink");
      const messages: Uint8Array[] = [];
      for (;;) {
        const size = check(c.read(fd, into, into.length), "netlink");
        for (let at = 0; at + header.size <= size;) {
          const { length, type: answered, sequence: to } = header.read(viewOf(into), at);
          if (length < header.size) break;
          const part = into.slice(at + header.size, at + length);
          at += padded(length);
          if (to !== asked) continue;
          if (answered === messageType.done) return { errno: 0, messages };
          if (answered !== messageType.error) messages.push(part);
          else return { errno: -errorHead.read(viewOf(part), 0).error, messages };
        }
      }
    },
    close: () => closeSync(fd),
  };
}
