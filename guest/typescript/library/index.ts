// The library of TypeScript unikernels: what programs find as globals, the modules solo5:*, and what the runner calls. All of it
// is evaluated at build time.
import { Blob } from "./blob";
import * as block from "./block";
import { structuredClone } from "./clone";
import { console, write } from "./console";
import { crypto, random } from "./crypto";
import { declareDevice, declaredDevices, sealDevices } from "./devices";
import { atob, btoa, TextDecoder, TextEncoder } from "./encoding";
import { AbortController, AbortSignal, CustomEvent, Event, EventTarget } from "./events";
import * as fs from "./fs";
import { exchange } from "./host";
import { inspect, showError } from "./inspect";
import { clearTimeout, setInterval, setTimeout, turn } from "./loop";
import * as net from "./net";
import { performance, startClock } from "./performance";
import * as process from "./process";
import { rejected, throwUnhandled, Unhandled } from "./rejections";
import { mapTrace, useSourceMap } from "./traces";
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

const globals: Readonly<Record<string, unknown>> = {
  AbortController, AbortSignal, Blob, CustomEvent, Event, EventTarget, TextDecoder, TextEncoder, URL, URLSearchParams, atob, btoa,
  clearImmediate: clearTimeout, clearInterval: clearTimeout, clearTimeout, console, crypto, performance, queueMicrotask, reportError, setImmediate,
  setInterval, setTimeout, structuredClone,
}; // prettier-ignore
for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
}
Object.defineProperty(globalThis, "self", { value: globalThis, writable: true, configurable: true });
Object.defineProperty(Math, "random", {
  value: random,
  writable: true,
  enumerable: false,
  configurable: true,
});

/** Where the modules that esbuild puts in the place of solo5:* find what they export. */
Object.defineProperty(globalThis, Symbol.for("solo5.modules"), { value: { block, fs, net, process } });

type Program = () => Iterator<unknown> | Promise<void>;

let program: Program | undefined;
/** Where a program that does not wait at its top has stopped. */
let statements: Iterator<unknown> | undefined;

/** Read by src/typescript/program.ts. */
export const build = {
  exchange,
  /** A generator that stops behind every statement at the top; or, for a program that waits there, all of it at once. */
  load(start: Program): void {
    program = start;
  },
  /** Runs to the next stop; whether the program's end was reached. */
  step(): boolean {
    statements ??= program?.() as Iterator<unknown>;
    return statements.next().done === true;
  },
  useSourceMap,
  useFiles: fs.useFiles,
  declareDevice,
  declaredDevices,
  sealDevices,
};

/** Called once, at the start. */
export function resume(): void {
  startClock();
  if (statements === undefined) {
    const started = program?.() ?? [][Symbol.iterator]();
    // A promise that is rejected is found by the next turn.
    if (started instanceof Promise) return;
    statements = started;
  }
  while (statements.next().done !== true);
}

/** Called over and over, each time with no job left; see `turn`. */
export function tick(): number {
  throwUnhandled();
  return turn();
}

export { rejected };

/** Says what was thrown; the runner ends the program then. */
export function report(thrown: unknown): void {
  const isRejection = thrown instanceof Unhandled;
  const error = isRejection ? thrown.reason : thrown;
  const shown = error instanceof Error ? mapTrace(showError(error)) : inspect(error);
  write(`${isRejection ? "Unhandled rejection" : "Uncaught"}: ${shown}\n`);
}
