// A unikernel's manifest: the devices that it declares, as its MFT1 note holds them and as a tender gives them back
// with what it attached. docs/abi.md 1.3.
import {
  deviceNameMax,
  deviceType,
  mftBlock,
  mftEntry,
  mftHeader,
  mftMaxEntries,
  mftNet,
  mftPadding,
  mftReservedFirst,
  mftVersion,
  type DeviceType,
} from "../abi/notes.js";
import { encode, viewOf } from "../bytes/struct.js";
import { textUntilNul } from "../bytes/text.js";

/** A declared device. Its handle, by which the guest knows it, is its index in the manifest, 1 for the first. */
export interface Device {
  readonly name: string;
  readonly type: DeviceType;
  readonly handle: number;
}

/** What a tender tells the guest of an attached device: sizes in bytes. */
export type Attached =
  | { readonly type: "BLOCK_BASIC"; readonly capacity: bigint; readonly blockSize: number }
  | { readonly type: "NET_BASIC"; readonly mac: Uint8Array; readonly mtu: number };

/** Names of devices: docs/abi.md 6.1. */
export const isDeviceName = (name: string): boolean =>
  /^[A-Za-z0-9]+$/.test(name) && name.length <= deviceNameMax;

const typeNames = Object.keys(deviceType) as DeviceType[];

/** The devices of an MFT1 descriptor, or what is wrong with it. */
export function readManifest(desc: Uint8Array): readonly Device[] | string {
  const content = desc.subarray(mftPadding);
  if (content.length < mftHeader.size) return `${desc.length} bytes are too few`;
  const view = viewOf(content);
  const { version, entries } = mftHeader.read(view, 0);
  if (version !== mftVersion) return `version is ${version}, expected ${mftVersion}`;
  if (entries < 1 || entries > mftMaxEntries) return `entries is ${entries}, expected 1 to ${mftMaxEntries}`;
  const size = mftHeader.size + entries * mftEntry.size;
  if (content.length !== size) return `${entries} entries take ${size} bytes, the note has ${content.length}`;

  const devices: Device[] = [];
  for (let handle = 0; handle < entries; handle++) {
    const entry = mftEntry.read(view, mftHeader.size + handle * mftEntry.size);
    const name = textUntilNul(entry.name);
    const wrong = (what: string): string => `entry ${handle}: ${what}`;
    if (entry.name.at(-1) !== 0) return wrong("name is not terminated");
    if (entry.attached !== 0) return wrong(`attached is ${entry.attached}, expected 0`);
    if (handle === 0) {
      if (entry.type !== mftReservedFirst || name !== "") return wrong("is not the reserved first one");
      continue;
    }
    const type = typeNames.find((key) => deviceType[key] === entry.type);
    if (type === undefined) return wrong(`type is ${entry.type}, expected 1 (BLOCK_BASIC) or 2 (NET_BASIC)`);
    if (!isDeviceName(name)) return wrong("name is not alphanumeric");
    if (devices.some((device) => device.name === name)) return wrong(`name ${name} is declared twice`);
    devices.push({ name, type, handle });
  }
  return devices;
}

/** Where entry `handle` starts in the bytes of `encodeManifest`, and its fields in it. */
export const entryOffset = (handle: number): number => mftHeader.size + handle * mftEntry.size;

/** The manifest as a tender hands it to the guest: each device with what is attached to it. */
export function encodeManifest(
  devices: readonly (Device & { readonly attached: Attached; readonly hostfd: number })[],
): Uint8Array {
  const entries = devices.length + 1;
  const data = new Uint8Array(mftHeader.size + entries * mftEntry.size);
  const view = viewOf(data);
  mftHeader.write(view, 0, { version: mftVersion, entries });
  const blank = {
    name: new Uint8Array(),
    type: mftReservedFirst,
    device: new Uint8Array(),
    hostfd: 0n,
    attached: 0,
    pad: new Uint8Array(),
  };
  mftEntry.write(view, entryOffset(0), blank);
  for (const { name, type, handle, attached, hostfd } of devices) {
    mftEntry.write(view, entryOffset(handle), {
      name: new TextEncoder().encode(name),
      type: deviceType[type],
      device: attached.type === "BLOCK_BASIC" ? encode(mftBlock, attached) : encode(mftNet, attached),
      hostfd: BigInt(hostfd),
      attached: 1,
      pad: new Uint8Array(),
    });
  }
  return data;
}
