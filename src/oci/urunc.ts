// What images of urunc's say of their unikernel: annotations, or /urunc.json. Its own notes say most of it here; what they cannot is taken:
// which file it is, arguments, a disk. github.com/nubificus/urunc, "Packaging" and pkg/unikontainers.
import { posix } from "node:path";
import { Solo5Error } from "../bytes/error.js";
import { decodeText, hasStrayBytes, printable } from "../bytes/text.js";
import type { Unikernel } from "../image/unikernel.js";
import { configError } from "./config/check.js";
import type { Config } from "./config/types.js";
import { readInRoot } from "./rootfs.js";

const prefix = "com.urunc.unikernel.";
const file = "/urunc.json";

export interface Urunc {
  /** Where it stands, for messages. */
  readonly place: string;
  /** Paths in the rootfs. */
  readonly binary?: string | undefined;
  readonly block?: string | undefined;
  /** The guest's arguments, where the container has none. */
  readonly cmdline?: string | undefined;
  /** hvt, spt and others. */
  readonly hypervisor?: string | undefined;
}

/** Values are in base64; those in annotations, which people write, need not be. */
function decode(value: string): string {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)) return value;
  const text = decodeText(Uint8Array.from(atob(value), (char) => char.charCodeAt(0)));
  return hasStrayBytes(text) || /[^\s\P{Cc}]/u.test(text) ? value : text;
}

/** Nothing where the image is none of urunc's. Throws Solo5Error. */
export function readUrunc({ annotations = {} }: Config, rootfs: string): Urunc | undefined {
  const isAnnotated = Object.keys(annotations).some((key) => key.startsWith(prefix));
  const all = isAnnotated ? annotations : readFile(rootfs);
  if (all === undefined) return undefined;
  const value = (name: string): string | undefined => {
    const text = all[prefix + name] ?? "";
    return text === "" ? undefined : decode(text).trim() || undefined;
  };
  return {
    place: isAnnotated ? "annotations" : file,
    binary: value("binary"),
    block: value("block"),
    cmdline: value("cmdline"),
    hypervisor: value("hypervisor"),
  };
}

function readFile(rootfs: string): Readonly<Record<string, string>> | undefined {
  const read = readInRoot(rootfs, file);
  if ("reason" in read) {
    // What holds for every file is told of the unikernel's.
    if (/^(No such|Not a dir|Function not)/.test(read.reason)) return undefined;
    throw new Solo5Error("CONFIG", `${file}: ${read.reason}`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(decodeText(read.data));
  } catch (cause) {
    throw new Solo5Error("CONFIG", `${file}: ${printable((cause as Error).message)}`, { cause });
  }
  if (typeof parsed !== "object" || parsed === null || !Object.values(parsed).every((one) => typeof one === "string"))
    throw new Solo5Error("CONFIG", `${file}: must be an object of strings`);
  return parsed as Readonly<Record<string, string>>;
} // prettier-ignore

/** The program is the file that is named; what the container has for arguments are its arguments, unless they begin with it. */
export function withUrunc(config: Config, { binary, cmdline = "" }: Urunc): Config {
  const { args, cwd } = config.process;
  const [first = "", ...more] = args;
  const program = binary === undefined ? posix.resolve(cwd, first) : posix.resolve("/", binary);
  const own = posix.resolve(cwd, first) === program ? more : args;
  const words = own.length > 0 ? own : cmdline.split(/\s+/).filter((word) => word !== "");
  return { ...config, process: { ...config.process, args: [binary === undefined ? first : program, ...words] } };
} // prettier-ignore

/** Throws Solo5Error for what is not so of the unikernel. */
export function checkUrunc({ hypervisor, block, place }: Urunc, { name, target, devices }: Unikernel): void {
  const refuse = (word: string, reason: string) => configError(`${place}: ${prefix}${word}`, reason);
  if (hypervisor !== undefined && hypervisor !== target)
    throw refuse("hypervisor", `${hypervisor} does not run ${name}, a unikernel of ${target}`);
  if (block !== undefined && !devices.some(({ type }) => type === "BLOCK_BASIC"))
    throw refuse("block", `${name} declares no device of type BLOCK_BASIC`);
}
