// What an hvt guest's machine is on one ISA: tables in low memory, the first registers, and the ports of hypercalls. Both
// ISAs have the boot information at the same place. docs/abi.md 3.2 and 3.3.
import { hypercalls, type HypercallName } from "../../../abi/hvt.js";
import type { Exit } from "../../../engine/contract.js";

/** What the guest wants at a hypercall port: a hypercall with the guest address of its argument, or a kick of the ring. */
type PortAccess = { readonly name: HypercallName; readonly gpa: number } | "kick";

export interface HvtMachine {
  /** Page tables, and whatever else the CPU needs below the boot information. Sizes in bytes. */
  writeTables(low: DataView, memorySize: number): void;
  /** At the first instruction; all others are 0. `memSize` is what the guest may use. */
  registers(entry: number, memSize: number): Readonly<Record<string, number | bigint>>;
  /** The register that names an instruction in messages, and the name that it has there. */
  readonly pc: string;
  /** What an exit wants; undefined where it is at no such port. */
  hypercallPort(exit: Exit): PortAccess | undefined;
  /** What the tender says of an access to nothing; undefined for other exits. */
  badAccess(exit: Exit): string | undefined;
}

/** Below the image only reading is allowed, and below the boot information nothing is. */
export const readOnlyEnd = 0x10_0000;

/** Hypercalls by number. */
export const hypercallNames: readonly (HypercallName | undefined)[] = Object.entries(hypercalls).reduce<
  (HypercallName | undefined)[]
>((names, [name, { nr }]) => {
  names[nr] = name as HypercallName;
  return names;
}, []);
