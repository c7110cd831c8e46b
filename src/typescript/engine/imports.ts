// What the engine's module asks of its host, without what the host functions are (host-calls.ts). There are no files, no
// environment and one time zone: a program that is evaluated at build time finds what its unikernel will.
import { Solo5Error } from "../../bytes/error.js";
import { encodeText } from "../../bytes/text.js";
import type { HostFunction } from "../host-functions.js";
import { bytesOf, cString, growTo, viewOf, type Instance } from "./instance.js";

const badFile = 8;
const illegalSeek = 70;
/** Bytes of C's `struct tm` here. */
const brokenDownTimeSize = 44;

export const importsOf = (instance: Instance, clock: (name: HostFunction) => number) => ({
  assertFailed: (text: number) => {
    throw new Solo5Error("ENGINE", `an assertion of the engine failed: ${cString(instance, text)}`);
  },
  abort: () => {
    throw new Solo5Error("ENGINE", "the engine gave up");
  },
  exit: () => {
    throw new Solo5Error("ENGINE", "the engine ended");
  },
  now: () => clock("wallTime"),
  clockTimeGet(_id: number, _precision: bigint, to: number) {
    viewOf(instance).setBigUint64(to, BigInt(clock("wallTime")), true);
    return 0;
  },
  localTime: (_seconds: bigint, to: number) => void bytesOf(instance).fill(0, to, to + brokenDownTimeSize),
  timezone(zone: number, daylight: number, name: number, summerName: number) {
    viewOf(instance).setUint32(zone, 0, true);
    viewOf(instance).setUint32(daylight, 0, true);
    for (const at of [name, summerName]) bytesOf(instance).set(encodeText("UTC\0"), at);
  },
  resizeHeap(size: number) {
    try {
      growTo(instance, size >>> 0);
      return 1;
    } catch {
      return 0;
    }
  },
  environGet: nothing,
  environSizesGet(count: number, size: number) {
    viewOf(instance).setUint32(count, 0, true);
    viewOf(instance).setUint32(size, 0, true);
    return 0;
  },
  fdClose: () => badFile,
  fdSeek: () => illegalSeek,
  fdWrite: () => badFile,
  keepRuntimeAlive: nothing,
  setTimer: nothing,
  shouldInterrupt: nothing,
  loadModuleSource: nothing,
  normalizeModule: nothing,
  freeHostRef: () => {},
});

function nothing(): number {
  return 0;
}
