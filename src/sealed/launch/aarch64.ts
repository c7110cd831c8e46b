// A launch list as A64 machine code. Arm Architecture Reference Manual, C6; the system call convention is syscall(2)'s:
// number in x8, arguments in x0 to x5, result in x0.
import { encodeFprog } from "../bpf.js";
import { launchSyscalls, prctlOp, seccompSetFilter, type LaunchSyscall } from "../../abi/linux/syscalls.js";
import { createCode, littleEndian32 } from "./code.js";
import { createFailures, reasonCount, reasonTable } from "./failure.js";
import { tableAddress, type Pool } from "./pool.js";
import {
  atExecfn,
  scratchSize,
  stackReach,
  stderr,
  type Finish,
  type LaunchList,
  type LaunchOperand,
  type LaunchStep,
} from "./step.js";

const numbers = launchSyscalls.aarch64;
/** The end of user space with 48-bit addresses. */
const taskEnd = 0x1_0000_0000_0000n;

/** Registers: x0 to x30 by number; 31 is the zero register or the stack pointer, as the instruction says. */
const zr = 31, sp = 31, x0 = 0, x8 = 8, x9 = 9, x10 = 10; // prettier-ignore
/** Kept over system calls, which change x0 alone. */
const walk = 19, stackEnd = 20, stackLow = 21, errno = 22; // prettier-ignore
const condition = { ne: 1, hi: 8, lt: 11 } as const;

