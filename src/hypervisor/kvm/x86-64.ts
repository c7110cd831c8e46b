// A virtual CPU of x86-64: its CPUID, its registers by name, fetched and stored in whole groups as KVM has them, and the
// frequency of its time-stamp counter. Linux, Documentation/virt/kvm/api.rst.
import { viewOf, type Struct } from "../../bytes/struct.js";
import { Solo5Error } from "../../bytes/error.js";
import type { GuestMemory } from "../../image/memory.js";
import type { Registers } from "../../engine/contract.js";
import {
  isSegmentName,
  localTable,
  segmentAt,
  taskSegment,
  type SegmentName,
  type SegmentState,
} from "../segments.js";
import { checked, system } from "../system.js";
import { cpuidEntry, cpuidHead, fpu, regs, request, segment, sregs } from "./abi.js";
import { kvmDebug, type KvmCpu, type KvmDescriptors } from "./cpu.js";
import { guestCpuid } from "./cpuid.js";
import { newX8664Debug } from "./debug-x86-64.js";
import { fullTags, setTags } from "./x87-tags.js";

const cpuidMax = 256;

/** A group of registers that one request reads and another writes. */
function group<T extends Struct<never>>(vcpu: number, layout: T, get: number, set: number) {
  const data = new Uint8Array(layout.size);
  let state: "unknown" | "read" | "changed" = "unknown";
  return {
    view(change: boolean): DataView {
      if (state === "unknown") checked(system().ioctl(vcpu, get, data), "KVM: cannot read registers");
      if (change || state === "unknown") state = change ? "changed" : "read";
      return viewOf(data);
    },
    store(): void {
      if (state === "changed") checked(system().ioctl(vcpu, set, data), "KVM: cannot write registers");
    },
    forget: () => void (state = "unknown"),
  };
}

function setCpuid({ kvm, vcpu }: KvmDescriptors, isPc: boolean): void {
  const table = new Uint8Array(cpuidHead.size + cpuidMax * cpuidEntry.size);
  const view = viewOf(table);
  cpuidHead.write(view, 0, { nent: cpuidMax, padding: 0 });
  checked(system().ioctl(kvm, request.GET_SUPPORTED_CPUID, table), "KVM: KVM_GET_SUPPORTED_CPUID");
  const { nent } = cpuidHead.read(view, 0);
  for (let i = 0; i < nent; i++) {
    const at = cpuidHead.size + i * cpuidEntry.size;
    const leaf = cpuidEntry.read(view, at);
    cpuidEntry.write(view, at, { ...leaf, ...guestCpuid(leaf, isPc) });
  }
  checked(system().ioctl(vcpu, request.SET_CPUID2, table), "KVM: KVM_SET_CPUID2");
}

function tscHz(vcpu: number): bigint {
  const sys = system();
  const khz = sys.ioctl(vcpu, request.GET_TSC_KHZ, 0);
  if (khz > 0) return BigInt(khz) * 1000n;
  if (khz < 0 && sys.errorName() === "EIO")
    throw new Solo5Error("KVM", "KVM: host TSC is unstable, cannot continue");
  throw new Solo5Error("KVM", "KVM: cannot tell the TSC's frequency");
}

