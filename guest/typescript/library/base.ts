// What the libraries of all TypeScript unikernels have: the first globals, and what build and runner call. All of it is evaluated at
// build time. A program gets the smallest library that has what it names.
import { Blob, File } from "./blob";
import { console } from "./console";
import { crypto, random } from "./crypto";
import { declareDevice, sealDevices } from "./devices";
import { atob, btoa, TextDecoder, TextEncoder } from "./encoding";
import { AbortController, AbortSignal, CustomEvent, Event, EventTarget } from "./events";
import { exchange } from "./host";
import { clearTimeout, setInterval, setTimeout, turn } from "./loop";
import { performance, startClock } from "./performance";
import * as process from "./process";
import { rejected, throwUnhandled } from "./rejections";
import { report } from "./report";
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

/** Globals, modules solo5:* and members that this library has, for the build to choose by. */
const provided: string[] = [];

/** What stands behind solo5:*. */
const modules: Record<string, object> = {};

export function defineModules(more: Readonly<Record<string, object>>): void {
  Object.assign(modules, more);
  provided.push(...Object.keys(more).map((name) => `solo5:${name}`));
}

/** Members of what is there anyhow. */
export function defineMembers(of: object, members: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(members))
    Object.defineProperty(of, name, { value, writable: true, enumerable: false, configurable: true });
  provided.push(...Object.keys(members));
}

export function defineGlobals(globals: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(globals)) {
    // Names inside of the library are shortened.
    if (typeof value === "function") Object.defineProperty(value, "name", { value: name });
  }
  defineMembers(globalThis, globals);
}

const globals: Readonly<Record<string, unknown>> = {
  AbortController, AbortSignal, Blob, CustomEvent, Event, EventTarget, File, TextDecoder, TextEncoder, URL, URLSearchParams, atob, btoa,
  clearImmediate: clearTimeout, clearInterval: clearTimeout, clearTimeout, console, crypto, performance, queueMicrotask, reportError, setImmediate,
  setInterval, setTimeout,
}; // prettier-ignore
defineGlobals(globals);
defineModules({ process });
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
  provided: (): string => provided.join(),
  useSourceMap,
  /** Set by the library that has solo5:fs. */
  useFiles(_files: Readonly<Record<string, string>>): void {},
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
