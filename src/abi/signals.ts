// Signals of Linux, and what a shell says of a process that one has ended. signal(7); POSIX.1-2017, XCU 2.8.2.

/** Numbers, the same on x86-64 and aarch64. */
export const signals = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGTERM: 15,
  SIGSYS: 31,
} as const;
export type SignalName = keyof typeof signals;

/** The status that stands for the end by a signal of this number. */
export const signalStatus = (number: number): number => 128 + number;

export const statusOf = (signal: SignalName): number => signalStatus(signals[signal]);
