// spt: the layout of low memory, the boot information and the system calls that a unikernel may make. docs/abi.md 4.
import { i32, packed, struct, u32, u64 } from "../bytes/struct.js";

export const bootInfo = struct(40, {
  memSize: u64,
  kernelEnd: u64,
  cmdline: u64,
  mft: u64,
  epollfd: i32,
  timerfd: i32,
});

/** Bytes of memory that leave the stack of a launch alone, in the smallest address space that a kernel gives. */
export const memMax = { "x86-64": 2 ** 46, aarch64: 2 ** 38 } as const;
/** Guest memory starts here; below is what the kernel lets nobody map. */
export const hostMemBase = 0x10000;
export const bootInfoBase = 0x11000;
/** The epoll datum of the timer that ends a yield; every other datum is a device handle. */
export const timerDatum = 0xfffffffen;

/** System call numbers by ISA; null where an ISA needs no call. */
export const syscalls = {
  "x86-64": {
    read: 0,
    write: 1,
    pread64: 17,
    pwrite64: 18,
    arch_prctl: 158,
    clock_gettime: 228,
    exit_group: 231,
    epoll_pwait: 281,
    timerfd_settime: 286,
  },
  aarch64: {
    read: 63,
    write: 64,
    pread64: 67,
    pwrite64: 68,
    arch_prctl: null,
    clock_gettime: 113,
    exit_group: 94,
    epoll_pwait: 22,
    timerfd_settime: 86,
  },
} as const;
/** Names of the arguments, in the order of their registers; `data` and `events` are guest addresses. */
export const syscallArguments = {
  read: ["fd", "data", "size"],
  write: ["fd", "data", "size"],
  pread64: ["fd", "data", "size", "offset"],
  pwrite64: ["fd", "data", "size", "offset"],
  arch_prctl: ["code", "address"],
  clock_gettime: ["clock", "timespec"],
  exit_group: ["status"],
  epoll_pwait: ["epollfd", "events", "max", "timeoutMsecs", "sigmask", "sigsetsize"],
  timerfd_settime: ["timerfd", "flags", "itimerspec", "old"],
} as const satisfies Record<keyof (typeof syscalls)["x86-64"], readonly string[]>;
/** The registers that hold them. */
export const argumentRegisters = {
  "x86-64": ["rdi", "rsi", "rdx", "r10", "r8", "r9"],
  aarch64: ["x0", "x1", "x2", "x3", "x4", "x5"],
} as const;
/** The registers with a call's number and then its result. */
export const callRegisters = {
  "x86-64": { nr: "rax", result: "rax" },
  aarch64: { nr: "x8", result: "x0" },
} as const;
export type SyscallName = keyof (typeof syscalls)["x86-64"];

/** arch_prctl's only subfunction that a unikernel may use. */
export const archSetFs = 0x1002;
export const clockId = { realtime: 0, monotonic: 1 } as const;
export const timespec = struct(16, { sec: u64, nsec: u64 });
export const itimerspec = struct(32, { interval: timespec, value: timespec });

/** struct epoll_event: packed on x86-64 alone. */
export const epollEvent = {
  "x86-64": struct(12, { events: u32, data: packed(u64) }),
  aarch64: struct(16, { events: u32, data: u64 }),
} as const;

/** Distance from the end of memory to the first stack pointer. */
export const stackGap = { "x86-64": 8, aarch64: 16 } as const;
