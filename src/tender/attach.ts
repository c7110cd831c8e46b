// From a unikernel and what the user attaches to a Plan: every declared device has its source, every value is
// checked. Nothing after a Plan can be a user's error. docs/abi.md 1.4 and 6.2.
import { memMax as sptMemMax } from "../abi/spt.js";
import { memUnit } from "../abi/hvt.js";
import { cmdlineSize, defaultMemMiB, guestMemMax } from "../abi/start.js";
import type { DeviceType } from "../abi/notes.js";
import { Solo5Error } from "../bytes/error.js";
import { encodeText, hex } from "../bytes/text.js";
import type { BlockDevice } from "../device/contract.js";
import type { Device } from "../image/manifest.js";
import type { NetSource } from "../net/source.js";
import type { Unikernel } from "../image/unikernel.js";
import { malformedMemory } from "./texts.js";

/** What backs a block device. */
export type BlockSource =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "device"; readonly device: BlockDevice };

/** What the user wants of a network device. */
export interface NetRequest {
  readonly source: NetSource;
  /** Six bytes. Random by default. */
  readonly mac?: Uint8Array | undefined;
  /** A pcap file for the frames, both ways. */
  readonly dump?: string | undefined;
}

/** What the user wants of a disk. */
export interface BlockRequest {
  readonly source: BlockSource;
  /** Bytes. 512 by default. */
  readonly blockSize?: number | undefined;
}

/** What the user wants of a run. */
export interface AttachOptions {
  /** Guest memory in MiB. 512 by default. */
  readonly memMiB?: number | undefined;
  readonly net?: Readonly<Record<string, NetRequest>>;
  readonly block?: Readonly<Record<string, BlockRequest>>;
  /** Joined by single spaces they are the guest's command line. */
  readonly args?: readonly string[];
  /** For `seal`: interfaces are looked for when the sealed file starts. By default now. */
  readonly isSealed?: boolean;
  /** spt: heap and stack are executable. */
  readonly execHeap?: boolean;
}

/** A network device with its source and MTU, as it was checked. */
export type AttachedNet = Device & { readonly type: "NET_BASIC"; readonly mtu: number } & NetRequest;
/** A disk with its source and size, as it was checked. */
export type AttachedBlock = Device & {
  readonly type: "BLOCK_BASIC";
  readonly source: BlockSource;
  readonly blockSize: number;
  /** Bytes, a multiple of `blockSize`. */
  readonly capacity: bigint;
};
/** A device with its source, as it was checked. */
export type AttachedDevice = AttachedNet | AttachedBlock;

/** A unikernel with its devices, memory and arguments, all checked: nothing after it is a user's error. */
export interface Plan {
  readonly unikernel: Unikernel;
  /** Bytes, as the user said; a target may round it. */
  readonly memSize: number;
  readonly cmdline: string;
  /** By handle. */
  readonly devices: readonly AttachedDevice[];
  readonly execHeap: boolean;
}

/** What only the host knows. Each throws Solo5Error where the source cannot be used. */
export interface HostDevices {
  /** MTU of a network in bytes, without opening it for good. */
  netMtu(source: NetSource): number;
  /** Size in bytes of a file or block device that can be read and written. */
  blockSize(path: string): bigint;
}

/** The classic text; it means a power of two: bindings find sectors by masks. */
export const blockSizeRule = "Block size must be a multiple of 2 greater than or equal 512";
/** Sizes in bytes that `blockSizeRule` allows and the manifest's 16 bits can hold. */
export const isBlockSize = (size: number): boolean =>
  Number.isInteger(size) && size >= 512 && size <= 0xffff && (size & (size - 1)) === 0;

