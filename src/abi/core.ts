// The notes of a core file, as Linux writes them and debuggers read them: linux/elfcore.h, asm/ptrace.h and
// asm/user_64.h of each ISA.
import { array, bytes, i32, struct, u16, u32, u64, u8 } from "../bytes/struct.js";

export const coreType = 4;
/** NT_*; all under the name "CORE". */
export const coreNote = { prstatus: 1, prfpreg: 2, prpsinfo: 3 } as const;
export const coreNoteName = "CORE";

/** General registers, in the order of struct user_regs_struct. */
export const userRegs = {
  "x86-64": struct(216, {
    r15: u64,
    r14: u64,
    r13: u64,
    r12: u64,
    rbp: u64,
    rbx: u64,
    r11: u64,
    r10: u64,
    r9: u64,
    r8: u64,
    rax: u64,
    rcx: u64,
    rdx: u64,
    rsi: u64,
    rdi: u64,
    orig_rax: u64,
    rip: u64,
    cs: u64,
    eflags: u64,
    rsp: u64,
    ss: u64,
    fs_base: u64,
    gs_base: u64,
    ds: u64,
    es: u64,
    fs: u64,
    gs: u64,
  }),
  aarch64: struct(272, { regs: array(u64, 31), sp: u64, pc: u64, pstate: u64 }),
} as const;

/** Floating point and vectors: FXSAVE's image, and struct user_fpsimd_state. */
export const userFpregs = {
  "x86-64": struct(512, {
    cwd: u16,
    swd: u16,
    ftw: u16,
    fop: u16,
    rip: u64,
    rdp: u64,
    mxcsr: u32,
    mxcr_mask: u32,
    st_space: bytes(128),
    xmm_space: bytes(256),
    padding: bytes(96),
  }),
  aarch64: struct(528, { vregs: bytes(512), fpsr: u32, fpcr: u32, reserved: array(u32, 2) }),
} as const;

const timeval = struct(16, { sec: u64, usec: u64 });
/** struct elf_prstatus around the general registers. */
const prstatusOf = <F extends (typeof userRegs)[keyof typeof userRegs]>(size: number, reg: F) =>
  struct(size, {
    signo: i32,
    code: i32,
    errno: i32,
    cursig: u16,
    sigpend: u64,
    sighold: u64,
    pid: i32,
    ppid: i32,
    pgrp: i32,
    sid: i32,
    utime: timeval,
    stime: timeval,
    cutime: timeval,
    cstime: timeval,
    reg,
    fpvalid: i32,
  });
export const prstatus = {
  "x86-64": prstatusOf(336, userRegs["x86-64"]),
  aarch64: prstatusOf(392, userRegs.aarch64),
} as const;

export const prpsinfo = struct(136, {
  state: u8,
  sname: u8,
  zomb: u8,
  nice: u8,
  flag: u64,
  uid: u32,
  gid: u32,
  pid: i32,
  ppid: i32,
  pgrp: i32,
  sid: i32,
  fname: bytes(16),
  psargs: bytes(80),
});
