// Every device that the unikernel's manifest declares, opened: what becomes the plan of its seal. Nobody names a device of the
// container's but by the manifest's name.
import { closeSync } from "node:fs";
import { createCleanup } from "../../bytes/cleanup.js";
import type { Unikernel } from "../../image/unikernel.js";
import { attach, type BlockRequest, type NetRequest, type Plan } from "../../tender/attach.js";
import type { Config } from "../config/types.js";
import type { Namespaces } from "../prologue/namespaces.js";
import { readWishes } from "./annotations.js";
import { guestArguments } from "./arguments.js";
import { openDisk, type Disk } from "./disks.js";
import { guestMemory } from "./memory.js";
import { openNics } from "./nics.js";

export interface DeviceRequest {
  readonly unikernel: Unikernel;
  readonly config: Config;
  /** The first disk's path, unless an annotation says otherwise. */
  readonly disk?: string | undefined;
  readonly rootfs: string;
  /** A process in the container's namespaces. */
  readonly pid: number;
  readonly namespaces: Namespaces;
  /** The number that the first of them will have in the container's process. */
  readonly firstDescriptor: number;
  /** Called before all frames of the interface with that number become the unikernel's. */
  readonly taking: (index: number) => void;
  /** Takes a line for the log. */
  readonly note: (line: string) => void;
}

export interface Devices {
  readonly plan: Plan;
  /** In the order of their numbers in the container's process. */
  readonly descriptors: readonly number[];
  /** Numbers in the container's process by path. */
  readonly disks: ReadonlyMap<string, number>;
  close(): void;
}

/** Throws Solo5Error; nothing stays open then. */
export function openDevices(request: DeviceRequest): Devices {
  const { unikernel, config, disk: firstDisk, rootfs, firstDescriptor } = request;
  const cleanup = createCleanup();
  try {
    const wishes = readWishes(config, unikernel.devices);
    const descriptors: number[] = [];
    const give = (fd: number): number => firstDescriptor + descriptors.push(fd) - 1;
    const nicNames = unikernel.devices.filter(({ type }) => type === "NET_BASIC").map(({ name }) => name);
    const nics = openNics(nicNames, wishes.net, request, cleanup);
    const net: Record<string, NetRequest> = Object.create(null) as never;
    const mtus = new Map<number, number>();
    for (const { name, fd, mac, mtu } of nics) {
      const number = give(fd);
      mtus.set(number, mtu);
      net[name] = { source: { kind: "descriptor", fd: number }, mac };
    }
    const block: Record<string, BlockRequest> = Object.create(null) as never;
    const opened = new Map<string, Disk>();
    const disks = new Map<string, number>();
    for (const { name, type } of unikernel.devices) {
      if (type !== "BLOCK_BASIC") continue;
      const wish = wishes.block.get(name) ?? (opened.size === 0 ? firstDisk : undefined);
      const disk = openDisk(name, wish, config, rootfs);
      cleanup.push(() => closeSync(disk.fd));
      // Two devices may be one file.
      const path = `${name}: ${disk.path}`;
      opened.set(path, disk);
      disks.set(path, give(disk.fd));
      block[name] = { source: { kind: "file", path }, blockSize: wishes.blockSize.get(name) };
    }
    const args = guestArguments(config, wishes.args, nics, rootfs);
    const plan = attach(
      unikernel,
      { memMiB: wishes.memMiB ?? guestMemory(config, unikernel.target), net, block, args },
      {
        netMtu: (source) => (source.kind === "descriptor" ? (mtus.get(source.fd) ?? 1500) : 1500),
        blockSize: (path) => opened.get(path)?.size ?? 0n,
      },
    );
    return { plan, descriptors, disks, close: cleanup.release };
  } catch (error) {
    cleanup.release();
    throw error;
  }
}
