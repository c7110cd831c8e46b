// Layouts and requests of FreeBSD's vmm: machine/vmm.h, machine/vmm_dev.h and dev/vmm/vmm_dev.h of releases 13 to 15. Names are the
// headers', less their prefix.
import { bytes, i32, i64, struct, u32, u64 } from "../../bytes/struct.js";

/** Where virtual machines come from since release 15, and where each is. */
export const controlDevice = "/dev/vmmctl";
export const deviceOf = (name: string): string => `/dev/vmm/${name}`;

export const sysctls = {
  release: "kern.osreldate",
  create: "hw.vmm.create",
  destroy: "hw.vmm.destroy",
  tscHz: "machdep.tsc_freq",
  isTscInvariant: "kern.timecounter.invariant_tsc",
} as const;

/** SPECNAMELEN of 255 less what stands around a name, with the NUL. */
const nameSize = 230;
export const createVm = struct(296, { name: bytes(nameSize), flags: u32, reserved: bytes(60) });
export const destroyOnClose = 1;

export const setCapability = struct(16, { cpuid: i32, type: i32, value: i32, allCpus: i32 });
export const capability = { HALT_EXIT: 0, MTRAP_EXIT: 1, BPT_EXIT: 5, RFLAGS_TF: 10 } as const;

const nameOfMemory = bytes(16);
export const allocMemseg = {
  /** Up to release 14. */
  plain: struct(32, { segid: i32, len: u64, name: nameOfMemory }),
  /** With a policy about domains of memory; 0 is none. */
  withDomains: struct(56, {
    segid: i32,
    len: u64,
    name: nameOfMemory,
    domains: u64,
    domainsSize: u64,
    policy: i32,
  }),
} as const;
export const mmapMemseg = struct(40, { gpa: u64, segid: i32, segoff: i64, len: u64, prot: i32, flags: i32 });
export const protAll = 7;

export const vmRegister = struct(16, { cpuid: i32, register: i32, value: u64 });
export const segmentDescriptor = struct(24, {
  cpuid: i32,
  register: i32,
  base: u64,
  limit: u32,
  access: u32,
});
export const cpuOnly = struct(4, { cpuid: i32 });

/** In the order of enum vm_reg_name, from 0. */
const registerNames =
  "rax rbx rcx rdx rsi rdi rbp r8 r9 r10 r11 r12 r13 r14 r15 cr0 cr3 cr4 dr7 rsp rip rflags es cs ss ds fs gs ldtr tr idtr gdtr efer cr2";
export const registerNumbers: ReadonlyMap<string, number> = new Map(
  registerNames.split(" ").map((name, number) => [name, number]),
);

/** What each exit has, then what it is about. */
export const vmExit = struct(136, { exitcode: i32, instLength: i32, rip: u64, payload: bytes(120) });
const exitPayload = vmExit.offsets.payload;
/** Bytes, and flags for `in`, string and repeated; then the port, and EAX of an `out`. */
export const inoutAt = { flags: exitPayload, port: exitPayload + 2, eax: exitPayload + 4 } as const;
export const inoutFlag = { bytes: 7, in: 8, string: 16 } as const;
/** Of an exit that is VT-x's own: VMX_EXIT_… */
export const vmxReasonAt = exitPayload + 4;
export const exitCode = {
  INOUT: 0,
  VMX: 1,
  BOGUS: 2,
  MTRAP: 6,
  DEBUG: 21,
  BPT: 23,
  DB: 25,
} as const;

export const runParams = {
  /** Up to release 13: the exit lies inside. */
  inline: struct(144, { cpuid: i32, exit: vmExit }),
  /** Since then it is pointed to. */
  pointed: struct(32, { cpuid: i32, cpuset: u64, cpusetSize: u64, exit: u64 }),
} as const;

/** sys/ioccom.h: direction, size of the argument, type and number in one word. */
const ioc = (direction: number, type: string, nr: number, { size }: { readonly size: number }): number =>
  (direction | (size << 16) | (type.charCodeAt(0) << 8) | nr) >>> 0;
const iow = (nr: number, of: { readonly size: number }): number => ioc(0x8000_0000, "v", nr, of);
const iowr = (nr: number, of: { readonly size: number }): number => ioc(0xc000_0000, "v", nr, of);

export const request = {
  CTL_CREATE: ioc(0xc000_0000, "V", 0, createVm),
  SET_CAPABILITY: iow(2, setCapability),
  ALLOC_MEMSEG: {
    plain: iow(14, allocMemseg.plain),
    withDomains: iow(14, allocMemseg.withDomains),
  },
  MMAP_MEMSEG: iow(16, mmapMemseg),
  SET_REGISTER: iow(20, vmRegister),
  GET_REGISTER: iowr(21, vmRegister),
  SET_SEGMENT_DESCRIPTOR: iow(22, segmentDescriptor),
  GET_SEGMENT_DESCRIPTOR: iowr(23, segmentDescriptor),
  ACTIVATE_CPU: iow(90, cpuOnly),
  SUSPEND_CPU: iow(92, cpuOnly),
  RESUME_CPU: iow(93, cpuOnly),
  /** Nobody has seen which direction release 14.0 had it in: the second is asked where the first is none. */
  RUN: {
    inline: [iowr(1, runParams.inline)],
    pointed: [iow(1, runParams.pointed), iowr(1, runParams.pointed)],
  },
} as const;

export interface FreebsdLayout {
  readonly run: keyof typeof runParams;
  /** In the order in which they are tried. */
  readonly memseg: readonly (keyof typeof allocMemseg)[];
}

/** By major release. */
export const layouts: ReadonlyMap<number, FreebsdLayout> = new Map([
  [13, { run: "inline", memseg: ["plain"] }],
  [14, { run: "pointed", memseg: ["plain"] }],
  [15, { run: "pointed", memseg: ["withDomains", "plain"] }],
]);