/** Makes the virtual CPU ready and gives its registers by the manual's names. Throws Solo5Error. */
export function newX8664Cpu(fds: KvmDescriptors, memory: GuestMemory, isPc: boolean): KvmCpu {
  const { vcpu, run } = fds;
  setCpuid(fds, isPc);
  const general = group(vcpu, regs as never, request.GET_REGS, request.SET_REGS);
  const special = group(vcpu, sregs as never, request.GET_SREGS, request.SET_SREGS);
  const float = group(vcpu, fpu as never, request.GET_FPU, request.SET_FPU);
  const groups = [general, special, float];
  const segmentField = (name: SegmentName, field: keyof SegmentState): number =>
    sregs.offsets[name] + segment.offsets[field];
  /** Selectors that were set: loaded when the descriptor table is known. */
  const pending = new Map<SegmentName, number>();

  const start = special.view(true);
  segment.write(start, sregs.offsets.tr, { ...taskSegment, padding: 0 });
  segment.write(start, sregs.offsets.ldt, { ...localTable, padding: 0 });

  const place = (name: string): { of: typeof general; at: number; bits: 16 | 32 | 64 | 80 | 128 } => {
    if (Object.hasOwn(regs.offsets, name))
      return { of: general, at: regs.offsets[name as keyof typeof regs.offsets], bits: 64 };
    if (/^(cr[02348]|efer)$/.test(name)) return { of: special, at: sregs.offsets[name as "cr0"], bits: 64 };
    const table = /^([gi]dt)_(base|limit)$/.exec(name);
    if (table !== null) {
      const at = sregs.offsets[table[1] as "gdt"];
      return table[2] === "base" ? { of: special, at, bits: 64 } : { of: special, at: at + 8, bits: 16 };
    }
    const base = /^([fg]s)_base$/.exec(name);
    if (base !== null) return { of: special, at: segmentField(base[1] as "fs", "base"), bits: 64 };
    if (name === "tr" || isSegmentName(name))
      return { of: special, at: segmentField(name as SegmentName, "selector"), bits: 16 };
    const vector = /^xmm(\d|1[0-5])$/.exec(name);
    if (vector !== null) return { of: float, at: fpu.offsets.xmm + 16 * Number(vector[1]), bits: 128 };
    const stack = /^st([0-7])$/.exec(name);
    if (stack !== null) return { of: float, at: fpu.offsets.fpr + 16 * Number(stack[1]), bits: 80 };
    if (name === "fctrl") return { of: float, at: fpu.offsets.fcw, bits: 16 };
    if (name === "fstat") return { of: float, at: fpu.offsets.fsw, bits: 16 };
    if (name === "mxcsr") return { of: float, at: fpu.offsets.mxcsr, bits: 32 };
    throw new RangeError(`x86-64 has no register ${name}`);
  };
  const registers: Registers = {
    get(name) {
      if (name === "ftag") return BigInt(fullTags(float.view(false)));
      const { of, at, bits } = place(name);
      const view = of.view(false);
      if (bits === 16) return BigInt(view.getUint16(at, true));
      if (bits === 32) return BigInt(view.getUint32(at, true));
      const low = view.getBigUint64(at, true);
      if (bits === 64) return low;
      return BigInt.asUintN(bits, low | (view.getBigUint64(at + 8, true) << 64n));
    },
    set(name, value) {
      if (name === "ftag") return setTags(float.view(true), Number(value));
      const { of, at, bits } = place(name);
      const view = of.view(true);
      if (bits === 16) view.setUint16(at, Number(value & 0xffffn), true);
      else if (bits === 32) view.setUint32(at, Number(value & 0xffff_ffffn), true);
      else view.setBigUint64(at, BigInt.asUintN(64, value), true);
      if (bits > 64) view.setBigUint64(at + 8, BigInt.asUintN(bits - 64, value >> 64n), true);
      if (isSegmentName(name)) pending.set(name, Number(value));
      return undefined;
    },
  };

  const parts = {
    registers,
    beforeRun(): void {
      for (const [name, selector] of pending) {
        const loaded = segmentAt(memory, registers.get("gdt_base"), selector);
        segment.write(special.view(true), sregs.offsets[name], { ...loaded, padding: 0 });
      }
      pending.clear();
      for (const { store } of groups) store();
    },
    afterRun(): void {
      for (const { forget } of groups) forget();
    },
  };
  const debug = newX8664Debug(run, registers);
  return { ...parts, counterHz: tscHz(vcpu), debug: kvmDebug(fds, memory, parts, debug), stop: debug.stop };
}
