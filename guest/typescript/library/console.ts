// console, onto the unikernel's one output.
import { encodeText } from "./encoding";
import { host } from "./host";
import { format, showError } from "./inspect";
import { performance } from "./performance";
import { bundleName, mapTrace } from "./traces";

export function write(text: string): void {
  // Also where a program prints the trace of an error itself.
  const bytes = encodeText(text.includes(bundleName) ? mapTrace(text) : text);
  host.consoleWrite(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

let indent = "";
function print(...args: readonly unknown[]): void {
  const text = format(args);
  write(`${indent === "" ? text : text.replaceAll(/^/gm, indent)}\n`);
}

const counts = new Map<string, number>();
const timers = new Map<string, number>();
const elapsed = (label: string): string =>
  `${label}: ${(performance.now() - (timers.get(label) ?? 0)).toFixed(3)}ms`;

export const console = {
  log: print,
  info: print,
  debug: print,
  warn: print,
  error: print,
  trace(...args: readonly unknown[]): void {
    print(showError(Object.assign(new Error(format(args)), { name: "Trace" })));
  },
  assert(condition: unknown, ...args: readonly unknown[]): void {
    if (!condition) print(...(args.length === 0 ? ["Assertion failed"] : ["Assertion failed:", ...args]));
  },
  dir(value: unknown): void {
    print(value);
  },
  dirxml: print,
  timeStamp(): void {},
  count(label = "default"): void {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    print(`${label}: ${counts.get(label)}`);
  },
  countReset(label = "default"): void {
    counts.delete(label);
  },
  group(...args: readonly unknown[]): void {
    if (args.length > 0) print(...args);
    indent += "  ";
  },
  groupCollapsed(...args: readonly unknown[]): void {
    console.group(...args);
  },
  groupEnd(): void {
    indent = indent.slice(2);
  },
  time(label = "default"): void {
    timers.set(label, performance.now());
  },
  timeLog(label = "default", ...args: readonly unknown[]): void {
    print(elapsed(label), ...args);
  },
  timeEnd(label = "default"): void {
    print(elapsed(label));
    timers.delete(label);
  },
};
