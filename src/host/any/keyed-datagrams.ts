// Frames in datagrams between two machines, each with a code that only who has the key can make: nothing of others is taken, and
// nothing is taken twice. Datagrams may be lost and overtake each other. What is sent can be read on its way.
//
// Each side draws 16 random bytes when it begins, and takes frames that were made for these. A hello (0) has the sender's bytes, those
// of the receiver as far as the sender knows them (else zeros), and the code over both: it is believed where the latter are right, and
// answered where they are not, or where it says something new. A frame (1) has a counter in 64 bits, the code over it, both sides'
// bytes and the frame, and the frame.
import { randomBytes } from "node:crypto";
import { codeOf, codeSize, counterBytes, isSame, nonceSize } from "./frame-code.js";

const kind = { hello: 0, frame: 1 } as const;
const label = Buffer.from("solo5 segment datagram");
const helloSize = 1 + 2 * nonceSize + codeSize;
const frameHead = 1 + 8 + codeSize;
/** Counters so far behind the newest are old: what overtakes further is lost. */
const windowSize = 1024n;
/** Milliseconds between hellos for frames that cannot be understood: the other side may have begun anew. */
const answerMsecs = 200;

export interface KeyedDatagrams {
  /** Whether frames may be sent: the other side has been heard. */
  readonly isReady: boolean;
  /** Asks the other side to say who it is: at the start, and again until it is ready. */
  greet(): void;
  sendFrame(frame: Uint8Array): void;
  push(datagram: Uint8Array): void;
}

/** `now` is in milliseconds. */
export function keyedDatagrams(
  key: Uint8Array,
  {
    receive,
    send,
    now,
  }: { receive(frame: Uint8Array): void; send(datagram: Uint8Array): void; now(): number },
): KeyedDatagrams {
  const own = randomBytes(nonceSize);
  const nobody = new Uint8Array(nonceSize);
  let theirs: Uint8Array | undefined;
  let sent = 0n;
  let newest = -1n;
  /** By counter, modulo the window's size: the last one that was taken. */
  const taken = new BigInt64Array(Number(windowSize)).fill(-1n);
  let answeredAt = -Infinity;

  const helloCode = (from: Uint8Array, to: Uint8Array): Uint8Array =>
    codeOf(key, label, Uint8Array.of(kind.hello), from, to);
  const frameCode = (counter: Uint8Array, from: Uint8Array, to: Uint8Array, frame: Uint8Array): Uint8Array =>
    codeOf(key, label, Uint8Array.of(kind.frame), counter, from, to, frame);
  const hello = (to: Uint8Array): void =>
    send(Buffer.concat([Uint8Array.of(kind.hello), own, to, helloCode(own, to)]));

  function takeHello(datagram: Uint8Array): void {
    const from = datagram.slice(1, 1 + nonceSize);
    const to = datagram.subarray(1 + nonceSize, 1 + 2 * nonceSize);
    const code = datagram.subarray(1 + 2 * nonceSize);
    // Who sends back what it was sent has shown nothing.
    if (isSame(from, own) || !isSame(code, helloCode(from, to))) return;
    if (!isSame(to, own)) return hello(from);
    if (theirs !== undefined && isSame(theirs, from)) return;
    theirs = from;
    sent = 0n;
    newest = -1n;
    taken.fill(-1n);
    hello(from);
  }

  function takeFrame(datagram: Uint8Array): void {
    const counterPart = datagram.subarray(1, 9);
    const frame = datagram.slice(frameHead);
    const code = datagram.subarray(9, frameHead);
    if (theirs === undefined || !isSame(code, frameCode(counterPart, theirs, own, frame))) {
      if (now() - answeredAt < answerMsecs) return;
      answeredAt = now();
      return hello(theirs ?? nobody);
    }
    const counter = Buffer.from(counterPart).readBigUInt64BE();
    const slot = Number(counter % windowSize);
    if (counter + windowSize <= newest || taken[slot] === counter) return;
    taken[slot] = counter;
    if (counter > newest) newest = counter;
    receive(frame);
  }

  return {
    get isReady() {
      return theirs !== undefined;
    },
    greet: () => hello(theirs ?? nobody),
    sendFrame(frame) {
      if (theirs === undefined) return;
      const counter = counterBytes(sent++);
      const code = frameCode(counter, own, theirs, frame);
      send(Buffer.concat([Uint8Array.of(kind.frame), counter, code, frame]));
    },
    push(datagram) {
      if (datagram[0] === kind.hello && datagram.length === helloSize) takeHello(datagram);
      else if (datagram[0] === kind.frame && datagram.length > frameHead) takeFrame(datagram);
    },
  };
}
