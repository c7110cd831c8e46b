// What Node has as globals, and the engine has not: the bundler puts these in the place of every such name.
import { viewOf } from "../../bytes/struct.js";
import { tryCall } from "../linux/host-call.js";

export { Buffer } from "./buffer.js";
export { process } from "./process.js";

/** There is one thread. */
export const SharedArrayBuffer = ArrayBuffer;

export const Atomics = {
  /** Waits for so long: nobody is there to wake it. */
  wait(_words: Int32Array, _at: number, _value: number, msecs: number): "timed-out" {
    const timespec = new Uint8Array(16);
    viewOf(timespec).setBigInt64(0, BigInt(Math.floor(msecs / 1000)), true);
    viewOf(timespec).setBigInt64(8, BigInt(Math.round((msecs % 1000) * 1e6)), true);
    tryCall("ppoll", 0, 0, timespec, 0, 8);
    return "timed-out";
  },
};
