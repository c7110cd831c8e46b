// A virtio guest's memory and registers before its first instruction: the unikernel as a multiboot loader loads it, what
// such a loader tells it, and the firmware's tables. Sources: Multiboot 0.6.96, sections 3.2 and 3.3; docs/abi.md 5.1.
import { struct, u32, u64, viewOf } from "../../bytes/struct.js";
import { Solo5Error } from "../../bytes/error.js";
import { withNul } from "../../bytes/text.js";
import type { MemoryMap } from "../../image/memory-map.js";
import type { GuestMemory } from "../../image/memory.js";
import { readMultiboot } from "../../image/multiboot.js";
import { seldomWrittenRegions, type Guest } from "../contract.js";
import { x8664 } from "./isa/x86-64.js";
import { acpiBase, acpiTables } from "./devices/acpi.js";

const gdtBase = 0x8000;
const infoBase = 0x9000;
const mapBase = 0x9100;
const commandLineBase = 0xa000;
/** Where memory ends that programs may use below the firmware, and where it goes on. */
const [lowEnd, highBase] = [0x9_fc00, 0x10_0000];

const info = struct(52, {
  flags: u32,
  memLower: u32,
  memUpper: u32,
  bootDevice: u32,
  cmdline: u32,
  modsCount: u32,
  modsAddr: u32,
  syms0: u32,
  syms1: u32,
  syms2: u32,
  syms3: u32,
  mmapLength: u32,
  mmapAddr: u32,
});
/** Memory sizes, command line, memory map. */
const infoFlags = 0x45;
/** An entry, without the size in front of it. */
const range = struct(24, { base: u64, length: u64, type: u32 });
const rangeSize = 20;
const rangeType = { ram: 1, reserved: 2 } as const;

/** A PC protects nothing by itself, and bindings map all of it writable. */
export function virtioMap({ unikernel, memSize }: Guest): MemoryMap {
  const regions = seldomWrittenRegions(unikernel);
  return { size: memSize, ram: { execute: true }, regions };
}

/** Fills memory, which is zero before, and gives the registers. Throws Solo5Error `NOT_MULTIBOOT`, `MEMORY`. */
export function writeMemory(guest: Guest, memory: GuestMemory): Readonly<Record<string, number>> {
  const { unikernel, cmdline } = guest;
  const kernel = readMultiboot(unikernel.file, unikernel.name);
  if (kernel.bssEnd > memory.size || kernel.loadAddr < highBase) {
    throw new Solo5Error(
      "MEMORY",
      `${unikernel.name}: the unikernel does not fit into guest memory, see --mem`,
    );
  }
  const put = (at: number, bytes: Uint8Array): void => memory.bytes(at, bytes.length)?.set(bytes);
  put(kernel.loadAddr, kernel.data);
  put(acpiBase, acpiTables());
  // A loader's command line begins with the name of what it loaded.
  put(commandLineBase, withNul(`unikernel ${cmdline}`.trimEnd()));

  const ranges = [
    [0, lowEnd, rangeType.ram],
    [lowEnd, highBase, rangeType.reserved],
    [highBase, memory.size, rangeType.ram],
  ] as const;
  const map = new Uint8Array(ranges.length * (4 + rangeSize));
  ranges.forEach(([base, end, type], i) => {
    const entry = new Uint8Array(range.size);
    range.write(viewOf(entry), 0, { base: BigInt(base), length: BigInt(end - base), type });
    u32.write(viewOf(map), i * (4 + rangeSize), rangeSize);
    map.set(entry.subarray(0, rangeSize), i * (4 + rangeSize) + 4);
  });
  put(mapBase, map);
  const block = new Uint8Array(info.size);
  info.write(viewOf(block), 0, {
    flags: infoFlags,
    memLower: lowEnd >> 10,
    memUpper: (memory.size - highBase) >>> 10,
    bootDevice: 0,
    cmdline: commandLineBase,
    modsCount: 0,
    modsAddr: 0,
    syms0: 0,
    syms1: 0,
    syms2: 0,
    syms3: 0,
    mmapLength: map.length,
    mmapAddr: mapBase,
  });
  put(infoBase, block);
  put(gdtBase, new Uint8Array(x8664.gdt.buffer));

  return x8664.registers(kernel.entry, infoBase, gdtBase);
}
