// The machine of an hvt guest on aarch64: identity translation tables, and a word for each hypercall just above the
// largest memory. docs/abi.md 3.3; Arm ARM, D8, for the descriptors.
import { pageSize } from "../../../bytes/align.js";
import { bootInfoBase, hypercallMmio, ringKickMmio } from "../../../abi/hvt.js";
import { hex } from "../../../bytes/text.js";
import { hypercallNames, readOnlyEnd, type HvtMachine } from "./contract.js";

const pgdBase = 0x1000;
const pudBase = 0x2000;
const pmdBase = 0x3000;
const pteBase = 0x7000;

const section = 0x20_0000;
const gib = 0x4000_0000;
const entriesPerTable = 512;
/** Lower attributes are type, memory attribute index, access and shareability; upper ones say who must not execute. */
const descriptor = {
  table: 3n,
  readOnlyPage: 0x60_0000_0000_0793n,
  page: 0x40_0000_0000_0713n,
  section: 0x40_0000_0000_0711n,
  device: 0x60_0000_0000_0705n,
} as const;

export const aarch64: HvtMachine = {
  /** Identity, 4 KiB pages for the first 2 MiB and sections of 2 MiB above; the hypercall ports lie in a block of 1 GiB. */
  writeTables(low, memorySize) {
    const entry = (table: number, index: number, value: bigint): void =>
      low.setBigUint64(table + index * 8, value, true);
    entry(pgdBase, 0, BigInt(pudBase) | descriptor.table);
    for (let base = 0; base < memorySize; base += gib) {
      const pmd = pmdBase + (base / gib) * pageSize;
      entry(pudBase, base / gib, BigInt(pmd) | descriptor.table);
      for (let i = 0; i < entriesPerTable; i++) {
        const address = base + i * section;
        if (address >= memorySize) break;
        entry(pmd, i, BigInt(address === 0 ? pteBase : address) | (address === 0 ? descriptor.table : descriptor.section)); // prettier-ignore
      }
    }
    entry(pudBase, hypercallMmio / gib, BigInt(hypercallMmio) | descriptor.device);
    for (let i = bootInfoBase / pageSize; i < entriesPerTable; i++) {
      const address = i * pageSize;
      entry(
        pteBase,
        i,
        BigInt(address) | (address < readOnlyEnd ? descriptor.readOnlyPage : descriptor.page),
      );
    }
  },

  registers: (entry, memSize) => ({
    cpacr_el1: 3 << 20,
    mair_el1: 0x0000_bbff_440c_0400n,
    tcr_el1: 0x32_b518_3518n,
    ttbr0_el1: pgdBase,
    sctlr_el1: 0x1005,
    x0: bootInfoBase,
    pc: entry,
    pstate: 0x3c5,
    sp_el1: memSize - 16,
  }),
  pc: "pc",

  hypercallPort(exit) {
    if (exit.kind !== "store" || exit.size !== 4) return undefined;
    const offset = Number(exit.address) - hypercallMmio;
    if (offset === ringKickMmio - hypercallMmio) return "kick";
    const name = hypercallNames[offset / 8];
    return name === undefined ? undefined : { name, gpa: Number(exit.value) };
  },
  badAccess: (exit) =>
    exit.kind === "store" || exit.kind === "load"
      ? `Invalid guest mmio access: mmio=${hex(exit.address)} len=${exit.size}`
      : undefined,
};
