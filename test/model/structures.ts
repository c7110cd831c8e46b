// Structures that a driver hands to a request, as views. Nothing is made of one that comes at every exit: what a kernel does there
// costs less than a view, or than a message which nobody reads.
import assert from "node:assert/strict";

/** Of all of `data`. */
export const view = (data: Uint8Array): DataView => new DataView(data.buffer, data.byteOffset, data.length);

const views = new WeakMap<Uint8Array, DataView>();
let last: Uint8Array | undefined;
let lastView: DataView = new DataView(new ArrayBuffer(0));

function viewOf(data: Uint8Array): DataView {
  if (data === last) return lastView;
  let found = views.get(data);
  if (found === undefined) views.set(data, (found = view(data)));
  [last, lastView] = [data, found];
  return found;
}

export function structure(arg: Uint8Array | number, size: number, request: number): DataView {
  if (typeof arg === "number") assert.fail(`request ${request.toString(16)} has a structure`);
  if (arg.length !== size)
    assert.fail(`request ${request.toString(16)} has ${size} bytes, and not ${arg.length}`);
  return viewOf(arg);
}

export const zeros = (data: DataView, from: number, to: number): void => {
  for (let at = from; at < to; at++) assert.equal(data.getUint8(at), 0, `byte ${at} is 0`);
};
