// The library of TypeScript unikernels without the network: what programs find as globals, modules solo5:*, and what the runner
// calls. All of it is evaluated at build time.
import { Blob, File } from "./blob";
import * as block from "./block";
import { structuredClone } from "./clone";
import { console } from "./console";
import { crypto, random } from "./crypto";
import { declareDevice, sealDevices } from "./devices";
import { atob, btoa, TextDecoder, TextEncoder } from "./encoding";
import { AbortController, AbortSignal, CustomEvent, Event, EventTarget } from "./events";
import * as fs from "./fs";
import { exchange } from "./host";
import { MessageChannel, MessageEvent, MessagePort } from "./messages";
import { clearTimeout, setInterval, setTimeout, turn } from "./loop";
import * as net from "./net";
import { performance, startClock } from "./performance";
import * as process from "./process";
import { rejected, throwUnhandled } from "./rejections";
import { report } from "./report";
import { CryptoKey } from "./subtle";
import { useSourceMap } from "./traces";
import { URL, URLSearchParams } from "./url";

function setImmediate(call: () => void, ...args: readonly unknown[]): number {
  return setTimeout(call, 0, ...args);
}

function queueMicrotask(call: () => void): void {
  if (typeof call !== "function") throw new TypeError("queueMicrotask needs a function to call");
  // What it throws is an unhandled rejection, which ends the program as an uncaught error does.
  void Promise.resolve().then(() => call());
}

function reportError(error: unknown): void {
  setTimeout(() => {
    throw error;
  });
}

/** What stands behind solo5:*; the network's are added by network.ts. */
export const modules: Record<string, object> = { block, fs, net, process };

export function defineGlobals(globals: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(globals)) {
    // Names inside of the library are shortened.
    if (typeof value === "function") Object.defineProperty(value, "name", { value: name });
    Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
  }
}

const globals: Readonly<Record<string, unknown>> = {
  AbortController, AbortSignal, Blob, CryptoKey, CustomEvent, Event, EventTarget, File, MessageChannel, MessageEvent, MessagePort, TextDecoder, TextEncoder, URL, URLSearchParams, atob, btoa,
  clearImmediate: clearTimeout, clearInterval: clearTimeout, clearTimeout, console, crypto, performance, queueMicrotask, reportError, setImmediate,
  setInterval, setTimeout, structuredClone,
}; // prettier-ignore
defineGlobals(globals);
// What compilers of TypeScript look for where they lower `using`.
for (const name of ["dispose", "asyncDispose"])
  if (!(name in Symbol)) Object.defineProperty(Symbol, name, { value: Symbol(`Symbol.${name}`) });
Object.defineProperty(globalThis, "self", { value: globalThis, writable: true, configurable: true });
Object.defineProperty(Math, "random", {
  value: random,
  writable: true,
  enumerable: false,
  configurable: true,
});

/** Where the modules that esbuild puts in the place of solo5:* find what they export. */
Object.defineProperty(globalThis, Symbol.for("solo5.modules"), { value: modules });

type Program = (build: { stops: boolean }) => Iterator<unknown> | AsyncIterator<unknown>;

/** A program that waits at its top stops there at build time only. */
const stops = { stops: true };
let program: Iterator<unknown> | AsyncIterator<unknown> | undefined;
let state: "running" | "stopped" | "done" | "failed" = "stopped";

/** Read by src/typescript/program.ts. */
export const build = {
  exchange,
  load(start: Program): void {
    program = start(stops);
  },
  /** Runs to the next stop, which a program that waits reaches with some jobs more. */
  step(): void {
    state = "running";
    const next = program?.next();
    if (!(next instanceof Promise)) state = next?.done === true ? "done" : "stopped";
    else
      void next.then(
        ({ done }) => (state = done === true ? "done" : "stopped"),
        () => (state = "failed"),
      );
  },
  state: (): string => state,
  useSourceMap,
  useFiles: fs.useFiles,
  declareDevice,
  sealDevices,
};

/** Called once, at the start. */
export function resume(): void {
  startClock();
  stops.stops = false;
  for (;;) {
    const next = program?.next();
    // A promise that is rejected is found by the next turn.
    if (next === undefined || next instanceof Promise || next.done === true) return;
  }
}

/** Called over and over, each time with no job left; see `turn`. */
export function tick(): number {
  throwUnhandled();
  return turn();
}

/** `report` says what was thrown; the runner ends the program then. */
export { rejected, report };