export function assemble({ prefix, steps, finish }: LaunchList, pool: Pool): Uint8Array {
  const code = createCode();
  const failures = createFailures(prefix);
  const op = (base: number, rd: number, rn = 0, rest = 0): void =>
    code.emit32((base | rest | (rn << 5) | rd) >>> 0);
  const movz = (rd: number, imm: number, hw: number): void => op(0xd2800000, rd, 0, (hw << 21) | (imm << 5));
  const movk = (rd: number, imm: number, hw: number): void => op(0xf2800000, rd, 0, (hw << 21) | (imm << 5));
  const addImm = (rd: number, rn: number, imm: number): void => op(0x91000000, rd, rn, imm << 10);
  const move = (rd: number, rm: number): void => op(0xaa0003e0, rd, 0, rm << 16);
  const load = (rt: number, rn: number, offset: number): void => op(0xf9400000, rt, rn, (offset / 8) << 10);
  const store = (rt: number, rn: number, offset: number): void => op(0xf9000000, rt, rn, (offset / 8) << 10);
  const loadHalf = (rt: number, rn: number, offset: number): void =>
    op(0x79400000, rt, rn, (offset / 2) << 10);
  const storeHalf = (rt: number, rn: number): void => op(0x79000000, rt, rn);
  const loadByte = (rt: number, rn: number): void => op(0x39400000, rt, rn);
  const storeByte = (rt: number, rn: number): void => op(0x39000000, rt, rn);
  const and32 = (rd: number, rn: number, rm: number): void => op(0x0a000000, rd, rn, rm << 16);
  const or32 = (rd: number, rn: number, rm: number): void => op(0x2a000000, rd, rn, rm << 16);
  const compareImm = (rn: number, imm: number): void => op(0xf100001f, 0, rn, imm << 10);
  const pageDown = (rd: number, rn: number): void => op(0x92400000, rd, rn, (52 << 16) | (51 << 10));
  /** Jumps of ±1 MiB: conditional branches and compare-and-branch share their form. */
  const branch19 = (base: number, to: string): void =>
    code.jump(to, 4, (from, target) => littleEndian32(base | ((((target - from) / 4) & 0x7ffff) << 5)));
  const branchIf = (when: keyof typeof condition, to: string): void =>
    branch19(0x54000000 | condition[when], to);
  const branchIfZero = (rt: number, to: string): void => branch19(0xb4000000 | rt, to);
  const branchIfNotZero = (rt: number, to: string): void => branch19(0xb5000000 | rt, to);
  const branch = (to: string): void =>
    code.jump(to, 4, (from, target) => littleEndian32(0x14000000 | (((target - from) / 4) & 0x3ffffff)));

  const set = (rd: number, value: bigint): void => {
    const bits = BigInt.asUintN(64, value);
    movz(rd, Number(bits & 0xffffn), 0);
    for (let hw = 1; hw < 4; hw++) {
      const part = Number((bits >> BigInt(16 * hw)) & 0xffffn);
      if (part !== 0) movk(rd, part, hw);
    }
  };
  const operand = (rd: number, value: LaunchOperand): void => {
    if (typeof value === "number" || typeof value === "bigint") set(rd, BigInt(value));
    else if ("data" in value) set(rd, BigInt(pool.address(value.data)));
    else if ("table" in value) set(rd, BigInt(tableAddress(pool, value.table)));
    else addImm(rd, sp, value.scratch);
  };
  const syscall = (call: LaunchSyscall, args: readonly LaunchOperand[]): void => {
    const nr = numbers[call];
    if (nr === null) throw new RangeError(`${call} does not exist on aarch64`);
    args.forEach((value, i) => operand(i, value));
    set(x8, BigInt(nr));
    code.emit32(0xd4000001); // svc #0
  };
  const failOnError = (message: string): void => {
    compareImm(x0, 0);
    branchIf("lt", failures.add(message, true));
  };

  const emitStep = (step: LaunchStep): void => {
    switch (step.op) {
      case "call":
        syscall(step.call, step.args);
        if (step.fail !== undefined) failOnError(step.fail);
        if (step.expect !== undefined) {
          set(x9, step.expect);
          op(0xeb00001f, 0, x0, x9 << 16); // cmp x0, x9
          branchIf("ne", failures.add(step.mismatch ?? `${step.call}: unexpected result`, false));
        }
        return;
      case "fork": {
        const child = `child${code.length}`;
        // No stack and no thread-local storage of its own.
        syscall("clone", [step.flags, 0, 0, 0, 0]);
        failOnError(step.fail);
        branchIfZero(x0, child);
        op(0xb9000000, x0, sp); // str w0, [sp]
        syscall("write", [step.tell, { scratch: 0 }, 4]);
        syscall("exit_group", [0]);
        code.label(child);
        return;
      }
      case "prepare":
        set(x9, BigInt(pool.address(step.data)));
        for (let at = 0; at < step.data.length; at += 8) {
          load(x10, x9, at);
          store(x10, sp, step.scratch + at);
        }
        return;
      case "require":
        loadHalf(x9, sp, step.scratch);
        set(x10, BigInt(step.mask));
        and32(x9, x9, x10);
        branchIfZero(x9, failures.add(step.fail, false));
        return;
      case "publish":
        loadHalf(x9, sp, step.scratch);
        set(x10, BigInt(step.address));
        storeHalf(x9, x10);
        return;
      case "mask":
        set(x10, BigInt(step.address));
        loadByte(x9, x10);
        set(x0, BigInt(step.and));
        and32(x9, x9, x0);
        set(x0, BigInt(step.or));
        or32(x9, x9, x0);
        storeByte(x9, x10);
        return;
      default:
        step satisfies never;
    }
  };

  const confine = (memEnd: number, filter: Uint8Array): void => {
    // The end of the stack's mapping: behind the file's name, found through the auxiliary vector, come 8 zero bytes.
    addImm(walk, sp, scratchSize);
    load(x9, walk, 0); // argc
    op(0x8b000000, walk, walk, (x9 << 16) | (3 << 10)); // add walk, walk, x9, lsl #3
    addImm(walk, walk, 16); // envp
    code.label("environment");
    load(x9, walk, 0);
    addImm(walk, walk, 8);
    branchIfNotZero(x9, "environment");
    code.label("auxiliary");
    load(x9, walk, 0);
    load(stackEnd, walk, 8);
    addImm(walk, walk, 16);
    compareImm(x9, atExecfn);
    branchIf("ne", "auxiliary");
    code.label("name");
    loadByte(x9, stackEnd);
    addImm(stackEnd, stackEnd, 1);
    branchIfNotZero(x9, "name");
    addImm(stackEnd, stackEnd, 8);
    addImm(stackEnd, stackEnd, 4095);
    pageDown(stackEnd, stackEnd);
    addImm(stackLow, sp, 0);
    op(0xd1400000, stackLow, stackLow, (stackReach >> 12) << 10); // sub with the immediate shifted left by 12
    pageDown(stackLow, stackLow);
    op(0xcb000000, stackEnd, stackEnd, stackLow << 16); // sub stackEnd, stackEnd, stackLow: now the length

    // Everything above the guest in one call; a kernel that seals the vdso refuses, then the stack goes alone.
    syscall("munmap", [memEnd, taskEnd - BigInt(memEnd)]);
    move(0, stackLow);
    move(1, stackEnd);
    syscall("munmap", []);
    failOnError("munmap of the initial stack");
    syscall("prctl", [prctlOp.setNoNewPrivs, 1, 0, 0, 0]);
    failOnError("prctl(PR_SET_NO_NEW_PRIVS)");
    const program = encodeFprog(filter.length, pool.address(filter));
    syscall("seccomp", [seccompSetFilter, 0, { data: program }]);
    failOnError("seccomp(SECCOMP_SET_MODE_FILTER)");
  };

  const emitFinish = (finish: Finish): void => {
    if (finish.filter !== undefined) confine(finish.memEnd, finish.filter);
    set(x9, BigInt(finish.stackPointer));
    addImm(sp, x9, 0);
    set(x9, BigInt(finish.entry));
    for (let reg = 1; reg <= 30; reg++) if (reg !== x9) move(reg, zr);
    set(x0, BigInt(finish.bootInfo));
    op(0xd61f0000, 0, x9); // br x9
  };

  op(0xd1000000, sp, sp, scratchSize << 10); // sub sp, sp, #scratchSize
  for (const step of steps) emitStep(step);

  if (finish !== undefined) emitFinish(finish);

  for (const { label, text, withReason } of failures.all) {
    code.label(label);
    if (withReason) op(0x4b0003e0, errno, 0, x0 << 16); // neg w22, w0
    else set(errno, 0xffff_ffffn);
    set(1, BigInt(pool.address(text)));
    set(2, BigInt(text.length));
    branch("fail");
  }
  code.label("fail");
  set(x0, BigInt(stderr));
  syscall("write", []);
  compareImm(errno, reasonCount - 1);
  branchIf("hi", "exit");
  set(x9, BigInt(pool.address(reasonTable())));
  op(0x8b000000, x10, x9, (errno << 16) | (2 << 10)); // add x10, x9, errno, lsl #2
  loadHalf(1, x10, 0);
  loadHalf(2, x10, 2);
  op(0x8b000000, 1, x9, 1 << 16); // add x1, x9, x1
  set(x0, BigInt(stderr));
  syscall("write", []);
  code.label("exit");
  syscall("exit_group", [1]);
  return code.finish();
}
