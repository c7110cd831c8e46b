// Debugging a virtual CPU of aarch64: BRK for breakpoints of software, and its breakpoint and watchpoint registers. Arm ARM,
// D2 and D17.3; exceptions that debugging takes are told by their syndrome.
import { encode } from "../../bytes/struct.js";
import type { Registers } from "../../engine/contract.js";
import { capability, exitReason, guestDebug, guestDebugControl, request, runDebug, runHead, setGuestDebug, useDebugRegisters } from "./abi.js"; // prettier-ignore
import type { HardwareWatch, Wishes } from "../cpu-debug.js";
import { checked, system } from "../system.js";
import type { KvmDebug } from "./cpu.js";

/** ESR_ELx.EC. */
const exceptionClass = { breakpoint: 0x30, step: 0x32, watchpoint: 0x34, brk: 0x3c } as const;
/** ESR_ELx.WnR. */
const isWrite = 1 << 6;

/** DBGBCR and DBGWCR: enabled, at EL1 and EL0; a breakpoint matches all four bytes of an instruction. */
const enabled = 1 | (3 << 1);
const wholeInstruction = 0xf << 5;
const loadStore = { read: 1 << 3, write: 2 << 3 } as const;
const word = 8n;

interface Register {
  readonly value: bigint;
  readonly control: bigint;
}

/** A watchpoint register chooses among the eight bytes of a doubleword. */
function* watchRegisters({ address, length, accesses }: HardwareWatch): Generator<Register> {
  const end = address + BigInt(length);
  let kinds = 0;
  if (accesses.has("read")) kinds |= loadStore.read;
  if (accesses.has("write")) kinds |= loadStore.write;
  for (let at = address - (address % word); at < end; at += word) {
    const bytes = Array.from({ length: 8 }, (_, i) => at + BigInt(i)).map((one) => one >= address && one < end); // prettier-ignore
    const mask = bytes.reduce((mask, isWatched, i) => mask | (isWatched ? 1 << i : 0), 0);
    yield { value: at, control: BigInt(enabled | kinds | (mask << 5)) };
  }
}

const column = (registers: readonly Register[], key: keyof Register): bigint[] =>
  Array.from({ length: 16 }, (_, i) => registers[i]?.[key] ?? 0n);

export function newAarch64Debug(vm: number, run: DataView, registers: Registers): KvmDebug {
  const count = (what: number): number =>
    checked(system().ioctl(vm, request.CHECK_EXTENSION, what), "KVM: KVM_CHECK_EXTENSION");
  return {
    pc: "pc",
    // brk #0
    trap: Uint8Array.of(0x00, 0x00, 0x20, 0xd4),
    // ldr w0, .+4
    probe: { code: Uint8Array.of(0x20, 0x00, 0x00, 0x18), register: "x0" },
    request: setGuestDebug.aarch64,
    encode({ step, hasTraps, breakpoints, watches }: Wishes) {
      const points = breakpoints.map((value) => ({ value, control: BigInt(enabled | wholeInstruction) }));
      const watched = watches.flatMap((watch) => [...watchRegisters(watch)]);
      if (points.length > 0 && points.length > count(capability.GUEST_DEBUG_HW_BPS))
        throw new RangeError("the CPU has no more breakpoint registers");
      if (watched.length > 0 && watched.length > count(capability.GUEST_DEBUG_HW_WPS))
        throw new RangeError("the CPU has no more watchpoint registers");
      const wishes =
        (step ? guestDebugControl.SINGLESTEP : 0) |
        (hasTraps ? guestDebugControl.USE_SW_BP : 0) |
        (points.length + watched.length > 0 ? useDebugRegisters : 0);
      return encode(guestDebug.aarch64, {
        control: wishes === 0 ? 0 : wishes | guestDebugControl.ENABLE,
        pad: 0,
        dbg_bcr: column(points, "control"),
        dbg_bvr: column(points, "value"),
        dbg_wcr: column(watched, "control"),
        dbg_wvr: column(watched, "value"),
      });
    },
    stop(reason) {
      if (reason !== exitReason.DEBUG) return undefined;
      const { hsr, far } = runDebug.aarch64.read(run, runHead.size);
      switch (hsr >>> 26) {
        case exceptionClass.step:
          return { kind: "step" };
        case exceptionClass.watchpoint:
          return { kind: "watchpoint", address: far, access: (hsr & isWrite) === 0 ? "read" : "write" };
        case exceptionClass.brk:
          return { kind: "trap", address: registers.get("pc"), isAsked: true };
        default:
          return { kind: "breakpoint" };
      }
    },
    codeWritten(code) {
      const start = system().addressOf(code);
      system().clearCache(start, start + BigInt(code.length));
    },
  };
}