/** Attaches. Throws Solo5Error with the classic texts; nothing stays opened. */
export function attach(unikernel: Unikernel, options: AttachOptions, host: HostDevices): Plan {
  const memSize = memory(unikernel, options.memMiB ?? defaultMemMiB);
  const cmdline = (options.args ?? []).join(" ");
  if (encodeText(cmdline).length >= cmdlineSize) {
    throw new Solo5Error("CMDLINE", `Guest command line too long (max=${cmdlineSize - 1} characters)`);
  }
  if (cmdline.includes("\0")) throw new Solo5Error("CMDLINE", "Guest command line contains a NUL character");
  const requests = { NET_BASIC: options.net ?? {}, BLOCK_BASIC: options.block ?? {} };
  checkNames(unikernel, requests);
  const devices = unikernel.devices.map((device): AttachedDevice =>
    device.type === "NET_BASIC"
      ? attachNet({ ...device, type: device.type }, requests.NET_BASIC[device.name] as NetRequest, host)
      : attachBlock(
          { ...device, type: device.type },
          requests.BLOCK_BASIC[device.name] as BlockRequest,
          host,
        ),
  );
  return { unikernel, memSize, cmdline, devices, execHeap: options.execHeap ?? false };
}

function memory({ name, imageEnd, target, isa }: Unikernel, memMiB: number): number {
  if (!Number.isInteger(memMiB) || memMiB < 1) throw malformedMemory();
  const size = memMiB * 2 ** 20;
  const max = target === "spt" ? sptMemMax[isa] : guestMemMax;
  if (size > max) {
    throw new Solo5Error("MEMORY", `guest memory size ${size} bytes exceeds the max size ${max} bytes`);
  }
  if (imageEnd >= Math.max(size, target === "hvt" ? memUnit : 0)) {
    throw new Solo5Error(
      "MEMORY",
      `${name}: the unikernel ends at ${hex(imageEnd)}, its .bss included: guest memory of ${size} bytes is too small, see --mem`,
    );
  }
  return size;
}

/** Every request is declared, with its type; every declaration has a request. */
function checkNames(
  { devices }: Unikernel,
  requests: Readonly<Record<DeviceType, Readonly<Record<string, unknown>>>>,
): void {
  for (const [type, byName] of Object.entries(requests)) {
    for (const name of Object.keys(byName)) {
      if (!devices.some((device) => device.name === name && device.type === type)) {
        throw new Solo5Error("NOT_DECLARED", `Resource not declared in manifest: '${name}'`);
      }
    }
  }
  const missing = devices.filter(({ name, type }) => !Object.hasOwn(requests[type], name));
  if (missing.length > 0) {
    const lines = missing.map(
      ({ name, type }) => `Device '${name}' of type ${type} declared but not attached.`,
    );
    lines.push("All declared devices must be attached. See --help for syntax.");
    throw new Solo5Error("NOT_ATTACHED", lines.join("\n"));
  }
}

function attachNet(
  device: Device & { type: "NET_BASIC" },
  request: NetRequest,
  host: HostDevices,
): AttachedNet {
  const { source, mac } = request;
  if (mac !== undefined && mac.length !== 6) {
    throw new Solo5Error("MAC", `Device '${device.name}': a hardware address has 6 bytes, not ${mac.length}`);
  }
  return { ...device, ...request, mtu: host.netMtu(source) };
}

function attachBlock(
  device: Device & { type: "BLOCK_BASIC" },
  { source, blockSize: asked = 512 }: BlockRequest,
  host: HostDevices,
): AttachedBlock {
  const blockSize = source.kind === "device" ? source.device.blockSize : asked;
  if (![asked, blockSize].every(isBlockSize)) throw new Solo5Error("BLOCK_SIZE", blockSizeRule);
  const capacity = source.kind === "device" ? source.device.capacity : host.blockSize(source.path);
  if (capacity < BigInt(blockSize)) {
    throw new Solo5Error(
      "BLOCK_SMALL",
      `${device.name}: Backing storage must be at least 1 block (${blockSize} bytes) in size`,
    );
  }
  if (capacity % BigInt(blockSize) !== 0n) {
    throw new Solo5Error(
      "BLOCK_ALIGN",
      `${device.name}: Backing storage size must be block aligned (${blockSize} bytes)`,
    );
  }
  return { ...device, source, blockSize, capacity };
}
