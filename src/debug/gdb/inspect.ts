// The commands that read and write registers and memory while the guest stands still. GDB manual, E.2: g G p P m M X.
import type { Registers } from "../../engine/contract.js";
import type { GuestMemory } from "../../image/memory.js";
import { registersOf, type Architecture, type GdbRegister } from "./description.js";
import { hexText } from "../../bytes/hex.js";
import { bytesOfHex, bytesOfText, hexOfNumber, numberOfBytes } from "./hex.js";
import { packetSize } from "./packet.js";

/** Errors as the protocol has them, numbered as errno(3). */
export const replies = {
  ok: "OK",
  notPermitted: "E01",
  fault: "E0e",
  invalid: "E16",
  unsupported: "",
} as const;

/** A command's argument gives the reply. Guest addresses are physical ones: targets map memory where it lies. */
export function inspector(architecture: Architecture, registers: Registers, memory: GuestMemory) {
  const all = registersOf(architecture);
  const valueOf = (register: GdbRegister): string => {
    try {
      return hexOfNumber(registers.get(register.source), register.bits);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return "xx".repeat(register.bits / 8);
    }
  };
  const setValue = ({ source }: GdbRegister, value: Uint8Array): boolean => {
    try {
      registers.set(source, numberOfBytes(value));
      return true;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return false;
    }
  };
  const write = (where: string, data: Uint8Array | undefined): string => {
    const range = rangeOf(where);
    if (range === undefined || data?.length !== range.length) return replies.invalid;
    const target = memory.bytes(range.address, range.length);
    if (target === undefined) return replies.fault;
    target.set(data);
    return replies.ok;
  };
  /** `WHERE:DATA`. */
  const split = (argument: string): readonly [where: string, data: string] => {
    const colon = argument.indexOf(":");
    return colon < 0 ? ["", ""] : [argument.slice(0, colon), argument.slice(colon + 1)];
  };

  return {
    g: () => all.map(valueOf).join(""),
    G(argument: string) {
      let at = 0;
      for (const register of all) {
        const text = argument.slice(at, (at += register.bits / 4));
        // What was unavailable comes back as it was.
        if (/^x+$/.test(text)) continue;
        const value = bytesOfHex(text);
        if (value?.length !== register.bits / 8) return replies.invalid;
        setValue(register, value);
      }
      return replies.ok;
    },
    p(argument: string) {
      const register = /^[0-9a-f]{1,4}$/i.test(argument) ? all[Number.parseInt(argument, 16)] : undefined;
      return register === undefined ? replies.invalid : valueOf(register);
    },
    P(argument: string) {
      const [, number, digits] = /^([0-9a-f]{1,4})=([0-9a-f]+)$/i.exec(argument) ?? [];
      const register = number === undefined ? undefined : all[Number.parseInt(number, 16)];
      const value = bytesOfHex(digits ?? "");
      if (register === undefined || value?.length !== register.bits / 8) return replies.invalid;
      return setValue(register, value) ? replies.ok : replies.invalid;
    },
    m(argument: string) {
      const range = rangeOf(argument);
      if (range === undefined) return replies.invalid;
      const left = BigInt(memory.size) - range.address;
      const length = Math.min(range.length, packetSize / 2, left > 0n ? Number(left) : 0);
      const data = memory.bytes(range.address, length);
      return data === undefined || (length === 0 && range.length > 0) ? replies.fault : hexText(data);
    },
    M(argument: string) {
      const [where, data] = split(argument);
      return write(where, bytesOfHex(data));
    },
    X(argument: string) {
      const [where, data] = split(argument);
      return write(where, bytesOfText(data));
    },
  };
}

/** `ADDRESS,LENGTH`, both hexadecimal. */
export function rangeOf(text: string): { readonly address: bigint; readonly length: number } | undefined {
  const match = /^([0-9a-f]{1,16}),([0-9a-f]{1,8})$/i.exec(text);
  if (match === null) return undefined;
  return { address: BigInt(`0x${match[1]}`), length: Number.parseInt(match[2] ?? "", 16) };
}
