// A virtual CPU of aarch64: its registers by name, one request each, and the frequency of its counter. Linux,
// Documentation/virt/kvm/api.rst, 4.68; Arm ARM, D17, for the encoding of system registers.
import { encode, viewOf } from "../../bytes/struct.js";
import { Solo5Error } from "../../bytes/error.js";
import type { Registers } from "../../engine/contract.js";
import type { GuestMemory } from "../../image/memory.js";
import { checked, system } from "../system.js";
import { exitReason, oneReg, request, runHead, runMmio, vcpuInit } from "./abi.js";
import { kvmDebug, type KvmCpu, type KvmDescriptors } from "./cpu.js";
import { newAarch64Debug } from "./debug-aarch64.js";

/** An arm64 register: architecture and size, by bits. */
const sized = {
  32: 0x6020_0000_0000_0000n,
  64: 0x6030_0000_0000_0000n,
  128: 0x6040_0000_0000_0000n,
} as const;
type Bits = keyof typeof sized;
const coreGroup = 0x10_0000n;
const sysregGroup = 0x13_0000n;

/** In words of 32 bits from the beginning of struct kvm_regs; x0 to x30 come first. */
const core = { sp: 0x3e, pc: 0x40, pstate: 0x42, sp_el1: 0x44, elr_el1: 0x46, spsr_el1: 0x48 } as const;

/** The same of the vectors: v0 first, then status and control. */
const vectors = { first: 0x54, fpsr: 0xd4, fpcr: 0xd5 } as const;

/** op0, op1, CRn, CRm, op2. */
const sysregs: Readonly<Record<string, readonly [number, number, number, number, number]>> = {
  sctlr_el1: [3, 0, 1, 0, 0],
  cpacr_el1: [3, 0, 1, 0, 2],
  ttbr0_el1: [3, 0, 2, 0, 0],
  ttbr1_el1: [3, 0, 2, 0, 1],
  tcr_el1: [3, 0, 2, 0, 2],
  esr_el1: [3, 0, 5, 2, 0],
  far_el1: [3, 0, 6, 0, 0],
  mair_el1: [3, 0, 10, 2, 0],
  vbar_el1: [3, 0, 12, 0, 0],
  tpidr_el0: [3, 3, 13, 0, 2],
  tpidr_el1: [3, 0, 13, 0, 4],
};

/** KVM's number of a register, and its size. Throws RangeError on a name that aarch64 does not have. */
function registerId(name: string): { readonly id: bigint; readonly bits: Bits } {
  const inCore = (bits: Bits, words: number) => ({ id: sized[bits] | coreGroup | BigInt(words), bits });
  const general = /^x(\d|[12]\d|30)$/.exec(name);
  if (general !== null) return inCore(64, 2 * Number(general[1]));
  if (Object.hasOwn(core, name)) return inCore(64, core[name as keyof typeof core]);
  const vector = /^v(\d|[12]\d|3[01])$/.exec(name);
  if (vector !== null) return inCore(128, vectors.first + 4 * Number(vector[1]));
  if (name === "fpsr" || name === "fpcr") return inCore(32, vectors[name]);
  const encoding = sysregs[name];
  if (encoding === undefined) throw new RangeError(`aarch64 has no register ${name}`);
  const [op0, op1, crn, crm, op2] = encoding;
  const number = (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;
  return { id: sized[64] | sysregGroup | BigInt(number), bits: 64 };
}

/** mrs x0, cntfrq_el0; mov x1, #0x100000000, which is beyond any memory; str x0, [x1]. */
const readFrequency = Uint32Array.of(0xd53b_e000, 0xd2c0_0021, 0xf900_0020);

/**
 * Hz of the generic timer's counter. Only machine code can read it, and the guest that is about to start is where we
 * have some: it runs these three instructions at address 0 and leaves with a store, before anything else is there.
 */
function counterHz({ vcpu, run }: KvmDescriptors, memory: GuestMemory): bigint {
  const code = new Uint8Array(readFrequency.buffer);
  memory.bytes(0, code.length)?.set(code);
  checked(system().ioctl(vcpu, request.RUN, 0), "KVM: cannot run");
  if (run.getUint32(runHead.offsets.exit_reason, true) !== exitReason.MMIO)
    throw new Solo5Error("KVM", "KVM: cannot tell the counter's frequency");
  const hz = viewOf(runMmio.read(run, runHead.size).data).getBigUint64(0, true);
  // The store is complete, and its instruction left behind, when KVM_RUN begins once more.
  run.setUint8(runHead.offsets.immediate_exit, 1);
  system().ioctl(vcpu, request.RUN, 0);
  run.setUint8(runHead.offsets.immediate_exit, 0);
  memory.bytes(0, code.length)?.fill(0);
  return hz;
}

/** Makes the virtual CPU ready, without optional features, and gives its registers. Throws Solo5Error. */
export function newAarch64Cpu(fds: KvmDescriptors, memory: GuestMemory): KvmCpu {
  const { vm, vcpu } = fds;
  const sys = system();
  const init = new Uint8Array(vcpuInit.size);
  checked(sys.ioctl(vm, request.ARM_PREFERRED_TARGET, init), "KVM: KVM_ARM_PREFERRED_TARGET");
  const reset = (): unknown =>
    checked(sys.ioctl(vcpu, request.ARM_VCPU_INIT, init), "KVM: KVM_ARM_VCPU_INIT");
  reset();
  const hz = counterHz(fds, memory);
  reset();
  const cell = new Uint8Array(16);
  const view = viewOf(cell);
  const access = (name: string, which: number): Bits => {
    const { id, bits } = registerId(name);
    const reg = encode(oneReg, { id, addr: sys.addressOf(cell) });
    checked(sys.ioctl(vcpu, which, reg), `KVM: register ${name}`);
    return bits;
  };
  const registers: Registers = {
    get(name) {
      const bits = access(name, request.GET_ONE_REG);
      return BigInt.asUintN(bits, view.getBigUint64(0, true) | (view.getBigUint64(8, true) << 64n));
    },
    set(name, value) {
      view.setBigUint64(0, BigInt.asUintN(64, value), true);
      view.setBigUint64(8, BigInt.asUintN(64, value >> 64n), true);
      access(name, request.SET_ONE_REG);
    },
  };
  const parts = { registers, beforeRun() {}, afterRun() {} };
  const debug = newAarch64Debug(vm, fds.run, registers);
  return { ...parts, counterHz: hz, debug: kvmDebug(fds, memory, parts, debug), stop: debug.stop };
}
