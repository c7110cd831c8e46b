// A muen unikernel as a component of Muen's policy: the specification in XML that Muen's build includes, and the files that it names.
// Elements are those of Muen's component schema; docs/abi.md 9 for what lies where.
import { bootInfoBase, channelSize, netChannels } from "../abi/muen.js";
import { alignUp, pageSize } from "../bytes/align.js";
import { Solo5Error } from "../bytes/error.js";
import { readElf, type LoadSegment } from "../image/elf.js";
import type { Unikernel } from "../image/unikernel.js";
import type { Option } from "../tender/option.js";

export const gencspecOptions = {
  ram: { value: "MB", help: "memory beside the image, in MiB (default 512)", topic: "guest" },
  "channel-size": {
    value: "BYTES",
    help: "size of each channel, a multiple of 4096 (default 0x100000)",
    topic: "devices",
  },
} as const satisfies Record<string, Option>;

export const componentDefaults = { ramMiB: 512, channelBytes: channelSize } as const;

/** What a policy can name today. */
const abiVersion = 4;
const nop = 0x90;
/** No loader would look further for an entry behind the start of the text. */
const entryMax = 256;

export interface Component {
  readonly spec: string;
  /** Contents by the names that the specification has for them. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

interface Memory {
  readonly name: string;
  readonly address: number;
  readonly size: number;
  readonly write: boolean;
  readonly execute: boolean;
  /** Filled with zeros where absent. */
  readonly file?: { readonly name: string; readonly data: Uint8Array };
}

/** `name` is the component's. Throws Solo5Error `TARGET`, `ABI_VERSION`, `NET`. */
export function muenComponent(
  unikernel: Unikernel,
  name: string,
  { ramMiB, channelBytes }: { readonly ramMiB: number; readonly channelBytes: number },
): Component {
  const { target, abiVersion: version, devices, imageEnd, entry } = unikernel;
  if (target !== "muen")
    throw new Solo5Error("TARGET", `${unikernel.name}: is for the ${target} target, not for muen`);
  if (version !== abiVersion) {
    const why = `its ABI version is ${version}, and a component of ${abiVersion} is what Muen takes`;
    throw new Solo5Error("ABI_VERSION", `${unikernel.name}: ${why}`);
  }
  const image = memories(unikernel, name);
  const ramSize = ramMiB * 2 ** 20;
  const ramEnd = imageEnd + ramSize;
  const ram: Memory = { name: "ram", address: imageEnd, size: ramSize, write: true, execute: false };
  const channels = devices
    .filter(({ type }) => type === "NET_BASIC")
    .flatMap((device) => {
      const { in: reader, out: writer } = netChannels(device.name);
      return [["reader", reader] as const, ["writer", writer] as const];
    })
    .map(
      ([kind, logical], i) =>
        `   <${kind} logical="${logical}"${attributes(channelBytes, ramEnd + i * channelBytes)}/>`,
    );
  const lines = [
    '<?xml version="1.0" encoding="utf-8"?>',
    `<component name="${name}" profile="native">`,
    " <requires>",
    "  <vcpu>",
    "   <registers>",
    "    <gpr>",
    ...Object.entries({ rip: entry, rsp: ramEnd - 8, rdi: bootInfoBase }).map(
      ([register, value]) => `     <${register}>${ada(value)}</${register}>`,
    ),
    "    </gpr>",
    "   </registers>",
    "  </vcpu>",
    ...(channels.length === 0 ? [] : ["  <channels>", ...channels, "  </channels>"]),
    " </requires>",
    " <provides>",
    ...[...image, ram].flatMap(({ name, address, size, write, execute, file }) => [
      `  <memory executable="${execute}" logical="${name}" type="subject_binary" writable="${write}"${attributes(size, address)}>`,
      file === undefined ? '   <fill pattern="16#00#"/>' : `   <file filename="${file.name}" offset="none"/>`,
      "  </memory>",
    ]),
    " </provides>",
    "</component>",
    "",
  ];
  const files = new Map(image.flatMap(({ file }) => (file === undefined ? [] : [[file.name, file.data]])));
  return { spec: lines.join("\n"), files };
}

const attributes = (size: number, address: number): string =>
  ` size="${ada(size)}" virtualAddress="${ada(address)}"`;

/** Ada's notation, in groups of four digits. */
function ada(value: number): string {
  const digits = value.toString(16);
  const padded = digits.padStart(alignUp(digits.length, 4), "0");
  return `16#${padded.replaceAll(/(?!^)(?=(?:.{4})+$)/g, "_")}#`;
}

/** A region for the bytes of each segment, and one for the zeros behind them. */
function memories(unikernel: Unikernel, component: string): readonly Memory[] {
  const names = new Map<string, number>();
  const unique = (name: string): string => {
    const count = (names.get(name) ?? 0) + 1;
    names.set(name, count);
    return count === 1 ? name : `${name}${count}`;
  };
  return readElf(unikernel.file, unikernel.name)
    .loads.filter(({ memsz }) => memsz > 0)
    .flatMap((segment): readonly Memory[] => {
      const { vaddr, data, memsz, write, execute } = segment;
      const common = { write, execute };
      const name = unique(execute ? "text" : data.length === 0 ? "bss" : write ? "data" : "rodata");
      const filled = alignUp(data.length, pageSize);
      const rest = alignUp(memsz, pageSize) - filled;
      const fill: Memory = {
        ...common,
        name: data.length === 0 ? name : `${name}|fill`,
        address: vaddr + filled,
        size: rest,
      };
      if (data.length === 0) return [fill];
      const file = { name: `${component}_${name}`, data: contents(segment, unikernel.entry, filled) };
      return [{ ...common, name, address: vaddr, size: filled, file }, ...(rest > 0 ? [fill] : [])];
    });
}

/** Whole pages. What precedes the entry at the start of the text, the interpreter, becomes NOPs: Muen's loader enters there. */
function contents({ vaddr, data }: LoadSegment, entry: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(data);
  if (entry > vaddr && entry - vaddr <= entryMax) bytes.fill(nop, 0, entry - vaddr);
  return bytes;
}
