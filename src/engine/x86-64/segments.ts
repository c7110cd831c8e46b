// Segment registers, descriptor tables and the task register, as far as 64-bit mode and a flat 32-bit mode have them.
// Specification: Intel SDM volume 3, 3.4 and 7.7.
import type { Cpu } from "./cpu.js";
import { GuestFault, vector } from "./fault.js";
import type { MemoryAccess } from "./memory-access.js";
import { state } from "./state.js";

interface DescriptorTable {
  base: number;
  limit: number;
}

/** ES CS SS DS FS GS. */
export const segmentNumbers = { ES: 0, CS: 1, SS: 2, DS: 3, FS: 4, GS: 5 } as const;

const PRESENT = 1 << 15;
const NOT_SYSTEM = 1 << 12;
const EXECUTABLE = 1 << 11;
const READABLE_OR_WRITABLE = 1 << 9;
const CONFORMING = 1 << 10;
const LONG = 1 << 21;
const GRANULAR = 1 << 23;

/** A descriptor: its upper half, which has the attributes, and the base and limit from both. */
export interface Descriptor {
  readonly attributes: number;
  readonly base: number;
  readonly limit: number;
}

/** The descriptor in these eight bytes; system segments have four more of the base behind them. */
function descriptorOf(low: number, attributes: number): Descriptor {
  const limit = (low & 0xffff) | (attributes & 0xf_0000);
  return {
    attributes,
    base: ((low >>> 16) | ((attributes & 0xff) << 16) | (attributes & 0xff00_0000)) >>> 0,
    limit: (attributes & GRANULAR) === 0 ? limit : ((limit << 12) | 0xfff) >>> 0,
  };
}

const dplOf = ({ attributes }: Descriptor): number => (attributes >> 13) & 3;
/** Code that runs with the privilege of whoever jumps there. */
const isConforming = ({ attributes }: Descriptor): boolean =>
  (attributes & (NOT_SYSTEM | EXECUTABLE | CONFORMING)) === (NOT_SYSTEM | EXECUTABLE | CONFORMING);

/** What a process sees of Linux's table: code for 32 bits, data, code for 64, and the one whose limit names the CPU. */
const ofProcess = new Map([
  [0x20, descriptorOf(0xffff, 0x00cf_fb00)],
  [0x28, descriptorOf(0xffff, 0x00cf_f300)],
  [0x30, descriptorOf(0xffff, 0x00af_fb00)],
  [0x78, descriptorOf(0, 0x0040_f500)],
]);

const refuse = (number: number, selector: number, reason: string): never => {
  throw new GuestFault(number, selector & 0xfffc, `selector 0x${selector.toString(16)}: ${reason}`);
};

export class Segments {
  readonly selectors = [0x10, 0x08, 0x10, 0x10, 0x10, 0x10];
  readonly gdt: DescriptorTable = { base: 0, limit: 0 };
  readonly idt: DescriptorTable = { base: 0, limit: 0 };
  readonly ldt = { selector: 0 };
  readonly task = { selector: 0, base: 0, limit: 0 };
  /** CS.L: 64-bit code where EFER.LMA says long mode. */
  longCode = false;
  readonly #cpu: Cpu;
  readonly #memory: MemoryAccess;

  readonly #isProcess: boolean;

  constructor(cpu: Cpu, memory: MemoryAccess, isProcess: boolean) {
    this.#isProcess = isProcess;
    this.#cpu = cpu;
    this.#memory = memory;
  }

