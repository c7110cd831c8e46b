// An exception of the guest's CPU on its way to the host. Specification: Arm ARM (DDI 0487), D1.10, D17.2.37 (ESR_EL1).
import type { Access, Fault } from "../contract.js";

/** Exception classes. */
export const exceptionClass = {
  UNKNOWN: 0x00,
  INSTRUCTION_ABORT: 0x20,
  PC_ALIGNMENT: 0x22,
  DATA_ABORT: 0x24,
  SP_ALIGNMENT: 0x26,
  BRK: 0x3c,
} as const;

const names: Readonly<Record<number, string>> = {
  [exceptionClass.UNKNOWN]: "undefined instruction",
  [exceptionClass.INSTRUCTION_ABORT]: "instruction abort",
  [exceptionClass.PC_ALIGNMENT]: "PC alignment fault",
  [exceptionClass.DATA_ABORT]: "data abort",
  [exceptionClass.SP_ALIGNMENT]: "SP alignment fault",
  [exceptionClass.BRK]: "breakpoint instruction",
};

const nameOf = (ec: number): string => names[ec] ?? `exception class 0x${ec.toString(16)}`;

/** Data and instruction fault status codes: no translation, no permission, alignment. */
export const faultStatus = { translation: 0b000111, permission: 0b001111, alignment: 0b100001 } as const;
/** WnR: the access was a store. */
const STORE = 1 << 6;

/** Thrown and caught inside the interpreter only: it ends an instruction before it has any effect. */
export class GuestFault {
  readonly ec: number;
  readonly syndrome: number;
  readonly reason: string;
  readonly address: bigint | undefined;
  readonly access: Access;
  readonly refusedBy: "guest" | "host";

  constructor(
    ec: number,
    syndrome: number,
    reason: string,
    about: { address?: bigint; access?: Access; refusedBy?: "guest" | "host" } = {},
  ) {
    this.ec = ec;
    this.syndrome = syndrome;
    this.reason = reason;
    this.address = about.address;
    this.access = about.access ?? "execute";
    this.refusedBy = about.refusedBy ?? "guest";
  }
}

export const undefinedInstruction = (reason: string): GuestFault =>
  new GuestFault(exceptionClass.UNKNOWN, 0, reason);

/** An access that the memory below refuses. */
export function abort(address: bigint, access: Access, status: number, what: string): GuestFault {
  const ec = access === "execute" ? exceptionClass.INSTRUCTION_ABORT : exceptionClass.DATA_ABORT;
  const isRefused = status !== faultStatus.alignment;
  const verb = { read: "load", write: "store", execute: "fetch" }[access];
  return new GuestFault(
    ec,
    status | (access === "write" ? STORE : 0),
    `${verb} at 0x${BigInt.asUintN(64, address).toString(16)}: ${what}`,
    { address: BigInt.asUintN(64, address), access, refusedBy: isRefused ? "host" : "guest" },
  );
}

/** What was thrown at `pc` as the host is told of it. Throws what is no fault. */
export function faultOf(thrown: unknown, pc: number): Fault {
  if (!(thrown instanceof GuestFault)) throw thrown;
  const { ec, syndrome, address, access, refusedBy, reason } = thrown;
  const where = BigInt.asUintN(64, BigInt(pc));
  return {
    vector: ec,
    code: syndrome,
    address: address ?? where,
    access,
    refusedBy,
    reason: `${nameOf(ec)} at 0x${where.toString(16)}: ${reason}`,
  };
}
