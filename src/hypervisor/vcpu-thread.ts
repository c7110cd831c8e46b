// The thread of a virtual CPU: it runs the guest, answers its hypercalls where they happen, and sleeps where it waits.
// Only console output that somebody else wants, and the end, go to the main thread.
import { parentPort, workerData } from "node:worker_threads";
import type { Isa } from "../abi/elf.js";
import { createCleanup, type Cleanup } from "../bytes/cleanup.js";
import { Solo5Error } from "../bytes/error.js";
import type { ErrorCode } from "../bytes/error-codes.js";
import { captured } from "../net/pcap.js";
import type { BlockDevice, Console } from "../device/contract.js";
import type { NetDevice } from "../net/contract.js";
import { readUnikernel } from "../image/unikernel.js";
import { interruptible } from "./console.js";
import { kvmMemory } from "./kvm/memory.js";
import { publishVcpu, stopRequested, stopWords, waitForRelease } from "./stop.js";
import { newKvmVcpu } from "./kvm/vcpu.js";
import { dumpSink, type Dump } from "../host/linux/net/open.js";
import { descriptorDevice, directReader } from "../host/linux/net/descriptor-device.js";
import { createWait } from "../host/linux/net/wait.js";
import type { Guest, GuestDevice, GuestHost } from "../targets/contract.js";
import { targets } from "../targets/registry.js";
import type { Observer } from "../tender/instrument.js";
import type { Ended } from "../tender/run.js";
import { blockDevice } from "../host/any/block-file.js";
import { hostClock } from "../host/any/clock.js";
import { hostFailure } from "../host/any/host-failure.js";
import { stdoutConsole } from "../host/any/console.js";
import type { DebugRequest } from "../tender/debug-request.js";
import type { Debugger, DebuggerLink } from "./debugger.js";
import { random } from "../tender/entropy.js";

/** A guest's device with the descriptor behind it, and that of its capture. */
type KvmDevice = GuestDevice & { readonly fd: number; readonly dump?: Dump | undefined };

/** Everything that the thread gets. Descriptors are the main thread's to close. */
export interface KvmWork {
  readonly file: Uint8Array;
  readonly name: string;
  readonly guest: Omit<Guest, "unikernel" | "devices">;
  readonly devices: readonly KvmDevice[];
  /** Whether the console is this process's stdout. */
  readonly stdout: boolean;
  readonly kvm: number;
  /** An eventfd that wakes the thread. */
  readonly wake: number;
  readonly stop: SharedArrayBuffer;
  readonly debug: DebugRequest;
  /** The link to a debugger. None by default. */
  readonly debugger?: DebuggerLink | undefined;
  /** What messages begin with. */
  readonly reporter: string;
}

/** The thread's last message; output comes before it, as bytes. */
export type KvmReport =
  | { readonly ended: Ended }
  | { readonly failed: { readonly code: ErrorCode; readonly message: string } };

const stdout = 1;
const relayedConsole: Console = { write: (data) => parentPort?.postMessage(data.slice()) };

function openDevices(devices: readonly KvmDevice[]): Pick<GuestHost, "nets" | "blocks"> {
  const nets = new Map<number, NetDevice>();
  const blocks = new Map<number, BlockDevice>();
  for (const device of devices) {
    const { handle, fd, dump } = device;
    if (device.type === "BLOCK_BASIC") {
      blocks.set(handle, blockDevice(fd, device.capacity, device.blockSize));
      continue;
    }
    const net = descriptorDevice({ fd, mtu: device.mtu }, directReader(fd));
    nets.set(handle, dump === undefined ? net : captured(net, dumpSink(dump), hostClock));
  }
  return { nets, blocks };
}

/** What looks on, loaded only where it is wanted. */
interface Onlookers {
  openObservers(debug: DebugRequest, guest: Guest, reporter: string): readonly Observer[];
  openDebugger(isa: Isa): Debugger | undefined;
}

async function onlookers({ debug, debugger: link, wake, stop }: KvmWork): Promise<Onlookers> {
  const isObserved = Object.keys(debug).length > 0;
  const openObservers = isObserved ? (await import("../host/any/instruments.js")).openObservers : () => [];
  if (link === undefined) return { openObservers, openDebugger: () => undefined };
  const { openDebugger } = await import("./debugger.js");
  const isStopping = (): boolean => stopRequested(stopWords(stop));
  return { openObservers, openDebugger: (isa) => openDebugger(isa, link, wake, isStopping) };
}

/** Runs the guest to its end, or until the main thread wants it to stop. */
async function runToEnd(work: KvmWork, cleanup: Cleanup, open: Onlookers): Promise<Ended> {
  const unikernel = readUnikernel(work.file, work.name);
  const guest: Guest = { ...work.guest, unikernel, devices: work.devices };
  const target = targets[unikernel.target];
  if (target === undefined) throw new RangeError(`there is no target ${unikernel.target}`);
  const stop = stopWords(work.stop);
  const memory = kvmMemory(target.memorySize(guest));
  cleanup.push(() => memory[Symbol.dispose]());
  const vcpu = newKvmVcpu(work.kvm, unikernel.isa, memory, { protections: target.protections(guest) });
  cleanup.push(() => vcpu[Symbol.dispose]());
  const host: GuestHost = {
    ...openDevices(work.devices),
    console: work.stdout ? interruptible(stdoutConsole, stdout, work.wake) : relayedConsole,
    clock: hostClock,
    random,
  };
  const observers = open.openObservers(work.debug, guest, work.reporter);
  const gdb = open.openDebugger(unikernel.isa);
  const seen = observers.reduce((host, one) => one.host?.(host) ?? host, host);
  const started = target.start(guest, vcpu, seen);
  const session = observers.reduce(
    (session, one) => one.session(session, { vcpu }),
    gdb?.session(started, vcpu) ?? started,
  );
  const netFds = work.devices.filter(({ type }) => type === "NET_BASIC").map(({ fd }) => fd);
  const events = [work.wake, ...(work.debugger === undefined ? [] : [work.debugger.event])];
  const wait = createWait([...events, ...netFds]);
  const readable = (): boolean => [...host.nets.values()].some((net) => net.readable);
  publishVcpu(stop, vcpu.runAddress);
  for (;;) {
    const outcome = gdb?.hold();
    if (outcome !== undefined) return outcome;
    if (stopRequested(stop)) return { status: 0 };
    const { state } = session;
    if (state.kind === "ended") {
      await gdb?.ended(state);
      for (const one of observers) one.ended?.(state);
      return state;
    }
    if (state.kind === "running") {
      vcpu.run(session.answer);
      continue;
    }
    wait(state.deadline - hostClock.monotonic());
    if (readable() || hostClock.monotonic() >= state.deadline) session.wake();
  }
}

const work = workerData as KvmWork;
const cleanup = createCleanup();
const report = (message: KvmReport): void => parentPort?.postMessage(message);
try {
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