  #find(selector: number): Descriptor | undefined {
    const offset = selector & 0xfff8;
    if (this.#isProcess) return (selector & 4) === 0 ? ofProcess.get(offset) : undefined;
    if ((selector & 4) !== 0 || offset + 7 > this.gdt.limit) return undefined;
    const low = Number(this.#memory.read(this.gdt.base + offset, 4));
    return descriptorOf(low, Number(this.#memory.read(this.gdt.base + offset + 4, 4)));
  }

  #descriptor(selector: number): Descriptor {
    return this.#find(selector) ?? refuse(vector.GP, selector, "beyond the table");
  }

  /** The descriptor that LAR, LSL, VERR and VERW may tell of; `systemTypes`: which system segments are among them. */
  look(selector: number, systemTypes: readonly number[]): Descriptor | undefined {
    const found = (selector & 0xfffc) === 0 ? undefined : this.#find(selector);
    if (found === undefined) return undefined;
    const { attributes } = found;
    if ((attributes & NOT_SYSTEM) === 0 && !systemTypes.includes((attributes >> 8) & 15)) return undefined;
    const isAllowed = isConforming(found) || dplOf(found) >= Math.max(this.#cpu.cpl, selector & 3);
    return isAllowed ? found : undefined;
  }

  /** VERR and VERW. */
  allows(selector: number, access: "readable" | "writable"): boolean {
    const found = this.look(selector, []);
    if (found === undefined) return false;
    const isCode = (found.attributes & EXECUTABLE) !== 0;
    const bit = (found.attributes & READABLE_OR_WRITABLE) !== 0;
    return access === "readable" ? !isCode || bit : !isCode && bit;
  }

  /** What CS would become: checked, so that nothing has changed where it faults. */
  checkCode(selector: number): { readonly selector: number; readonly long: boolean } {
    if ((selector & 0xfffc) === 0) refuse(vector.GP, 0, "null code segment");
    const { attributes } = this.#descriptor(selector);
    if ((attributes & (NOT_SYSTEM | EXECUTABLE)) !== (NOT_SYSTEM | EXECUTABLE)) {
      refuse(vector.GP, selector, "not a code segment");
    }
    if ((attributes & PRESENT) === 0) refuse(vector.NP, selector, "not present");
    return { selector, long: (attributes & LONG) !== 0 };
  }

  /** The privilege level is the caller's to change. */
  setCode(code: { readonly selector: number; readonly long: boolean }): void {
    this.selectors[segmentNumbers.CS] = code.selector;
    this.longCode = code.long;
  }

  /** MOV to a data segment register; FS and GS take their base from the descriptor. */
  load(segment: number, selector: number): void {
    const isStack = segment === segmentNumbers.SS;
    const isNull = (selector & 0xfffc) === 0;
    const descriptor = isNull ? undefined : this.#descriptor(selector);
    if (isStack) this.#checkStack(selector, descriptor);
    else if (descriptor !== undefined) this.#checkData(selector, descriptor);
    this.selectors[segment] = selector;
    if (segment >= segmentNumbers.FS)
      this.#cpu.u64[(segment === segmentNumbers.FS ? state.fsBase : state.gsBase) >> 3] = BigInt(
        descriptor?.base ?? 0,
      );
  }

  /** Data that can be written, of the privilege that runs; none at all where that is not user code's. */
  #checkStack(selector: number, descriptor: Descriptor | undefined): void {
    const { cpl } = this.#cpu;
    if (descriptor === undefined) {
      if (cpl === 3 || (selector & 3) !== cpl) refuse(vector.GP, 0, "null stack segment");
      return;
    }
    const { attributes } = descriptor;
    const kind = attributes & (NOT_SYSTEM | EXECUTABLE | READABLE_OR_WRITABLE);
    if (kind !== (NOT_SYSTEM | READABLE_OR_WRITABLE)) refuse(vector.GP, selector, "no data to write");
    if ((selector & 3) !== cpl || dplOf(descriptor) !== cpl)
      refuse(vector.GP, selector, "of another privilege");
    if ((attributes & PRESENT) === 0) refuse(vector.SS, selector, "not present");
  }

  /** Data, or code that can be read, of no more privilege than runs and asks. */
  #checkData(selector: number, descriptor: Descriptor): void {
    const { attributes } = descriptor;
    if ((attributes & NOT_SYSTEM) === 0) refuse(vector.GP, selector, "a system segment");
    const isCode = (attributes & EXECUTABLE) !== 0;
    if (isCode && (attributes & READABLE_OR_WRITABLE) === 0)
      refuse(vector.GP, selector, "code that cannot be read");
    if (!isConforming(descriptor) && dplOf(descriptor) < Math.max(this.#cpu.cpl, selector & 3))
      refuse(vector.GP, selector, "of more privilege");
    if ((attributes & PRESENT) === 0) refuse(vector.NP, selector, "not present");
  }

  /** LTR: an available 64-bit TSS, which becomes busy. */
  loadTask(selector: number): void {
    if ((selector & 0xfffc) === 0) refuse(vector.GP, 0, "null task register");
    const { attributes, base } = this.#descriptor(selector);
    if ((attributes & (NOT_SYSTEM | 0xf00)) !== 0x900) refuse(vector.GP, selector, "not an available TSS");
    if ((attributes & PRESENT) === 0) refuse(vector.NP, selector, "not present");
    const at = this.gdt.base + (selector & 0xfff8);
    const upper = Number(this.#memory.read(at + 8, 4));
    const low = Number(this.#memory.read(at, 4));
    this.#memory.write(at + 4, 4, BigInt((attributes | 0x200) >>> 0));
    this.task.selector = selector;
    this.task.base = (upper | 0) * 0x1_0000_0000 + base;
    this.task.limit = (low & 0xffff) | (attributes & 0xf_0000);
  }
}
