// A netlink socket: requests, and what the kernel answers to each. Linux, Documentation/userspace-api/netlink/intro.rst.
import { closeSync } from "node:fs";
import { viewOf } from "../../../bytes/struct.js";
import { hostCall } from "../host-call.js";
import { encodeRequest, errorHead, header, join, messageType, padded, type Request } from "./message.js";

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

export interface Netlink extends Disposable {
  /** Sends a request that asks for an acknowledgement. */
  ask(request: Request): Answer;
  /** Sends several as one, of which those that ask for an acknowledgement have one; gives the first error, or 0. */
  askAll(requests: readonly Request[], acknowledgements: number): number;
}

/** Throws Solo5Error `SYSCALL`. */
export function openNetlink(which: number): Netlink {
  const what = "netlink";
  const fd = hostCall(what, "socket", family, datagram.raw | datagram.closeOnExec, which);
  let sequence = 0;
  const into = new Uint8Array(largestAnswer);
  const send = (data: Uint8Array): void => void hostCall(what, "write", fd, data, data.length);
  /** Takes in answers until `count` of them are acknowledgements, or the end of a list. */
  const receive = (count: number, first: number): Answer => {
    const messages: Uint8Array[] = [];
    let errno = 0;
    for (let left = count; left > 0;) {
      const size = hostCall(what, "read", fd, into, into.length);
      for (let at = 0; at + header.size <= size;) {
        const { length, type, sequence: answered } = header.read(viewOf(into), at);
        if (length < header.size) break;
        const body = into.slice(at + header.size, at + length);
        at += padded(length);
        // What is left of a batch that failed.
        if (answered < first) continue;
        if (type === messageType.error) {
          left--;
          const { error } = errorHead.read(viewOf(body), 0);
          if (errno === 0) errno = -error;
          // A batch whose framing is refused has one answer.
          if (error !== 0) left = 0;
        } else if (type === messageType.done) left--;
        else messages.push(body);
      }
    }
    return { errno, messages };
  };
  return {
    ask(request) {
      send(encodeRequest(request, ++sequence));
      return receive(1, sequence);
    },
    askAll(requests, acknowledgements) {
      const first = sequence + 1;
      send(join(requests.map((request) => encodeRequest(request, ++sequence))));
      return receive(acknowledgements, first).errno;
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}
