// How a guest and its xenstore talk: messages through two rings in a page. What the guest sends in pieces is put together; what it does
// not read waits. Xen's public header io/xs_wire.h; docs/abi.md 11.4.
import { storeMessage, storePage, storePayloadMax } from "../../../abi/xen.js";
import { pageSize } from "../../../bytes/align.js";
import type { Stateful } from "../../../bytes/plain.js";
import { encode, viewOf } from "../../../bytes/struct.js";
import type { GuestMemory } from "../../../image/memory.js";
import type { StoreMessage, StoreServer } from "./server.js";

const latin1 = new TextDecoder("latin1");
const toText = (bytes: Uint8Array): string =>
  // TextDecoder's latin1 is windows-1252.
  bytes.every((byte) => byte < 0x80) ? latin1.decode(bytes) : String.fromCodePoint(...bytes);
const toBytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.codePointAt(0) ?? 0);

function encodeMessage({ type, reqId, txId, payload }: StoreMessage): Uint8Array {
  const body = toBytes(payload);
  const all = new Uint8Array(storeMessage.size + body.length);
  all.set(encode(storeMessage, { type, reqId, txId, len: body.length }));
  all.set(body, storeMessage.size);
  return all;
}

export interface StoreConnection {
  /** Takes what the guest has sent, answers, and writes what it has room for; whether anything has moved. */
  pump(): boolean;
  readonly stateful: Stateful;
}

export function createConnection(memory: GuestMemory, gpa: number, server: StoreServer): StoreConnection {
  let incoming = new Uint8Array();
  let outgoing = new Uint8Array();
  /** The guest does not keep to the protocol: nothing of it is looked at any more. */
  let isBroken = false;
  const page = (): DataView | undefined => {
    const bytes = memory.bytes(gpa, pageSize);
    return bytes === undefined ? undefined : viewOf(bytes);
  };
  const receive = (view: DataView): boolean => {
    const { reqCons, reqProd, request, ringSize } = storePage;
    const [from, to] = [view.getUint32(reqCons, true), view.getUint32(reqProd, true)];
    const count = (to - from) >>> 0;
    if (count > ringSize) isBroken = true;
    if (count === 0 || isBroken) return false;
    const all = new Uint8Array(incoming.length + count);
    all.set(incoming);
    for (let i = 0; i < count; i++)
      all[incoming.length + i] = view.getUint8(request + (((from + i) >>> 0) % ringSize));
    incoming = all;
    view.setUint32(reqCons, to, true);
    return true;
  };
  const send = (view: DataView): boolean => {
    const { rspCons, rspProd, response, ringSize } = storePage;
    const [from, to] = [view.getUint32(rspCons, true), view.getUint32(rspProd, true)];
    const used = (to - from) >>> 0;
    if (used > ringSize) isBroken = true;
    const count = isBroken ? 0 : Math.min(ringSize - used, outgoing.length);
    for (let i = 0; i < count; i++) view.setUint8(response + (((to + i) >>> 0) % ringSize), outgoing[i] ?? 0);
    outgoing = outgoing.slice(count);
    view.setUint32(rspProd, (to + count) >>> 0, true);
    return count > 0;
  };
  /** The next whole message. */
  const nextRequest = (): StoreMessage | undefined => {
    if (incoming.length < storeMessage.size) return undefined;
    const { type, reqId, txId, len } = storeMessage.read(viewOf(incoming), 0);
    if (len > storePayloadMax) isBroken = true;
    const end = storeMessage.size + len;
    if (isBroken || incoming.length < end) return undefined;
    const payload = toText(incoming.subarray(storeMessage.size, end));
    incoming = incoming.slice(end);
    return { type, reqId, txId, payload };
  };
  const queue = (message: StoreMessage): void => {
    const bytes = encodeMessage(message);
    const all = new Uint8Array(outgoing.length + bytes.length);
    all.set(outgoing);
    all.set(bytes, outgoing.length);
    outgoing = all;
  };
  return {
    pump() {
      const view = isBroken ? undefined : page();
      if (view === undefined) return false;
      let hasMoved = false;
      // One answer at a time: a guest that reads none is asked for no more.
      while (!isBroken) {
        const isMoving = send(view);
        hasMoved ||= isMoving;
        if (outgoing.length > 0) break;
        const request = nextRequest();
        if (request !== undefined) {
          queue(server.answer(request));
          continue;
        }
        const event = server.takeEvent();
        if (event !== undefined) {
          queue(event);
          continue;
        }
        if (!receive(view)) break;
        hasMoved = true;
      }
      return hasMoved;
    },
    stateful: {
      save: () => ({ incoming: incoming.slice(), outgoing: outgoing.slice(), isBroken }),
      restore: (saved: { incoming: Uint8Array; outgoing: Uint8Array; isBroken: boolean }) =>
        ({ incoming, outgoing, isBroken } = {
          incoming: saved.incoming.slice(),
          outgoing: saved.outgoing.slice(),
          isBroken: saved.isBroken,
        }),
    },
  };
}
