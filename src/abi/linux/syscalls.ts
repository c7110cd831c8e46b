// Linux system calls that a launch makes before its unikernel runs, and the constants of their arguments, by ISA.
// Numbers: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
import type { Isa } from "../elf.js";
import { syscalls } from "../spt.js";

/** What a process does on its way into a container. */
const containerCalls = {
  "x86-64": {
    dup3: 292,
    recvmsg: 47,
    clone: 56,
    chdir: 80,
    setresuid: 117,
    setresgid: 119,
    setgroups: 116,
    setsid: 112,
    capset: 126,
    pivot_root: 155,
    mount: 165,
    umount2: 166,
    sethostname: 170,
    setdomainname: 171,
    unshare: 272,
    setns: 308,
    execveat: 322,
  },
  aarch64: {
    dup3: 24,
    recvmsg: 212,
    clone: 220,
    chdir: 49,
    setresuid: 147,
    setresgid: 149,
    setgroups: 159,
    setsid: 157,
    capset: 91,
    pivot_root: 41,
    mount: 40,
    umount2: 39,
    sethostname: 161,
    setdomainname: 162,
    unshare: 97,
    setns: 268,
    execveat: 281,
  },
} as const;

export const launchSyscalls = {
  "x86-64": {
    ...syscalls["x86-64"],
    close: 3,
    lseek: 8,
    mmap: 9,
    munmap: 11,
    rt_sigaction: 13,
    rt_sigprocmask: 14,
    ioctl: 16,
    socket: 41,
    fcntl: 72,
    prctl: 157,
    epoll_ctl: 233,
    openat: 257,
    unlinkat: 263,
    timerfd_create: 283,
    epoll_create1: 291,
    seccomp: 317,
    getrandom: 318,
    close_range: 436,
    ...containerCalls["x86-64"],
  },
  aarch64: {
    ...syscalls.aarch64,
    close: 57,
    lseek: 62,
    mmap: 222,
    munmap: 215,
    rt_sigaction: 134,
    rt_sigprocmask: 135,
    ioctl: 29,
    socket: 198,
    fcntl: 25,
    prctl: 167,
    epoll_ctl: 21,
    openat: 56,
    unlinkat: 35,
    timerfd_create: 85,
    epoll_create1: 20,
    seccomp: 277,
    getrandom: 278,
    close_range: 436,
    ...containerCalls.aarch64,
  },
} as const satisfies Record<Isa, Record<string, number | null>>;

export type LaunchSyscall = keyof (typeof launchSyscalls)["x86-64"];

export const atFdcwd = -100;
export const open = { readWrite: 2, nonBlock: 0x800, closeOnExec: 0x80000 } as const;
export const mmapProt = { read: 1, write: 2, execute: 4 } as const;
export const mmapFlag = { private: 0x02, fixed: 0x10, anonymous: 0x20, noReserve: 0x4000 } as const;
/** SIG_IGN, as a handler's address. */
export const sigIgn = 1;
export const signal = { kill: 9, pipe: 13, xfsz: 25 } as const;
export const sigSetmask = 2;
export const sigsetSize = 8;
export const seek = { set: 0, end: 2 } as const;
export const fcntlCmd = { getFlags: 3, setFlags: 4 } as const;
export const prctlOp = { setPdeathsig: 1, setName: 15, setNoNewPrivs: 38 } as const;
export const clockMonotonic = 1;
export const timerfdNonBlock = 0x800;
export const epollAdd = 1;
export const epollIn = 1;
export const seccompSetFilter = 1;
/** SOL_SOCKET and SO_TYPE, and what that must not be. */
export const socketOption = { level: 1, type: 3 } as const;
export const socketType = { stream: 1 } as const;
export const socketInetDatagram = { family: 2, type: 2 } as const;

/** struct ifreq and what tap devices are asked: linux/if.h, linux/if_tun.h, linux/sockios.h. */
export const ifreqSize = 40;
export const interfaceNameMax = 15;
export const ioctlRequest = {
  SIOCGIFFLAGS: 0x8913,
  SIOCGIFMTU: 0x8921,
  TUNSETIFF: 0x400454ca,
  TUNGETIFF: 0x800454d2,
  TUNSETOFFLOAD: 0x400454d0,
} as const;
export const interfaceFlag = { up: 1 } as const;
export const tunFlag = { tap: 0x0002, noPacketInfo: 0x1000 } as const;
