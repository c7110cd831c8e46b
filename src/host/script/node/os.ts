// node:os: the signals of Linux. signal(7).
const names =
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS";

const numbers = Object.fromEntries(names.split(" ").map((name, i) => [`SIG${name}`, i + 1]));

export const constants = {
  signals: { ...numbers, SIGIOT: 6, SIGPOLL: 29 } as Readonly<Record<string, number>>,
} as const;
