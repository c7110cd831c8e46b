// The machine of an hvt guest on x86-64: flat segments, identity page tables, and a port for each hypercall. docs/abi.md 3.2.
import { pageSize } from "../../../bytes/align.js";
import { bootInfoBase, hypercallPort, ringKickPort } from "../../../abi/hvt.js";
import { hex } from "../../../bytes/text.js";
import { hypercallNames, readOnlyEnd, type HvtMachine } from "./contract.js";

const gdtBase = 0x1000;
const pml4Base = 0x2000;
const pdptBase = 0x3000;
const pdBase = 0x4000;
const ptBase = 0x8000;

/** Null, 64-bit code, data: what selectors 8 and 16 name. */
const gdt = [0n, 0x00af_9b00_0000_ffffn, 0x00cf_9300_0000_ffffn] as const;

const largePage = 0x20_0000;
const gibPages = 4;
const entriesPerTable = 512;
const bit = { present: 1n, write: 2n, large: 0x80n } as const;

export const x8664: HvtMachine = {
  /** Identity, 4 KiB pages for the first 2 MiB and 2 MiB pages above, so that memory's end is the only end. */
  writeTables(low, memorySize) {
    const entry = (table: number, index: number, value: bigint): void =>
      low.setBigUint64(table + index * 8, value, true);
    const table = bit.present | bit.write;
    gdt.forEach((descriptor, i) => entry(gdtBase, i, descriptor));
    entry(pml4Base, 0, BigInt(pdptBase) | table);
    for (let gib = 0; gib < gibPages; gib++) {
      const directory = pdBase + gib * pageSize;
      entry(pdptBase, gib, BigInt(directory) | table);
      for (let i = 0; i < entriesPerTable; i++) {
        const address = (gib * entriesPerTable + i) * largePage;
        if (address >= memorySize) break;
        entry(directory, i, address === 0 ? BigInt(ptBase) | table : BigInt(address) | table | bit.large);
      }
    }
    for (let i = bootInfoBase / pageSize; i < entriesPerTable; i++) {
      const address = i * pageSize;
      entry(ptBase, i, BigInt(address) | bit.present | (address < readOnlyEnd ? 0n : bit.write));
    }
  },

  registers: (entry, memSize) => ({
    gdt_base: gdtBase,
    gdt_limit: gdt.length * 8 - 1,
    cr0: 0x8001_0021,
    cr3: pml4Base,
    cr4: 0x620,
    efer: 0x500,
    cs: 8,
    ss: 16,
    ds: 16,
    es: 16,
    fs: 16,
    gs: 16,
    rip: entry,
    rsp: memSize - 8,
    rdi: bootInfoBase,
    rflags: 2,
  }),
  pc: "rip",

  hypercallPort(exit) {
    if (exit.kind !== "out") return undefined;
    if (exit.port === ringKickPort) return "kick";
    const name = exit.size === 4 ? hypercallNames[exit.port - hypercallPort] : undefined;
    return name === undefined ? undefined : { name, gpa: exit.value >>> 0 };
  },
  badAccess: (exit) =>
    exit.kind === "out" || exit.kind === "in"
      ? `Invalid guest port access: port=${hex(exit.port)}`
      : undefined,
};
