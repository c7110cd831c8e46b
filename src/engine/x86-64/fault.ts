// An exception of the guest's CPU on its way to the guest's handler or to the host. Intel SDM volume 3, 6.15.
import type { Access } from "../contract.js";

export const vector = {
  DE: 0,
  DB: 1,
  BP: 3,
  OF: 4,
  BR: 5,
  UD: 6,
  NM: 7,
  DF: 8,
  TS: 10,
  NP: 11,
  SS: 12,
  GP: 13,
  PF: 14,
  MF: 16,
  AC: 17,
  XM: 19,
} as const;

/** `#PF` and the like, by vector. */
export function mnemonicOf(number: number): string {
  const found = Object.entries(vector).find(([, value]) => value === number);
  return found === undefined ? `vector ${number}` : `#${found[0]}`;
}

/** Thrown and caught inside the interpreter only: it ends an instruction before it has any effect. */
export class GuestFault {
  readonly vector: number;
  readonly code: number;
  /** The linear address for #PF and for what the host refuses. */
  readonly address: number | undefined;
  readonly access: Access;
  readonly refusedBy: "guest" | "host";
  readonly reason: string;
  /** The address, where it is not canonical: #SS instead of #GP if it was the stack's. */
  readonly outside: bigint | undefined;

  constructor(
    vector: number,
    code: number,
    reason: string,
    about: { address?: number; access?: Access; refusedBy?: "guest" | "host"; outside?: bigint } = {},
  ) {
    this.vector = vector;
    this.code = code;
    this.reason = reason;
    this.address = about.address;
    this.access = about.access ?? "execute";
    this.refusedBy = about.refusedBy ?? "guest";
    this.outside = about.outside;
  }
}

export const undefinedOpcode = (reason: string) => new GuestFault(vector.UD, 0, reason);
export const generalProtection = (reason: string, code = 0) => new GuestFault(vector.GP, code, reason);

/** #GP for an address whose upper 17 bits are not all the same; `stackFault` may make it #SS. */
export const notCanonical = (address: bigint) =>
  new GuestFault(vector.GP, 0, `address 0x${address.toString(16)} is not canonical`, { outside: address });
