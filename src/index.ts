// The public interface: open a unikernel, attach its devices, run it or seal it. docs/api.md shows it in use.
import { basename } from "node:path";
import { readUnikernel, type Unikernel } from "./image/unikernel.js";
import { hostDevices, sealingDevices } from "./linux/host-devices.js";
import { seal as sealPlan } from "./linux/seal.js";
import type { Running, StartOptions } from "./node/engine.js";
import { chooseEngine, start } from "./node/engines.js";
import { readFile } from "./node/files.js";
import { nodeSockets } from "./host/any/sockets.js";
import { systemErrorMessage } from "./linux/errno.js";
import type { UserOptions } from "./net/user/source.js";
import { openUserNet, type UserNet } from "./net/user/user-net.js";
import { attach as attachTo, type AttachOptions, type Plan } from "./tender/attach.js";

export { Solo5Error } from "./bytes/error.js";
export type { Unikernel } from "./image/unikernel.js";
export type { Device } from "./image/manifest.js";
export type { AttachOptions, BlockRequest, BlockSource, NetRequest, Plan } from "./tender/attach.js";
export type { NetSource } from "./net/source.js";
export type { BlockDevice, Clock, Console } from "./device/contract.js";
export type { NetDevice } from "./net/contract.js";
export { createPeer, type Peer, type PeerOptions } from "./net/peer.js";
export { createSegment, type Segment } from "./net/segment.js";
export type { OpenForward, UserNet } from "./net/user/user-net.js";
export type { Forward, UserOptions } from "./net/user/source.js";
export { captured } from "./net/pcap.js";
export type { DebugRequest } from "./node/debug-request.js";
export type { Running } from "./node/engine.js";

/** Reads a unikernel from a file or from its bytes. Throws Solo5Error: one line with file, field and value. */
export function open(file: string | Uint8Array): Unikernel {
  return typeof file === "string" ? readUnikernel(readFile(file), file) : readUnikernel(file, "unikernel");
}

/** Attaches every declared device and checks everything that the user says. Throws Solo5Error; nothing stays open. */
export function attach(unikernel: Unikernel, options: AttachOptions = {}): Plan {
  return attachTo(unikernel, options, hostDevices);
}

/** A network without root, to attach as a device: its forwards can be opened and closed while the unikernel runs. Throws Solo5Error. */
export function createUserNet(options: UserOptions = {}): UserNet {
  const net = openUserNet(options, nodeSockets(systemErrorMessage));
  return net;
}

export interface RunOptions extends Partial<StartOptions> {
  /** Insist on an engine; the best for the file and the host where absent. */
  readonly engine?: string | undefined;
}

/** Runs a plan beside this process's other work. Throws Solo5Error where it cannot start. */
export function run(
  plan: Plan,
  { engine, name = basename(plan.unikernel.name), reporter = name, console, debug, cache }: RunOptions = {},
): Running {
  return start(plan, chooseEngine(plan, engine, debug).name, {
    name,
    reporter,
    console,
    debug,
    cache,
  });
}

/**
 * A static Linux executable that is the spt unikernel with its devices attached; it needs no tender. Interfaces are
 * looked for when it starts, disks are measured now. Throws Solo5Error.
 */
export function seal(unikernel: Unikernel, options: AttachOptions = {}): Uint8Array {
  const name = basename(unikernel.name).replace(/\.spt$/, "");
  return sealPlan(attachTo(unikernel, options, sealingDevices), { prefix: `${name}: `, processName: name });
}
