// Layouts and requests of OpenBSD's vmm: machine/vmmvar.h and dev/vmm/vmm.h of releases 7.6 to 7.9. Names are the headers', less their
// prefix.
import { array, bytes, i32, struct, u16, u32, u64, u8 } from "../../bytes/struct.js";

export const device = "/dev/vmm";

/** CTL_MACHDEP with CPU_TSCFREQ and CPU_INVARIANTTSC of machine/cpu.h. */
export const sysctls = { tscHz: [7, 16], isTscInvariant: [7, 17] } as const;

const memRange = struct(32, { gpa: u64, va: u64, size: u64, type: i32 });
const createHead = {
  nmemranges: u64,
  ncpus: u64,
  memranges: array(memRange, 16),
  name: bytes(64),
  sev: i32,
} as const;
const createTail = { poscbit: u32, asid: array(u32, 512) } as const;
/** Of one size, and so of one request, in which the identifier has moved. */
export const createParams = {
  before78: struct(2656, { ...createHead, id: u32, ...createTail }),
  since78: struct(2656, { ...createHead, seves: i32, id: u32, ...createTail }),
} as const;
/** The first range's. */
export const firstRange = createParams.since78.offsets.memranges;
export const rangeOffsets = memRange.offsets;

export const segmentInfo = struct(24, { selector: u16, limit: u32, access: u32, base: u64 });
const generalNames = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15 rip rflags".split(" ");
const controlNames = "cr0 cr2 cr3 cr4 cr8 xcr0 pdpte0 pdpte1 pdpte2 pdpte3".split(" ");
const msrNames = "efer star lstar cstar sfmask kernel_gs_base misc_enable".split(" ");
export const segmentOrder = ["es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr"] as const;

export const regState = struct(568, {
  general: array(u64, 18),
  control: array(u64, 10),
  msrs: array(u64, 7),
  debug: array(u64, 6),
  segments: array(segmentInfo, 8),
  gdtr: segmentInfo,
  idtr: segmentInfo,
});
/** Which parts of it a request is about. */
export const part = { general: 1, segments: 2, control: 4, msrs: 8, debug: 16 } as const;
export const allParts = 31;

interface Place {
  readonly at: number;
  readonly part: number;
}
const places = (names: readonly string[], at: number, of: number): readonly (readonly [string, Place])[] =>
  names.map((name, i) => [name, { at: at + 8 * i, part: of }]);
/** Registers of 64 bits. */
export const registerPlaces: ReadonlyMap<string, Place> = new Map([
  ...places(generalNames, regState.offsets.general, part.general),
  ...places(controlNames, regState.offsets.control, part.control),
  ...places(msrNames, regState.offsets.msrs, part.msrs),
]);
export const segmentPlace = (name: string): number => {
  const table = { gdtr: regState.offsets.gdtr, idtr: regState.offsets.idtr }[name];
  const at = (segmentOrder as readonly string[]).indexOf(name);
  return table ?? regState.offsets.segments + segmentInfo.size * at;
};

export const resetParams = struct(576, { vmId: u32, vcpuId: u32, state: regState });
export const registersParams = struct(584, { vmId: u32, vcpuId: u32, mask: u64, state: regState });
export const terminateParams = struct(4, { vmId: u32 });

/** Of an access to a port, at the beginning of an exit. */
export const exitInout = struct(16, {
  size: u8,
  dir: u8,
  rep: u8,
  string: u8,
  encoding: u8,
  port: u16,
  data: u32,
  insnLength: u8,
});
export const directionIn = 1;
/** Of an access to memory, in the same place: whether the kernel has refused it. */
export const faultProtect = 3;
export const vmExit = struct(600, { about: bytes(20), state: regState, cpl: i32 });

const inject = struct(12, { vector: u8, errorCode: u32, type: u8 });
export const runParams = struct(40, {
  vmId: u32,
  vcpuId: u32,
  inject,
  intrPending: u8,
  exit: u64,
  exitReason: u16,
  irqReady: u8,
});

/** Of Intel's CPUs, and of AMD's. */
export const exitReason = {
  IO: [30, 0x7b],
  TRIPLE_FAULT: [2, 0x7f],
  MEMORY: [48, 0x400],
  NONE: 0xffff,
} as const;

/** sys/ioccom.h: direction, size of the argument, type and number in one word. */
const ioc = (direction: number, nr: number, { size }: { readonly size: number }): number =>
  (direction | (size << 16) | ("V".charCodeAt(0) << 8) | nr) >>> 0;
const iow = (nr: number, of: { readonly size: number }): number => ioc(0x8000_0000, nr, of);
const iowr = (nr: number, of: { readonly size: number }): number => ioc(0xc000_0000, nr, of);

export const request = {
  CREATE: iowr(1, createParams.since78),
  RUN: iowr(2, runParams),
  TERM: iow(4, terminateParams),
  RESETCPU: iow(5, resetParams),
  READREGS: iowr(7, registersParams),
  WRITEREGS: iow(8, registersParams),
} as const;

export interface OpenbsdLayout {
  readonly create: keyof typeof createParams;
  /** Who maps the guest's memory: since 7.8 the kernel. */
  readonly isMemoryGiven: boolean;
}

/** By release. */
export const layouts: ReadonlyMap<string, OpenbsdLayout> = new Map([
  ["7.6", { create: "before78", isMemoryGiven: false }],
  ["7.7", { create: "before78", isMemoryGiven: false }],
  ["7.8", { create: "since78", isMemoryGiven: true }],
  ["7.9", { create: "since78", isMemoryGiven: true }],
]);
