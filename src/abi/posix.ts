// Numbers that POSIX names and each system chooses: sys/socket.h, fcntl.h, sys/mman.h and signal.h of Linux, FreeBSD and OpenBSD.

export interface PosixNumbers {
  readonly SOCK_CLOEXEC: number;
  readonly SOCK_NONBLOCK: number;
  readonly SOL_SOCKET: number;
  readonly SO_SNDBUF: number;
  readonly MAP_ANONYMOUS: number;
  readonly SIGURG: number;
}

const bsd = { SOL_SOCKET: 0xffff, SO_SNDBUF: 0x1001, MAP_ANONYMOUS: 0x1000, SIGURG: 16 } as const;

/** By Node's names of the systems. */
export const posixNumbers = {
  linux: {
    SOCK_CLOEXEC: 0x8_0000,
    SOCK_NONBLOCK: 0x800,
    SOL_SOCKET: 1,
    SO_SNDBUF: 7,
    MAP_ANONYMOUS: 0x20,
    SIGURG: 23,
  },
  freebsd: { ...bsd, SOCK_CLOEXEC: 0x1000_0000, SOCK_NONBLOCK: 0x2000_0000 },
  openbsd: { ...bsd, SOCK_CLOEXEC: 0x8000, SOCK_NONBLOCK: 0x4000 },
} as const satisfies Record<string, PosixNumbers>;
