// Whether linear addresses are physical ones, and from which address on the whole memory may be read and written:
// what translated code relies on, since it looks at neither page tables nor protections. Intel SDM volume 3, 4.5.
import { pageSize } from "../../bytes/align.js";
import type { VcpuOptions } from "../contract.js";
import type { PlainMemory } from "../portable/guest-core.js";
import { type Cpu, LMA } from "./cpu.js";
import type { Mmu } from "./mmu.js";

const PG = 0x8000_0000n;
const [PRESENT, WRITABLE, USER, LARGE] = [1, 2, 4, 0x80];
const LARGE_PAGE = 0x20_0000;

/** Undefined where translated code cannot run: another mode, or tables that are not flat. */
export function plainMemory(
  cpu: Cpu,
  mmu: Mmu,
  { exceptions, protections }: Pick<VcpuOptions, "exceptions" | "protections">,
): PlainMemory | undefined {
  let [readable, writable] = [0, 0];
  for (const { start, end, read, write, isSeldomWritten } of protections) {
    if (start >= end) continue;
    if (!read) readable = Math.max(readable, end);
    if (!write || !read || isSeldomWritten === true) writable = Math.max(writable, end);
  }
  if (exceptions === "guest") {
    if ((cpu.cr0 & PG) === 0n || (cpu.efer & LMA) === 0n) return undefined;
    const tables = flatTables(cpu, mmu);
    if (tables === undefined) return undefined;
    readable = Math.max(readable, tables.readable);
    writable = Math.max(writable, tables.writable);
  }
  return { size: mmu.size, readable, writable: Math.max(readable, writable) };
}

/** Walks down from the end of memory to where a page is missing, moved or read-only. */
function flatTables(cpu: Cpu, mmu: Mmu): Omit<PlainMemory, "size"> | undefined {
  const isUser = cpu.cpl === 3;
  const needed = PRESENT | (isUser ? USER : 0);
  const entry = (table: number, index: number): { low: number; address: number } => {
    const low = mmu.get(table + 8 * index) ?? 0;
    const high = mmu.get(table + 8 * index + 4) ?? 0;
    return { low, address: (high & 0xf_ffff) * 2 ** 32 + ((low & ~0xfff) >>> 0) };
  };
  const isThere = (low: number) => (low & needed) === needed;
  let [readable, writable] = [0, 0];
  const top = entry(Number(cpu.cr3 & 0x000f_ffff_ffff_f000n), 0);
  if (!isThere(top.low)) return undefined;
  let isWritableAbove = (top.low & WRITABLE) !== 0;

  /** False where the walk ends: this page is not as it should be. */
  const page = (
    at: number,
    { low, address }: { low: number; address: number },
    isWritable: boolean,
    size: number,
  ) => {
    if (!isThere(low) || address !== at) {
      readable = at + size;
      return false;
    }
    if (!isWritable && writable === 0) writable = at + size;
    return true;
  };
  for (let at = Math.ceil(mmu.size / LARGE_PAGE) * LARGE_PAGE - LARGE_PAGE; at >= 0; at -= LARGE_PAGE) {
    const upper = entry(top.address, Math.floor(at / 2 ** 30));
    if (!isThere(upper.low) || (upper.low & LARGE) !== 0) return undefined;
    isWritableAbove &&= (upper.low & WRITABLE) !== 0;
    const middle = entry(upper.address, Math.floor(at / LARGE_PAGE) % 512);
    const isWritable = isWritableAbove && (middle.low & WRITABLE) !== 0;
    if (isThere(middle.low) && (middle.low & LARGE) === 0) {
      for (let index = 511; index >= 0; index--) {
        const start = at + index * pageSize;
        if (start >= mmu.size) continue;
        const lowest = entry(middle.address, index);
        if (!page(start, lowest, isWritable && (lowest.low & WRITABLE) !== 0, pageSize))
          return { readable, writable };
      }
    } else if (!page(at, middle, isWritable, LARGE_PAGE)) break;
  }
  return { readable, writable };
}
