// The guest's page tables: four levels, pages of 4 KiB, 2 MiB and 1 GiB. Specification: Intel SDM volume 3, 4.5 to 4.7.
import { pageSize } from "../../bytes/align.js";
import type { Access } from "../contract.js";
import { GuestFault, vector } from "./fault.js";

/** Bits of an entry's lower half; XD is the sign of its upper half. */
const PRESENT = 1;
const WRITABLE = 2;
const USER = 4;
const ACCESSED = 0x20;
const DIRTY = 0x40;
const LARGE = 0x80;

const errorCode = { present: 1, write: 2, user: 4, reserved: 8, fetch: 16 } as const;

/** What the walk needs to know of the CPU. */
interface PagingState {
  readonly tables: number;
  readonly user: boolean;
  /** CR0.WP: supervisor stores honour read-only pages too. */
  readonly writeProtect: boolean;
  /** EFER.NXE. */
  readonly noExecute: boolean;
}

/** The guest's physical memory, as the walk reads and marks it: little-endian words, undefined outside. */
interface PhysicalWords {
  get(address: number): number | undefined;
  set(address: number, value: number): void;
}

export interface Mapping {
  /** Physical address of the 4 KiB page. */
  readonly page: number;
  readonly writable: boolean;
  readonly executable: boolean;
  /** Its entry is marked dirty, so stores need not come again. */
  readonly dirty: boolean;
}

/** Translates a linear address (signed, canonical) for one access, marks entries accessed and dirty, or throws #PF. */
export function walk(
  memory: PhysicalWords,
  paging: PagingState,
  linear: number,
  access: Access,
  /** Debuggers look without touching. */
  mark = true,
): Mapping {
  const pageOf = Math.floor(linear / pageSize);
  const code =
    (access === "write" ? errorCode.write : 0) |
    (paging.user ? errorCode.user : 0) |
    (access === "execute" && paging.noExecute ? errorCode.fetch : 0);
  const refuse = (more: number, what: string): never => {
    throw new GuestFault(vector.PF, code | more, `${access} of ${hexOf(linear)}: ${what}`, {
      address: linear,
      access,
    });
  };
  let table = paging.tables;
  let writable = true;
  let user = true;
  let executable = true;
  for (let level = 3; ; level--) {
    const slot = Math.floor(pageOf / 512 ** level) & 511;
    const address = table + slot * 8;
    const low = memory.get(address);
    const high = memory.get(address + 4);
    if (low === undefined || high === undefined || (low & PRESENT) === 0) return refuse(0, "not present");
    if ((high < 0 && !paging.noExecute) || ((low & LARGE) !== 0 && level === 3)) {
      return refuse(errorCode.present | errorCode.reserved, "reserved bit");
    }
    writable &&= (low & WRITABLE) !== 0;
    user &&= (low & USER) !== 0;
    executable &&= high >= 0;
    const physical = (high & 0xf_ffff) * 0x1_0000_0000 + ((low & 0xffff_f000) >>> 0);
    const isPage = level === 0 || (low & LARGE) !== 0;
    if (isPage) {
      if (paging.user && !user) return refuse(errorCode.present, "supervisor page");
      if (access === "execute" && !executable) return refuse(errorCode.present, "not executable");
      const mayWrite = writable || !(paging.user || paging.writeProtect);
      if (access === "write" && !mayWrite) return refuse(errorCode.present, "read-only page");
      const marked = low | ACCESSED | (access === "write" ? DIRTY : 0);
      if (mark && marked !== low) memory.set(address, marked);
      const size = 512 ** level;
      const first = Math.floor(physical / pageSize / size) * size;
      const offset = ((pageOf % size) + size) % size;
      return {
        page: (first + offset) * pageSize,
        writable: mayWrite,
        executable,
        dirty: (marked & DIRTY) !== 0,
      };
    }
    if (mark && (low & ACCESSED) === 0) memory.set(address, low | ACCESSED);
    table = physical;
  }
}

/** A linear address as people write it: 64 bits unsigned. */
export function hexOf(address: number): string {
  return `0x${BigInt.asUintN(64, BigInt(address)).toString(16)}`;
}
