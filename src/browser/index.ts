// The public interface for pages and workers: a unikernel's bytes in, its output out, on the portable engine. No
// SharedArrayBuffer, no eval; a page stays responsive, since the guest runs in slices of some milliseconds.
import { createCleanup, type Cleanup } from "../bytes/cleanup.js";
import { Solo5Error } from "../bytes/error.js";
import type { BlockDevice, Clock, Console } from "../device/contract.js";
import type { NetDevice } from "../net/contract.js";
import { netMtu, openNet } from "../net/opener.js";
import { portableEngines, portableMemoryMax } from "../engine/engines.js";
import { readUnikernel, type Unikernel } from "../image/unikernel.js";
import type { GuestHost } from "../target/contract.js";
import { targets } from "../target/registry.js";
import { attach as attachTo, type AttachOptions, type HostDevices, type Plan } from "../tender/attach.js";
import { fitted } from "../tender/fit.js";
import { foreignBlock, foreignConsole } from "../tender/foreign.js";
import { blockError } from "../tender/texts.js";
import { random, withAddresses } from "../tender/entropy.js";
import { pageMtus, pageOpeners } from "./nets.js";
import { killed } from "../tender/instrument.js";
import { codeCacheOf } from "./code-store.js";
import { runGuest, type Ended, type NextTurn } from "../tender/run.js";

export { Solo5Error } from "../bytes/error.js";
export { createPeer, type Peer, type PeerOptions } from "../net/peer.js";
export { createUserNet, type PageUserOptions } from "./user-net.js";
export type { UserNet } from "../net/user/user-net.js";
export { createSegment, type Segment } from "../net/segment.js";
export type { BlockDevice, Console } from "../device/contract.js";
export type { NetDevice } from "../net/contract.js";
export type { AttachOptions, Plan } from "../tender/attach.js";
export type { Unikernel } from "../image/unikernel.js";

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

export interface Running {
  /** The unikernel's status, and what a tender would say on stderr. */
  readonly ended: Promise<Ended>;
  /** Bytes of memory that the unikernel has: what it was to have, or the most that the engine can give. */
  readonly memSize: number;
  /** Ends the unikernel within some milliseconds; its status is then 137. */
  stop(): void;
}

/** Reads a unikernel. Throws Solo5Error. */
export const open = (file: Uint8Array, name = "unikernel"): Unikernel => readUnikernel(file, name);

/** Attaches every declared device. Throws Solo5Error. */
export const attach = (unikernel: Unikernel, options: AttachOptions = {}): Plan =>
  attachTo(unikernel, options, noHost);

export interface RunOptions {
  /** Whether translated code is kept in IndexedDB for later visits; it is where absent. */
  readonly cache?: boolean | undefined;
}

/** Loads the engine and runs a plan in this page or worker. Throws Solo5Error where it cannot start. */
export async function run(plan: Plan, console: Console, { cache = true }: RunOptions = {}): Promise<Running> {
  const { isa, target: name } = plan.unikernel;
  const load = portableEngines[isa];
  const target = targets[name];
  if (load === undefined || target === undefined) {
    throw new Solo5Error("ENGINE", `there is no engine for ${name} unikernels of ${isa}`);
  }
  const cleanup = createCleanup();
  try {
    let end: ((how: Ended) => void) | undefined;
    let failure: Ended | undefined;
    const host: GuestHost = {
      ...openDevices(
        plan,
        (message) => {
          failure = { status: 1, message };
          end?.(failure);
        },
        cleanup,
      ),
      console: foreignConsole(console),
      clock,
      random,
    };
    const { plan: guest } = fitted(withAddresses(plan), target, portableMemoryMax);
    const [engine, codeCache] = await Promise.all([
      load(),
      cache ? codeCacheOf(guest.unikernel.file, target.memorySize(guest)) : undefined,
    ]);
    const isResponsive = "document" in globalThis;
    const { ended, stop } = runGuest(guest, target, engine, host, { nextTurn, codeCache, isResponsive });
    end = stop;
    if (failure !== undefined) stop(failure);
    return {
      ended: ended.finally(cleanup.release),
      memSize: guest.memSize,
      stop: () => stop(killed),
    };
  } catch (error) {
    cleanup.release();
    throw error;
  }
}

function openDevices(
  plan: Plan,
  failed: (message: string) => void,
  cleanup: Cleanup,
): Pick<GuestHost, "nets" | "blocks"> {
  const nets = new Map<number, NetDevice>();
  const blocks = new Map<number, BlockDevice>();
  for (const device of plan.devices) {
    if (device.type === "NET_BASIC") {
      const net = openNet(pageOpeners, device.source, { mtu: device.mtu, clock, say() {}, failed });
      cleanup.push(() => net.close());
      nets.set(device.handle, net);
    } else if (device.source.kind === "device") {
      blocks.set(device.handle, foreignBlock(device.source.device));
    } else throw new RangeError(`device ${device.name} is a file`);
  }
  return { nets, blocks };
}
