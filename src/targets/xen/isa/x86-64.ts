// What a domain's CPU has to do with Xen: the registers of its start and of hypercalls, the stubs that make them, and addresses,
// which the guest's own page tables translate. Xen's docs/misc/pvh.pandoc; Intel SDM volume 3, 4.5.
import { hypercallStubSize } from "../../../abi/xen.js";
import { pageSize } from "../../../bytes/align.js";
import { viewOf } from "../../../bytes/struct.js";
import type { Registers } from "../../../engine/contract.js";
import type { GuestMemory } from "../../../image/memory.js";
import { protectedMode } from "../../protected-mode.js";

/** At the first instruction: EBX leads to what the loader tells. */
export const initialRegisters = (
  entry: number,
  info: number,
  gdt: number,
): Readonly<Record<string, number>> => ({ ...protectedMode(entry, gdt), rbx: info });

export const numberRegister = "rax";
export const resultRegister = "rax";
export const argumentRegisters = ["rdi", "rsi", "rdx", "r10", "r8"] as const;

/** A page of `mov eax, NUMBER; vmcall; ret`. */
export function hypercallPage(): Uint8Array {
  const page = new Uint8Array(pageSize).fill(0xcc);
  for (let number = 0; number < pageSize / hypercallStubSize; number++)
    page.set([0xb8, number, 0, 0, 0, 0x0f, 0x01, 0xc1, 0xc3], number * hypercallStubSize);
  return page;
}

const [PRESENT, WRITABLE, LARGE] = [1, 2, 0x80];
const paging = 0x8000_0000n;
const entriesPerTable = 512;

/** The physical address of a linear one, undefined where the guest has nothing there, or may not write it. */
export function physicalOf(
  registers: Registers,
  memory: GuestMemory,
  linear: bigint,
  isWrite: boolean,
): number | undefined {
  if ((registers.get("cr0") & paging) === 0n) return Number(linear);
  const page = Number((linear >> 12n) & 0xf_ffff_ffffn);
  let table = Number(registers.get("cr3") & 0xf_ffff_ffff_f000n);
  for (let level = 3; level >= 0; level--) {
    const span = entriesPerTable ** level;
    const bytes = memory.bytes(table + 8 * (Math.floor(page / span) % entriesPerTable), 8);
    if (bytes === undefined) return undefined;
    const entry = viewOf(bytes);
    const low = entry.getUint32(0, true);
    if ((low & PRESENT) === 0 || (isWrite && (low & WRITABLE) === 0)) return undefined;
    table = (entry.getUint32(4, true) & 0xf_ffff) * 2 ** 32 + ((low & ~0xfff) >>> 0);
    if (level > 0 && (low & LARGE) === 0) continue;
    // A large page's lowest bits mean other things.
    return table - (table % (span * pageSize)) + (page % span) * pageSize + Number(linear & 0xfffn);
  }
  return undefined;
}
