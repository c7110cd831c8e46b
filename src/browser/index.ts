// The public interface for pages and workers: a unikernel's bytes in, its output out, on the portable engine. No
// SharedArrayBuffer, no eval; a page stays responsive, since the guest runs in slices of some milliseconds.
import { Solo5Error } from "../bytes/error.js";
import type { BlockDevice, Clock, Console } from "../device/contract.js";
import type { NetDevice } from "../net/contract.js";
import { portableEngines, portableMemoryMax } from "../engine/engines.js";
import { readUnikernel, type Unikernel } from "../image/unikernel.js";
import { targets } from "../target/registry.js";
import { attach as attachTo, type AttachOptions, type HostDevices, type Plan } from "../tender/attach.js";
import { fitted } from "../tender/fit.js";
import { foreignBlock, foreignConsole } from "../tender/foreign.js";
import { blockError } from "../tender/texts.js";
import { random, withAddresses } from "../tender/chance.js";
import { keptCode } from "./code-store.js";
import { runGuest, type Ended, type NextTurn } from "../tender/run.js";

export { Solo5Error } from "../bytes/error.js";
export { createPeer, type Peer, type PeerOptions } from "../net/peer.js";
export { createSegment, type Segment } from "../net/segment.js";
export type { BlockDevice, Console } from "../device/contract.js";
export type { NetDevice } from "../net/contract.js";
export type { AttachOptions, Plan } from "../tender/attach.js";
export type { Unikernel } from "../image/unikernel.js";

/** Nothing of the host can be attached here: devices are objects. */
const noHost: HostDevices = {
  netMtu() {
    throw new Solo5Error("NET", "Could not attach interface: a page has none; attach a segment's port");
  },
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
  const nets = new Map<number, NetDevice>();
  const blocks = new Map<number, BlockDevice>();
  for (const device of plan.devices) {
    if (device.source.kind !== "device") throw new RangeError(`device ${device.name} is of the host`);
    if (device.type === "NET_BASIC") nets.set(device.handle, device.source.device as NetDevice);
    else blocks.set(device.handle, foreignBlock(device.source.device as BlockDevice));
  }
  const host = { nets, blocks, console: foreignConsole(console), clock, random };
  const { plan: guest } = fitted(withAddresses(plan), target, portableMemoryMax);
  const [engine, kept] = await Promise.all([
    load(),
    cache ? keptCode(guest.unikernel.file, target.memorySize(guest)) : undefined,
  ]);
  const isResponsive = "document" in globalThis;
  const { ended, stop } = runGuest(guest, target, engine, host, { nextTurn, kept, isResponsive });
  return { ended, memSize: guest.memSize, stop: () => stop({ status: 137 }) };
}
