// The sandbox of an spt unikernel as a table: which system calls it may make, with which arguments, and why. Seccomp
// programs and our own engine's answers follow it. docs/abi.md 4.
import type { Isa } from "../../abi/elf.js";
import { archSetFs, clockId, syscalls, type SyscallName } from "../../abi/spt.js";

/** A condition on one argument of the call, as an unsigned 64-bit number. */
export interface ArgRule {
  readonly arg: 0 | 1 | 2 | 3 | 4 | 5;
  readonly is: "equal" | "atMost";
  readonly value: bigint;
}

/** A call is allowed where all conditions of one of its rules hold. */
export interface Rule {
  readonly call: SyscallName;
  readonly when: readonly ArgRule[];
  readonly reason: string;
}

/** The descriptors that a unikernel has; sizes in bytes. */
export interface Descriptors {
  readonly epollfd: number;
  readonly timerfd: number;
  readonly nets: readonly number[];
  readonly blocks: readonly { readonly fd: number; readonly blockSize: number; readonly capacity: bigint }[];
}

const equal = (arg: ArgRule["arg"], value: number | bigint): ArgRule => ({
  arg,
  is: "equal",
  value: BigInt(value),
});

/** Everything that an spt unikernel may ask of the kernel. */
export function sptRules(isa: Isa, { epollfd, timerfd, nets, blocks }: Descriptors): readonly Rule[] {
  const rules: Rule[] = [
    { call: "write", when: [equal(0, 1)], reason: "console output goes to stdout" },
    { call: "exit_group", when: [], reason: "the end, with the unikernel's status" },
    { call: "epoll_pwait", when: [equal(0, epollfd)], reason: "yield waits for devices and the deadline" },
    { call: "timerfd_settime", when: [equal(0, timerfd)], reason: "yield sets its deadline" },
    { call: "clock_gettime", when: [equal(0, clockId.monotonic)], reason: "monotonic time" },
    { call: "clock_gettime", when: [equal(0, clockId.realtime)], reason: "wall time" },
    { call: "arch_prctl", when: [equal(0, archSetFs)], reason: "thread-local storage" },
  ];
  for (const fd of nets) {
    rules.push({ call: "read", when: [equal(0, fd)], reason: "receive a frame" });
    rules.push({ call: "write", when: [equal(0, fd)], reason: "send a frame" });
  }
  for (const { fd, blockSize, capacity } of blocks) {
    const when: readonly ArgRule[] = [
      equal(0, fd),
      equal(2, blockSize),
      { arg: 3, is: "atMost", value: capacity - BigInt(blockSize) },
    ];
    rules.push({ call: "pread64", when, reason: "read one block inside the device" });
    rules.push({ call: "pwrite64", when, reason: "write one block inside the device" });
  }
  return rules.filter(({ call }) => syscalls[isa][call] !== null);
}

/** Whether `rules` allow a call with these arguments, unsigned 64 bits each. */
export const isAllowed = (rules: readonly Rule[], call: SyscallName, args: readonly bigint[]): boolean =>
  rules.some(
    (rule) =>
      rule.call === call &&
      rule.when.every(({ arg, is, value }) => {
        const given = args[arg] ?? 0n;
        return is === "equal" ? given === value : given <= value;
      }),
  );
