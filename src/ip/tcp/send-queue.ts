// What the user has written and the peer has not acknowledged. Chunks are kept as they are; only what is small is copied,
// several writes into one chunk.
import type { Chunk, Tcb } from "./tcb.js";
import { after, before, distance } from "./sequence.js";

const smallBytes = 512;
const ownBytes = 2048;

export function append(tcb: Tcb, data: Uint8Array): void {
  const { sendTail: tail } = tcb;
  const small = data.length < smallBytes;
  if (small && tail !== null && tail.own && tail.size + data.length <= tail.data.length) {
    tail.data.set(data, tail.size);
    tail.size += data.length;
  } else {
    const own = small && tail !== null;
    const chunk: Chunk = {
      data: own ? grown(data) : small ? data.slice() : data,
      seq: tcb.sendEnd,
      size: data.length,
      own,
      next: null,
    };
    if (tail === null) tcb.sendHead = chunk;
    else tail.next = chunk;
    tcb.sendTail = chunk;
  }
  tcb.sendEnd = (tcb.sendEnd + data.length) | 0;
}

function grown(data: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(ownBytes);
  buffer.set(data);
  return buffer;
}

const endOf = (chunk: Chunk): number => (chunk.seq + chunk.size) | 0;

/** Lets go what is before `una`. */
export function release(tcb: Tcb): void {
  let head = tcb.sendHead;
  while (head !== null && !after(endOf(head), tcb.una)) head = head.next;
  tcb.sendHead = head;
  if (head === null) tcb.sendTail = null;
  if (tcb.sendCursor !== null && !after(endOf(tcb.sendCursor), tcb.una)) tcb.sendCursor = head;
}

export function clear(tcb: Tcb): void {
  tcb.sendHead = tcb.sendTail = tcb.sendCursor = null;
}

/** Copies `length` bytes from the sequence number `seq` on. They are there. */
export function copyOut(tcb: Tcb, seq: number, length: number, into: Uint8Array, at: number): void {
  let chunk = tcb.sendCursor !== null && !before(seq, tcb.sendCursor.seq) ? tcb.sendCursor : tcb.sendHead;
  while (chunk !== null && !after(endOf(chunk), seq)) chunk = chunk.next;
  let done = 0;
  while (chunk !== null && done < length) {
    tcb.sendCursor = chunk;
    const offset = distance(chunk.seq, (seq + done) | 0);
    const size = Math.min(length - done, chunk.size - offset);
    into.set(chunk.data.subarray(offset, offset + size), at + done);
    done += size;
    chunk = chunk.next;
  }
}
