// Debugging a virtual CPU of x86-64: its four debug registers, and HLT for breakpoints of software, which KVM gives back
// to us by itself; INT3 would only do where its exception is intercepted. Intel SDM volume 3, 18.2.
import { encode } from "../../bytes/struct.js";
import type { Registers } from "../../engine/contract.js";
import { exitReason, guestDebug, guestDebugControl, runDebug, runHead, setGuestDebug, useDebugRegisters } from "./abi.js"; // prettier-ignore
import type { HardwareWatch, Wishes } from "../cpu-debug.js";
import type { KvmDebug } from "./cpu.js";

const slots = 4;
/** DR7's fields for a slot. */
const access = { execute: 0, write: 1, any: 3 } as const;
const lengthCode: Readonly<Record<number, number>> = { 1: 0, 2: 1, 4: 3, 8: 2 };
/** DR6: a slot's condition, or a single step. */
const singleStep = 1 << 14;
const vectorDebug = 1;

interface Slot {
  readonly address: bigint;
  readonly length: number;
  readonly access: number;
}

/** A slot watches a power of two of bytes at a multiple of it. */
function* slotsOf({ address, length, accesses }: HardwareWatch): Generator<Slot> {
  const end = address + BigInt(length);
  for (let at = address; at < end;) {
    const size = [8, 4, 2].find((size) => at % BigInt(size) === 0n && at + BigInt(size) <= end) ?? 1;
    yield { address: at, length: size, access: accesses.has("read") ? access.any : access.write };
    at += BigInt(size);
  }
}

export function newX8664Debug(run: DataView, registers: Registers): KvmDebug {
  let inUse: readonly Slot[] = [];
  return {
    pc: "rip",
    trap: Uint8Array.of(0xf4),
    // mov al, [rip]
    probe: { code: Uint8Array.of(0x8a, 0x05, 0, 0, 0, 0), register: "rax" },
    request: setGuestDebug["x86-64"],
    encode({ step, breakpoints, watches }: Wishes) {
      const wanted = [
        ...watches.flatMap((watch) => [...slotsOf(watch)]),
        ...breakpoints.map((address) => ({ address, length: 1, access: access.execute })),
      ];
      if (wanted.length > slots) throw new RangeError(`x86-64 has ${slots} debug registers`);
      inUse = wanted;
      const debugreg = Array.from({ length: 8 }, (_, i) => wanted[i]?.address ?? 0n);
      debugreg[7] = BigInt(
        wanted.reduce(
          (dr7, { access, length }, i) =>
            dr7 | (2 << (2 * i)) | (((access | ((lengthCode[length] ?? 0) << 2)) << (16 + 4 * i)) >>> 0),
          0,
        ) >>> 0,
      );
      const used = wanted.length > 0 ? useDebugRegisters : 0;
      const wishes = used | (step ? guestDebugControl.SINGLESTEP : 0);
      const control = wishes === 0 ? 0 : wishes | guestDebugControl.ENABLE;
      return encode(guestDebug["x86-64"], { control, pad: 0, debugreg });
    },
    stop(reason) {
      if (reason === exitReason.HLT)
        return { kind: "trap", address: registers.get("rip") - 1n, isAsked: false };
      if (reason !== exitReason.DEBUG) return undefined;
      const { exception, dr6 } = runDebug["x86-64"].read(run, runHead.size);
      const hit = inUse.find((_, i) => (dr6 & (1n << BigInt(i))) !== 0n);
      if (hit !== undefined && hit.access !== access.execute) {
        const kind = hit.access === access.write ? "write" : "read";
        return { kind: "watchpoint", address: hit.address, access: kind, isDone: true };
      }
      const isStep = exception === vectorDebug && (dr6 & BigInt(singleStep)) !== 0n && hit === undefined;
      return { kind: isStep ? "step" : "breakpoint" };
    },
    codeWritten() {},
  };
}
