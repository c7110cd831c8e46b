// From the options of a command line to what attach takes. docs/abi.md 6.1.
import { Solo5Error } from "../bytes/error.js";
import {
  blockSizeRule,
  isBlockSize,
  type AttachOptions,
  type BlockRequest,
  type NetRequest,
} from "./attach.js";
import { parseNet } from "../net/schemes.js";
import { invalidOption, type Given } from "./parse-options.js";
import { malformedMemory } from "./texts.js";

/** Reads the values of `given`. Throws Solo5Error with the classic texts. */
export function attachOptions(given: readonly Given[], args: readonly string[]): AttachOptions {
  // Without a prototype: a device may be called toString.
  const none = (): never => Object.create(null) as never;
  const net: Record<string, { -readonly [K in keyof NetRequest]?: NetRequest[K] }> = none();
  const block: Record<string, { -readonly [K in keyof BlockRequest]?: BlockRequest[K] }> = none();
  let memMiB: number | undefined;
  let execHeap = false;
  for (const { option, name, value } of given) {
    const once = <T extends object>(record: Record<string, T>, key: keyof T): T => {
      const request = (record[name] ??= {} as T);
      if (key in request) throw new Solo5Error("TWICE", `Option --${option}:${name} is given twice`);
      return request;
    };
    switch (option) {
      case "mem":
        if (!/^\d{1,9}$/.test(value) || Number(value) === 0) {
          throw malformedMemory();
        }
        memMiB = Number(value);
        break;
      case "x-exec-heap":
        execHeap = true;
        break;
      case "net":
        once(net, "source").source = parseNet(value);
        break;
      case "net-mac":
        once(net, "mac").mac = parseMac(value) ?? malformed(option, name, value);
        break;
      case "net-dump":
        once(net, "dump").dump = value;
        break;
      case "block":
        once(block, "source").source = { kind: "file", path: value };
        break;
      case "block-sector-size":
        if (!/^\d+$/.test(value) || !isBlockSize(Number(value)))
          malformed(option, name, value, blockSizeRule);
        once(block, "blockSize").blockSize = Number(value);
        break;
      case "gdb":
      case "gdb-port":
      case "dumpcore":
      case "trace":
      case "record":
      case "channel":
      case "output":
      case "engine":
      case "cache":
      case "verbose":
      case "help":
      case "version":
        break;
      default:
        option satisfies never;
    }
  }
  return { memMiB, execHeap, args, net: complete(net), block: complete(block) };
}

/** Six bytes from `xx:xx:xx:xx:xx:xx`. */
function parseMac(value: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(value)) return undefined;
  return Uint8Array.from(value.split(":"), (byte) => Number.parseInt(byte, 16));
}

function malformed(option: string, name: string, value: string, reason?: string): never {
  throw invalidOption(`--${option}:${name}=${value}`, reason);
}

/** `--net-mac:x` without `--net:x` says which device it is about, but attaches nothing. */
function complete<T extends { source?: unknown }>(
  requests: Record<string, T>,
): Record<string, T & { source: NonNullable<T["source"]> }> {
  for (const [name, request] of Object.entries(requests)) {
    if (request.source === undefined) {
      throw new Solo5Error("NOT_ATTACHED", `Device '${name}' has options, but is not attached itself`);
    }
  }
  return requests as Record<string, T & { source: NonNullable<T["source"]> }>;
}
