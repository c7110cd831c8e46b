// The public interface for pages and workers: a unikernel's bytes in, its output out, on the portable engine. No
// SharedArrayBuffer, no eval; a page stays responsive, since the guest runs in slices of some milliseconds.
import { createCleanup, type Cleanup } from "../bytes/cleanup.js";
import { Solo5Error } from "../bytes/error.js";
import type { Clock, Console } from "../device/contract.js";
import { ethernetMtu } from "../net/contract.js";
import { netMtu, openNet } from "../net/opener.js";
import { portableEngines, portableMemoryMax } from "../engine/engines.js";
import { readUnikernel, type Unikernel } from "../image/unikernel.js";
import type { GuestHost } from "../targets/contract.js";
import { targets } from "../targets/registry.js";
import {
  attach as attachTo,
  type AttachedDevice,
  type AttachOptions,
  type HostDevices,
  type Plan,
} from "../tender/attach.js";
import { openDevices, type DeviceOpeners } from "../tender/devices.js";
import { fitted } from "../tender/fit.js";
import { foreignBlock, foreignConsole } from "../tender/foreign.js";
import { blockError } from "../tender/texts.js";
import { random, withAddresses } from "../tender/entropy.js";
import { pageMtus, pageOpeners } from "../host/browser/nets.js";
import { killed } from "../tender/instrument.js";
import { companionFor } from "../host/browser/companion.js";
import { codeCacheOf } from "../host/browser/code-store.js";
import { shared } from "../tender/pace.js";
import { runGuest, type Ended, type NextTurn } from "../tender/run.js";
import { guestOutput } from "../tender/output.js";
import { handOver, signalled, type Running, type RunOptions, type Started } from "../tender/running.js";
import { sealedFile } from "../sealed/seal.js";

export * from "../tender/interface.js";
export { createUserNet, type PageUserOptions } from "../host/browser/user-net.js";
export type { OpenForward, UserNet } from "../net/user/user-net.js";
export type { RunOptions } from "../tender/running.js";

/** Disks are objects here. */
const noHost: HostDevices = {
  netMtu: (source) => netMtu(pageMtus, source),
  blockSize(path) {
    throw blockError(path, "a page has no files; attach a device object");
  },
};

const clock: Clock = {
  monotonic: () => BigInt(Math.round(performance.now() * 1e6)),
  wall: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e3)) * 1000n,
};

/** Timers are clamped to milliseconds, messages are not. */
const channel = new MessageChannel();
const port = channel.port1;
/** Where there is a process, a port keeps it alive: only while a turn is awaited. Ports of pages have neither. */
const hold: { ref?(): void; unref?(): void } = port;
const turns: (() => void)[] = [];
port.addEventListener("message", () => {
  turns.shift()?.();
  if (turns.length === 0) hold.unref?.();
});
port.start();
hold.unref?.();
const nextTurn: NextTurn = () =>
  new Promise((resolve) => {
    turns.push(resolve);
    hold.ref?.();
    channel.port2.postMessage(undefined);
  });

/** Reads a unikernel from its bytes, which messages call `name`. Throws Solo5Error. */
export const open = (file: Uint8Array, name = "unikernel"): Unikernel => readUnikernel(file, name);

/** Attaches every declared device and checks everything that the user says. Throws Solo5Error; nothing stays open. */
export const attach = (unikernel: Unikernel, options: AttachOptions = {}): Plan =>
  attachTo(unikernel, options, options.isSealed === true ? { ...noHost, netMtu: () => ethernetMtu } : noHost);

/** Runs a plan in this page or worker. Throws Solo5Error where it cannot start. */
export function run(plan: Plan, options: RunOptions = {}): Running {
  const { console, cache = true, signal, engine: wanted = "auto" } = options;
  const { isa, target: name } = plan.unikernel;
  const load = portableEngines[isa];
  const target = targets[name];
  if (load === undefined || target === undefined)
    throw new Solo5Error("ENGINE", `there is no engine for ${name} unikernels of ${isa}`);
  if (wanted !== "auto" && wanted !== "wasm")
    throw new Solo5Error("ENGINE", `a page has no engine ${wanted}, only wasm`);
  const cleanup = createCleanup();
  const output = guestOutput(console, nobody);
  try {
    const { plan: guest } = fitted(withAddresses(plan), target, portableMemoryMax);
    const failed = (message: string): void => stop({ status: 1, message });
    const host: GuestHost = {
      ...openDevices(guest.devices, openers(failed, cleanup)),
      console: foreignConsole(output.console),
      clock,
      random,
    };
    const running = Promise.all([
      load(),
      cache ? codeCacheOf(guest.unikernel.file, target.memory(guest).size) : undefined,
    ]).then(([engine, codeCache]) =>
      runGuest(guest, target, engine, host, {
        pace: shared(nextTurn, clock),
        codeCache,
        beside: host.nets.size === 0 ? undefined : companionFor(engine.url),
        isResponsive: "document" in globalThis,
      }),
    );
    // A guest that could not be started is reported by `exited`, and needs no stop.
    function stop(outcome: Ended): void {
      void running.then((started) => started.stop(outcome)).catch(() => {});
    }
    const started: Started = {
      memSize: guest.memSize,
      exited: running.then(({ ended }) => ended).finally(cleanup.release),
      signal: (sent) => stop(signalled(plan, sent)),
      stop: () => stop(killed),
    };
    return handOver("wasm", started, output, signal);
  } catch (error) {
    cleanup.release();
    throw error;
  }
}

/** What is printed when nobody has asked for it. */
const nobody: Console = { write() {} };

/**
 * A static Linux executable that is the plan's spt unikernel with its devices attached; it needs no tender. What
 * interfaces are is found when it starts. Throws Solo5Error.
 */
export const seal = (plan: Plan): Uint8Array => sealedFile(plan);

const openers = (failed: (message: string) => void, cleanup: Cleanup): DeviceOpeners<AttachedDevice> => ({
  net({ source, mtu }) {
    const net = openNet(pageOpeners, source, { mtu, clock, say() {}, failed });
    cleanup.push(() => net.close());
    return net;
  },
  block({ name, source }) {
    if (source.kind === "device") return foreignBlock(source.device);
    throw new RangeError(`device ${name} is a file`);
  },
});
