// Runs a plan on the engine that works everywhere, inside this process.
import { createCleanup, type Cleanup } from "../bytes/cleanup.js";
import type { Isa } from "../abi/elf.js";
import type { TargetName } from "../abi/notes.js";
import { portableEngines, portableMemoryMax } from "../engine/engines.js";
import { dumpSink, openDump } from "../host/any/capture-file.js";
import { openAttached, type OpenContext } from "../host/any/net/open.js";
import { netOpeners } from "../host/net-openers.js";
import { hostPace } from "../host/pace.js";
import type { GuestHost, Target } from "../targets/contract.js";
import { targets } from "../targets/registry.js";
import type { AttachedDevice, Plan } from "../tender/attach.js";
import { captures, openDevices, type DeviceOpeners } from "../tender/devices.js";
import { fitted } from "../tender/fit.js";
import { foreignBlock, foreignConsole } from "../tender/foreign.js";
import type { Instrument } from "../tender/instrument.js";
import type { CodeCacheEntry } from "../tender/code-cache.js";
import { runGuest, type Ended, type NextTurn } from "../tender/run.js";
import { blockDevice, openBlockFile } from "../host/any/block-file.js";
import { hostClock } from "../host/any/clock.js";
import { codeFolder, codeCacheOf } from "../host/any/code-folder.js";
import { stdoutConsole } from "../host/any/console.js";
import { debugTools, type DebugRequest } from "../tender/debug-request.js";
import type { Engine } from "../tender/engine.js";
import { startCompanion } from "./companion.js";
import { random, withAddresses } from "../tender/entropy.js";
import { killed } from "../tender/instrument.js";
import { signalled } from "../tender/running.js";
import { say } from "../host/any/say.js";

export const nextTurn: NextTurn = () => new Promise((resolve) => void setImmediate(resolve));
const supported = (isa: Isa): string =>
  `there is no engine for ${isa} yet, only for ${Object.keys(portableEngines).join(", ")}`;

export const wasm: Engine = {
  debugs: debugTools,
  targets: Object.keys(targets) as TargetName[],
  unsupportedReason({ unikernel: { target, isa } }) {
    if (portableEngines[isa] === undefined) return supported(isa);
    if (targets[target] === undefined)
      return `there is no ${target} target yet, only ${Object.keys(targets).join(", ")}`;
    return undefined;
  },

  start(plan, { reporter, console: own, debug = {}, cache }) {
    const load = portableEngines[plan.unikernel.isa];
    const target = targets[plan.unikernel.target];
    if (load === undefined || target === undefined)
      throw new RangeError("the engine was started although it cannot run this");
    const cleanup = createCleanup();
    try {
      const { plan: guest, adjustment } = fitted(withAddresses(plan), target, portableMemoryMax);
      if (adjustment !== undefined) say(reporter, adjustment);
      const console = own === undefined ? stdoutConsole : foreignConsole(own);
      const capturing = captures(sinksOf(guest, cleanup), hostClock);
      const context: OpenContext = {
        clock: hostClock,
        say: (line) => say(reporter, line),
        failed: (message) => stop({ status: 1, message }),
      };
      const opened = openDevices(guest.devices, openers(context, cleanup));
      const host: GuestHost = { ...opened, console, clock: hostClock, random };
      const codeCache = Object.keys(debug).length === 0 ? cacheOf(guest, target, cache) : undefined;
      const run = Promise.all([load(), instrumentsOf(debug, guest, reporter, cleanup)]).then(
        ([engine, instruments]) =>
          runGuest(guest, target, engine, host, {
            pace: hostPace(nextTurn, hostClock),
            instruments: [...instruments, capturing],
            codeCache,
            isWatched: Object.keys(debug).length > 0,
            // A guest whom nobody waits for takes less time, and memory, when its own thread translates.
            beside: host.nets.size === 0 ? undefined : startCompanion(guest.unikernel.isa),
          }),
      );
      const ended = run.then((started) => started.ended);
      // A guest that could not be started is reported by `ended`, and needs no stop.
      function stop(outcome: Ended): void {
        void run.then((started) => started.stop(outcome)).catch(() => {});
      }
      return {
        memSize: guest.memSize,
        exited: ended.finally(cleanup.release),
        signal: (signal) => stop(signalled(plan, signal)),
        stop: () => stop(killed),
      };
    } catch (error) {
      cleanup.release();
      throw error;
    }
  },
};

/** Debuggers and recorders bypass the code cache, so that what runs is what was translated now. */
const cacheOf = (guest: Plan, target: Target, cache: string | undefined): CodeCacheEntry | undefined =>
  codeCacheOf(codeFolder(cache), {
    unikernel: guest.unikernel.file,
    memoryBytes: target.memory(guest).size,
  });

/** Loads the debugging tools only where one is wanted: they would double the time to the start. */
async function instrumentsOf(
  debug: DebugRequest,
  guest: Plan,
  reporter: string,
  cleanup: Cleanup,
): Promise<readonly Instrument[]> {
  if (Object.keys(debug).length === 0) return [];
  const { openInstruments } = await import("../host/any/instruments.js");
  return openInstruments(debug, guest, reporter, cleanup);
}

/** Who writes the captures, by handle. */
const sinksOf = ({ devices }: Plan, cleanup: Cleanup): ReadonlyMap<number, (data: Uint8Array) => void> =>
  new Map(
    devices.flatMap((device) =>
      device.type === "NET_BASIC" && device.dump !== undefined
        ? [[device.handle, dumpSink({ fd: openDump(device.dump, cleanup), path: device.dump })] as const]
        : [],
    ),
  );

const openers = (context: OpenContext, cleanup: Cleanup): DeviceOpeners<AttachedDevice> => ({
  net: (device) => openAttached(netOpeners, device, context, cleanup),
  block({ source, capacity, blockSize }) {
    if (source.kind === "device") return foreignBlock(source.device);
    const block = blockDevice(openBlockFile(source.path), capacity, blockSize);
    cleanup.push(() => block.close());
    return block;
  },
});
