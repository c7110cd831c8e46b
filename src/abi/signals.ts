// Signals of Linux, and what a shell says of a process that one has ended. signal(7); POSIX.1-2017, XCU 2.8.2.

/** Those that the host's or a guest's end comes to, the same on x86-64 and aarch64. */
export const signals = {
  SIGILL: 4,
  SIGTRAP: 5,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGSYS: 31,
} as const;
export type EndingSignal = keyof typeof signals;

/** The status that stands for the end by a signal of this number. */
export const signalStatus = (number: number): number => 128 + number;

export const statusOf = (signal: EndingSignal): number => signalStatus(signals[signal]);
