// Layouts and requests of /dev/kvm, as linux/kvm.h and asm/kvm.h of each ISA have them. A test compares all of it with
// the kernel's headers. Names are the header's, less their prefix.
import { array, bytes, i32, struct, u16, u32, u64, u8 } from "../../bytes/struct.js";

export const apiVersion = 12;

/** What the kernel and we share for each virtual CPU: the beginning of struct kvm_run, then its union. */
export const runHead = struct(32, {
  request_interrupt_window: u8,
  immediate_exit: u8,
  padding1: bytes(6),
  exit_reason: u32,
  ready_for_interrupt_injection: u8,
  if_flag: u8,
  flags: u16,
  cr8: u64,
  apic_base: u64,
});
export const runIo = struct(16, { direction: u8, size: u8, port: u16, count: u32, data_offset: u64 });
export const runMmio = struct(24, { phys_addr: u64, data: bytes(8), len: u32, is_write: u8 });
export const runInternal = struct(136, { suberror: u32, ndata: u32, data: array(u64, 16) });
export const ioDirectionOut = 1;
/** What a debugger's stop says of itself. */
export const runDebug = {
  "x86-64": struct(32, { exception: u32, pad: u32, pc: u64, dr6: u64, dr7: u64 }),
  aarch64: struct(16, { hsr: u32, hsr_high: u32, far: u64 }),
} as const;

export const exitReason = {
  UNKNOWN: 0,
  IO: 2,
  DEBUG: 4,
  HLT: 5,
  MMIO: 6,
  IRQ_WINDOW_OPEN: 7,
  SHUTDOWN: 8,
  FAIL_ENTRY: 9,
  INTR: 10,
  INTERNAL_ERROR: 17,
  SYSTEM_EVENT: 24,
} as const;

export const userspaceMemoryRegion = struct(32, {
  slot: u32,
  flags: u32,
  guest_phys_addr: u64,
  memory_size: u64,
  userspace_addr: u64,
});
export const interrupt = struct(4, { irq: u32 });
export const ioeventfd = struct(64, {
  datamatch: u64,
  addr: u64,
  len: u32,
  fd: i32,
  flags: u32,
  pad: bytes(36),
});

/** x86-64. */
export const regs = struct(144, {
  rax: u64,
  rbx: u64,
  rcx: u64,
  rdx: u64,
  rsi: u64,
  rdi: u64,
  rsp: u64,
  rbp: u64,
  r8: u64,
  r9: u64,
  r10: u64,
  r11: u64,
  r12: u64,
  r13: u64,
  r14: u64,
  r15: u64,
  rip: u64,
  rflags: u64,
});
export const segment = struct(24, {
  base: u64,
  limit: u32,
  selector: u16,
  type: u8,
  present: u8,
  dpl: u8,
  db: u8,
  s: u8,
  l: u8,
  g: u8,
  avl: u8,
  unusable: u8,
  padding: u8,
});
export const dtable = struct(16, { base: u64, limit: u16, padding: array(u16, 3) });
export const sregs = struct(312, {
  cs: segment,
  ds: segment,
  es: segment,
  fs: segment,
  gs: segment,
  ss: segment,
  tr: segment,
  ldt: segment,
  gdt: dtable,
  idt: dtable,
  cr0: u64,
  cr2: u64,
  cr3: u64,
  cr4: u64,
  cr8: u64,
  efer: u64,
  apic_base: u64,
  interrupt_bitmap: array(u64, 4),
});
export const fpu = struct(416, {
  fpr: bytes(128),
  fcw: u16,
  fsw: u16,
  ftwx: u8,
  pad1: u8,
  last_opcode: u16,
  last_ip: u64,
  last_dp: u64,
  xmm: bytes(256),
  mxcsr: u32,
  pad2: u32,
});
export const cpuidEntry = struct(40, {
  function: u32,
  index: u32,
  flags: u32,
  eax: u32,
  ebx: u32,
  ecx: u32,
  edx: u32,
  padding: array(u32, 3),
});
export const cpuidHead = struct(8, { nent: u32, padding: u32 });

/** aarch64. */
export const oneReg = struct(16, { id: u64, addr: u64 });
export const vcpuInit = struct(32, { target: u32, features: array(u32, 7) });

/** What a debugger wants; the registers are the architecture's own, control before value. */
export const guestDebug = {
  "x86-64": struct(72, { control: u32, pad: u32, debugreg: array(u64, 8) }),
  aarch64: struct(520, {
    control: u32,
    pad: u32,
    dbg_bcr: array(u64, 16),
    dbg_bvr: array(u64, 16),
    dbg_wcr: array(u64, 16),
    dbg_wvr: array(u64, 16),
  }),
} as const;
export const guestDebugControl = { ENABLE: 1, SINGLESTEP: 2, USE_SW_BP: 0x1_0000 } as const;
/** Debug registers are used: KVM_GUESTDBG_USE_HW_BP on x86-64, KVM_GUESTDBG_USE_HW on aarch64. */
export const useDebugRegisters = 0x2_0000;

/** asm-generic/ioctl.h: direction, size of the argument, type and number in one word. */
const kvmio = 0xae;
const io = (nr: number, size = 0, direction = 0): number =>
  ((direction << 30) | (size << 16) | (kvmio << 8) | nr) >>> 0;
const iow = (nr: number, { size }: { readonly size: number }): number => io(nr, size, 1);
const ior = (nr: number, { size }: { readonly size: number }): number => io(nr, size, 2);
const iowr = (nr: number, { size }: { readonly size: number }): number => io(nr, size, 3);

export const request = {
  GET_API_VERSION: io(0x00),
  CREATE_VM: io(0x01),
  CHECK_EXTENSION: io(0x03),
  GET_VCPU_MMAP_SIZE: io(0x04),
  GET_SUPPORTED_CPUID: iowr(0x05, cpuidHead),
  CREATE_VCPU: io(0x41),
  SET_USER_MEMORY_REGION: iow(0x46, userspaceMemoryRegion),
  IOEVENTFD: iow(0x79, ioeventfd),
  RUN: io(0x80),
  GET_REGS: ior(0x81, regs),
  SET_REGS: iow(0x82, regs),
  GET_SREGS: ior(0x83, sregs),
  SET_SREGS: iow(0x84, sregs),
  GET_FPU: ior(0x8c, fpu),
  SET_FPU: iow(0x8d, fpu),
  SET_CPUID2: iow(0x90, cpuidHead),
  GET_TSC_KHZ: io(0xa3),
  INTERRUPT: iow(0x86, interrupt),
  GET_ONE_REG: iow(0xab, oneReg),
  SET_ONE_REG: iow(0xac, oneReg),
  ARM_VCPU_INIT: iow(0xae, vcpuInit),
  ARM_PREFERRED_TARGET: ior(0xaf, vcpuInit),
} as const;

/** KVM_SET_GUEST_DEBUG, whose number holds the size of its argument. */
export const setGuestDebug = {
  "x86-64": iow(0x9b, guestDebug["x86-64"]),
  aarch64: iow(0x9b, guestDebug.aarch64),
} as const;

/** What CHECK_EXTENSION is asked for. */
export const capability = {
  USER_MEMORY: 3,
  IOEVENTFD: 36,
  GET_TSC_KHZ: 61,
  GUEST_DEBUG_HW_BPS: 119,
  GUEST_DEBUG_HW_WPS: 120,
  IMMEDIATE_EXIT: 136,
} as const;
