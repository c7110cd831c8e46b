// The thread of a virtual CPU: it runs the guest, answers its hypercalls where they happen, and sleeps where it waits.
// Only console output that somebody else wants, and the end, go to the main thread.
import { parentPort, workerData } from "node:worker_threads";
import type { Isa } from "../abi/elf.js";
import { createCleanup, type Cleanup } from "../bytes/cleanup.js";
import { Solo5Error } from "../bytes/error.js";
import type { ErrorCode } from "../bytes/error-codes.js";
import type { Console } from "../device/contract.js";
import { blockDevice } from "../host/any/block-file.js";
import { hostClock } from "../host/any/clock.js";
import { stdoutConsole } from "../host/any/console.js";
import { hostFailure } from "../host/any/host-failure.js";
import { descriptorDevice, directReader } from "../host/posix/net/descriptor-device.js";
import { dumpSink, type Dump } from "../host/any/capture-file.js";
import { readUnikernel } from "../image/unikernel.js";
import type { Guest, GuestDevice, GuestHost } from "../targets/contract.js";
import { targets } from "../targets/registry.js";
import type { DebugRequest } from "../tender/debug-request.js";
import { captures, openDevices } from "../tender/devices.js";
import { random } from "../tender/entropy.js";
import type { DebuggedVcpu, Ended, Instrument, Observer } from "../tender/instrument.js";
import { runLoop } from "../tender/loop.js";
import { interruptible } from "./console.js";
import type { HypervisorName, HypervisorVcpu } from "./contract.js";
import type { DebuggerLink } from "./debugger.js";
import type { WakeEvent } from "./event.js";
import { hypervisors } from "./hypervisors.js";
import { sleeping } from "./pace.js";
import { publishVcpu, stopRequested, stopWords, waitForRelease } from "./stop.js";

/** A guest's device with the descriptor behind it, and that of its capture. */
type OpenDevice = GuestDevice & { readonly fd: number; readonly dump?: Dump | undefined };

/** Everything that the thread gets. Descriptors are the main thread's to close. */
export interface VcpuWork {
  readonly file: Uint8Array;
  readonly name: string;
  readonly guest: Omit<Guest, "unikernel" | "devices">;
  readonly devices: readonly OpenDevice[];
  /** Whether the console is this process's stdout. */
  readonly stdout: boolean;
  readonly hypervisor: HypervisorName;
  /** What its driver has opened. */
  readonly opened: number;
  /** A module that puts another system under the driver, for tests. The host's own by default. */
  readonly system?: string | undefined;
  /** Wakes the thread. */
  readonly wake: WakeEvent;
  readonly stop: SharedArrayBuffer;
  readonly debug: DebugRequest;
  /** The link to a debugger. None by default. */
  readonly debugger?: DebuggerLink | undefined;
  /** What messages begin with. */
  readonly reporter: string;
  /** The process needs nothing but this guest from now on. */
  readonly isConfined: boolean;
}

/** The thread's last message; output comes before it, as bytes. */
export type VcpuReport =
  | { readonly ended: Ended }
  | { readonly failed: { readonly code: ErrorCode; readonly message: string } };

const stdout = 1;
const relayedConsole: Console = { write: (data) => parentPort?.postMessage(data.slice()) };

/** What looks on, loaded only where it is wanted. */
interface Onlookers {
  openObservers(debug: DebugRequest, guest: Guest, reporter: string): readonly Observer[];
  openDebugger(isa: Isa): readonly Instrument<DebuggedVcpu>[];
}

async function onlookers({ debug, debugger: link, wake, stop }: VcpuWork): Promise<Onlookers> {
  const isObserved = Object.keys(debug).length > 0;
  const openObservers = isObserved ? (await import("../host/any/instruments.js")).openObservers : () => [];
  if (link === undefined) return { openObservers, openDebugger: () => [] };
  const { openDebugger } = await import("./debugger.js");
  const isStopping = (): boolean => stopRequested(stopWords(stop)) !== undefined;
  return { openObservers, openDebugger: (isa) => [openDebugger(isa, link, wake, isStopping)] };
}

/** Ends the guest when the main thread wants it to. */
function stopper(stop: SharedArrayBuffer): Observer {
  const words = stopWords(stop);
  let end = (_outcome: Ended): void => {};
  return {
    session(session, controls) {
      end = controls.stop;
      return session;
    },
    hold() {
      const status = stopRequested(words);
      if (status !== undefined) end({ status });
      return undefined;
    },
  };
}

/** Runs the guest to its end, or until the main thread wants it to stop. */
async function runToEnd(work: VcpuWork, cleanup: Cleanup, open: Onlookers): Promise<Ended> {
  const newVcpu = await hypervisors[work.hypervisor].loadVcpu();
  const unikernel = readUnikernel(work.file, work.name);
  const guest: Guest = { ...work.guest, unikernel, devices: work.devices };
  const target = targets[unikernel.target];
  if (target === undefined) throw new RangeError(`there is no target ${unikernel.target}`);
  const vcpu = newVcpu(work.opened, {
    isa: unikernel.isa,
    memory: target.memory(guest),
    isInterrupted: target.isInterrupted,
  });
  cleanup.push(() => vcpu[Symbol.dispose]());
  const host: GuestHost = {
    ...openDevices(work.devices, {
      net: ({ fd, mtu }) => descriptorDevice({ fd, mtu }, directReader(fd)),
      block: ({ fd, capacity, blockSize }) => blockDevice(fd, capacity, blockSize),
    }),
    console: work.stdout ? interruptible(stdoutConsole, stdout, work.wake.wait) : relayedConsole,
    clock: hostClock,
    random,
  };
  const sinks = work.devices.flatMap(({ handle, dump }) =>
    dump === undefined ? [] : [[handle, dumpSink(dump)] as const],
  );
  const instruments: Instrument<HypervisorVcpu>[] = [
    stopper(work.stop),
    ...open.openDebugger(unikernel.isa),
    ...open.openObservers(work.debug, guest, work.reporter),
    captures(new Map(sinks), hostClock),
  ];
  const netFds = work.devices.filter(({ type }) => type === "NET_BASIC").map(({ fd }) => fd);
  const events = [work.wake.wait, ...(work.debugger === undefined ? [] : [work.debugger.event.wait])];
  const pace = sleeping([...events, ...netFds], hostClock);
  if (work.isConfined) vcpu.confine?.();
  publishVcpu(stopWords(work.stop), vcpu.handle);
  return runLoop(guest, target, vcpu, host, { pace, instruments }).ended;
}

const work = workerData as VcpuWork;
const cleanup = createCleanup();
const report = (message: VcpuReport): void => parentPort?.postMessage(message);
try {
  if (work.system !== undefined) await import(work.system);
  report({ ended: await runToEnd(work, cleanup, await onlookers(work)) });
} catch (error) {
  const shortage = hostFailure(error);
  const other =
    shortage === undefined
      ? ({ code: "INTERNAL", message: String((error as Error).stack) } as const)
      : ({ code: "SYSCALL", message: shortage } as const);
  const { code, message } = error instanceof Solo5Error ? error : other;
  report({ failed: { code, message } });
}
// The main thread knows addresses of this one's until it says that it has forgotten them.
waitForRelease(stopWords(work.stop));
cleanup.release();
