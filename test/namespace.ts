// Network namespaces that a test makes for itself: taps with addresses, and commands that run inside.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { execute, type Outcome } from "./command.js";

export interface Namespace extends Disposable {
  readonly name: string;
  /** Adds a tap; `address` such as `10.0.0.1/24` goes to the host's side. It is up unless `down`. */
  tap(name: string, address: string, options?: { readonly mtu?: number; readonly down?: boolean }): void;
  execute(file: string, args: readonly string[]): Promise<Outcome>;
  spawn(file: string, args: readonly string[]): ChildProcess;
  ip(...args: readonly string[]): void;
}

let count = 0;

/** A namespace of its own; removed when disposed. Needs root. */
export function createNamespace(): Namespace {
  const name = `solo5-${process.pid}-${count++}`;
  const ip = (...args: readonly string[]): void =>
    void execFileSync("ip", ["-n", name, ...args], { stdio: "pipe" });
  execFileSync("ip", ["netns", "add", name], { stdio: "pipe" });
  ip("link", "set", "lo", "up");
  return {
    name,
    ip,
    tap(tap, address, { mtu, down = false } = {}) {
      ip("tuntap", "add", tap, "mode", "tap");
      if (mtu !== undefined) ip("link", "set", tap, "mtu", `${mtu}`);
      ip("address", "add", address, "dev", tap);
      if (!down) ip("link", "set", tap, "up");
    },
    execute: (file, args) => execute("ip", ["netns", "exec", name, file, ...args]),
    spawn: (file, args) =>
      spawn("ip", ["netns", "exec", name, file, ...args], { stdio: ["ignore", "pipe", "inherit"] }),
    [Symbol.dispose]: () => void execFileSync("ip", ["netns", "delete", name], { stdio: "pipe" }),
  };
}
