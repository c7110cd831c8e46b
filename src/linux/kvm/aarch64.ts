// A virtual CPU of aarch64: its registers by name, one request each, and the frequency of its counter. Linux,
// Documentation/virt/kvm/api.rst, 4.68; Arm ARM, D17, for the encoding of system registers.
import { encode, viewOf } from "../../bytes/struct.js";
import { Solo5Error } from "../../bytes/error.js";
import type { Registers } from "../../engine/contract.js";
import type { GuestMemory } from "../../image/memory.js";
import { check, libc } from "../libc.js";
import { exitReason, oneReg, request, runHead, runMmio, vcpuInit } from "./abi.js";
import type { KvmCpu, KvmDescriptors } from "./cpu.js";

/** 64 bits of an arm64 register: architecture, size, group. */
const u64Reg = 0x6030_0000_0000_0000n;
const coreGroup = 0x10_0000n;
const sysregGroup = 0x13_0000n;

/** In words of 32 bits from the beginning of struct kvm_regs; x0 to x30 come first. */
const core = { sp: 0x3e, pc: 0x40, pstate: 0x42, sp_el1: 0x44, elr_el1: 0x46, spsr_el1: 0x48 } as const;

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

/** KVM's number of a register. Throws RangeError on a name that aarch64 does not have. */
export function registerId(name: string): bigint {
  const general = /^x(\d|[12]\d|30)$/.exec(name);
  if (general !== null) return u64Reg | coreGroup | BigInt(2 * Number(general[1]));
  if (Object.hasOwn(core, name)) return u64Reg | coreGroup | BigInt(core[name as keyof typeof core]);
  const encoding = sysregs[name];
  if (encoding === undefined) throw new RangeError(`aarch64 has no register ${name}`);
  const [op0, op1, crn, crm, op2] = encoding;
  return u64Reg | sysregGroup | BigInt((op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2);
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
  check(libc().ioctlNumber(vcpu, request.RUN, 0), "KVM: cannot run");
  if (run.getUint32(runHead.offsets.exit_reason, true) !== exitReason.MMIO)
    throw new Solo5Error("KVM", "KVM: cannot tell the counter's frequency");
  const hz = viewOf(runMmio.read(run, runHead.size).data).getBigUint64(0, true);
  // The store is complete, and its instruction left behind, when KVM_RUN begins once more.
  run.setUint8(runHead.offsets.immediate_exit, 1);
  libc().ioctlNumber(vcpu, request.RUN, 0);
  run.setUint8(runHead.offsets.immediate_exit, 0);
  memory.bytes(0, code.length)?.fill(0);
  return hz;
}

/** Makes the virtual CPU ready, without optional features, and gives its registers. Throws Solo5Error. */
export function newAarch64Cpu(fds: KvmDescriptors, memory: GuestMemory): KvmCpu {
  const { vm, vcpu } = fds;
  const c = libc();
  const init = new Uint8Array(vcpuInit.size);
  check(c.ioctl(vm, request.ARM_PREFERRED_TARGET, init), "KVM: KVM_ARM_PREFERRED_TARGET");
  const reset = (): unknown => check(c.ioctl(vcpu, request.ARM_VCPU_INIT, init), "KVM: KVM_ARM_VCPU_INIT");
  reset();
  const hz = counterHz(fds, memory);
  reset();
  const cell = new Uint8Array(8);
  const access = (name: string, which: number): void => {
    const reg = encode(oneReg, { id: registerId(name), addr: c.addressOf(cell) });
    check(c.ioctl(vcpu, which, reg), `KVM: register ${name}`);
  };
  const registers: Registers = {
    get(name) {
      access(name, request.GET_ONE_REG);
      return viewOf(cell).getBigUint64(0, true);
    },
    set(name, value) {
      viewOf(cell).setBigUint64(0, BigInt.asUintN(64, value), true);
      access(name, request.SET_ONE_REG);
    },
  };
  return { registers, pc: "pc", counterHz: hz, beforeRun() {}, afterRun() {} };
}
