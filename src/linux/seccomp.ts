// The sandbox of an spt unikernel as a table: which system calls it may make, with which arguments, and why. The
// seccomp program is derived from the table. ABI.md 7.
import { machine, type Isa } from "../abi/elf.js";
import { archSetFs, clockId, syscalls, type SyscallName } from "../abi/spt.js";
import { assembleBpf, seccompData, seccompReturn, type BpfInstruction } from "./bpf.js";

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

/** What a filter is made for. */
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

/** AUDIT_ARCH_*: the machine, 64-bit, little endian. */
const auditArch = (isa: Isa): number => machine[isa] | 0xc000_0000;
/** x86-64 marks calls of the x32 ABI with this bit; a filter that does not look would let them through. */
const x32Bit = 0x4000_0000;

/** The seccomp program for `rules`: whatever is not allowed ends the process with SIGSYS. */
export function seccompProgram(isa: Isa, rules: readonly Rule[]): Uint8Array {
  const program: BpfInstruction[] = [
    { op: "load", offset: seccompData.arch },
    { op: "equal", value: auditArch(isa) >>> 0, yes: "architecture" },
    { op: "return", value: seccompReturn.killProcess },
    { op: "label", name: "architecture" },
    { op: "load", offset: seccompData.nr },
  ];
  if (isa === "x86-64") {
    program.push(
      { op: "greaterEqual", value: x32Bit, no: "native" },
      { op: "return", value: seccompReturn.killProcess },
      { op: "label", name: "native" },
    );
  }
  for (const call of new Set(rules.map((rule) => rule.call))) {
    const nr = syscalls[isa][call];
    if (nr === null) throw new RangeError(`${call} does not exist on ${isa}`);
    // The number stays in the accumulator until its rules are reached, so that each call costs one comparison.
    program.push({ op: "equal", value: nr, yes: `${call}:rules` }, { op: "goto", to: `${call}:end` });
    program.push({ op: "label", name: `${call}:rules` });
    rules
      .filter((rule) => rule.call === call)
      .forEach(({ when }, index) => {
        const next = `${call}:${index + 1}`;
        program.push(...when.flatMap((rule, i) => condition(rule, next, `${call}:${index}:${i}`)));
        program.push({ op: "return", value: seccompReturn.allow }, { op: "label", name: next });
      });
    program.push({ op: "return", value: seccompReturn.killProcess }, { op: "label", name: `${call}:end` });
  }
  program.push({ op: "return", value: seccompReturn.killProcess });
  return assembleBpf(program);
}

/** Falls through where the rule holds, else goes to `no`. Arguments are 64 bits, BPF's words 32. */
function condition({ arg, is, value }: ArgRule, no: string, prefix: string): readonly BpfInstruction[] {
  const low = Number(value & 0xffff_ffffn);
  const high = Number(value >> 32n);
  const offset = seccompData.arg(arg);
  if (is === "equal") {
    return [
      { op: "load", offset },
      { op: "equal", value: low, no },
      { op: "load", offset: offset + 4 },
      { op: "equal", value: high, no },
    ];
  }
  return [
    { op: "load", offset: offset + 4 },
    { op: "greater", value: high, yes: no },
    { op: "equal", value: high, no: `${prefix}:below` },
    { op: "load", offset },
    { op: "greater", value: low, yes: no },
    { op: "label", name: `${prefix}:below` },
  ];
}
