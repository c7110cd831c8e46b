// Annotations that choose otherwise than by default. Every one under org.solo5. is known, or refused: a misspelt one would be a
// silent default.
import { configError } from "../config/check.js";
import type { Config } from "../config/types.js";
import type { Device } from "../../image/manifest.js";

const prefix = "org.solo5.";

/** What annotations say. */
export interface DeviceWishes {
  /** Guest memory in MiB. */
  readonly memMiB: number | undefined;
  /** By the device's name: a path in the rootfs or a mount's destination; an interface; a sector size. */
  readonly block: ReadonlyMap<string, string>;
  readonly net: ReadonlyMap<string, string>;
  readonly blockSize: ReadonlyMap<string, number>;
  /** The template of the guest's arguments. */
  readonly args: string | undefined;
}

/** Throws Solo5Error for those that are not known, and of devices that the unikernel does not declare. */
export function readWishes({ annotations = {} }: Config, devices: readonly Device[]): DeviceWishes {
  const block = new Map<string, string>();
  const net = new Map<string, string>();
  const blockSize = new Map<string, number>();
  let memMiB: number | undefined;
  let args: string | undefined;
  for (const [key, value] of Object.entries(annotations)) {
    if (!key.startsWith(prefix)) continue;
    const refuse = (reason: string) => configError(`annotations.${key}`, reason);
    const [kind = "", name] = key.slice(prefix.length).split(/\.(.*)/s);
    const declared = (type: Device["type"]): string => {
      if (name !== undefined && devices.some((one) => one.name === name && one.type === type)) return name;
      throw refuse(`the unikernel declares no device '${name ?? ""}' of type ${type}`);
    };
    switch (name === undefined ? kind : `${kind}.`) {
      case "mem":
        if (!/^[1-9]\d{0,8}$/.test(value)) throw refuse("a number of MiB");
        memMiB = Number(value);
        break;
      case "args":
        args = value;
        break;
      case "block.":
        block.set(declared("BLOCK_BASIC"), value);
        break;
      case "block-size.":
        if (!/^\d{1,5}$/.test(value)) throw refuse("a number of bytes");
        blockSize.set(declared("BLOCK_BASIC"), Number(value));
        break;
      case "net.":
        net.set(declared("NET_BASIC"), value);
        break;
      default:
        throw refuse("is not known: mem, args, block.NAME, block-size.NAME and net.NAME are");
    }
  }
  return { memMiB, block, net, blockSize, args };
}
