// A launch list as x86-64 machine code. Intel SDM volume 2; the system call convention of the System V ABI, A.2.1.
import { launchSyscalls, prctlOp, seccompSetFilter, type LaunchSyscall } from "../../abi/linux/syscalls.js";
import { pageSize } from "../../bytes/align.js";
import { encodeFprog } from "../bpf.js";
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

const rax = 0, rcx = 1, rdx = 2, rbx = 3, rsp = 4, rbp = 5, rsi = 6, rdi = 7, r8 = 8, r9 = 9, r10 = 10, r12 = 12, r13 = 13; // prettier-ignore
const argumentRegisters = [rdi, rsi, rdx, r10, r8, r9] as const;
const numbers = launchSyscalls["x86-64"];
/** The end of user space with four levels of page tables. */
const taskEnd = 0x7fff_ffff_f000n;

export function assemble({ prefix, steps, finish }: LaunchList, pool: Pool): Uint8Array {
  const code = createCode();
  const failures = createFailures(prefix);
  const { emit, emit32 } = code;

  /** mov reg, value in the shortest form. */
  const set = (reg: number, value: bigint): void => {
    const high = reg >> 3;
    if (value === 0n) {
      if (high) emit(0x45);
      emit(0x31, 0xc0 | ((reg & 7) << 3) | (reg & 7));
    } else if (value > 0n && value < 1n << 32n) {
      if (high) emit(0x41);
      emit(0xb8 | (reg & 7));
      emit32(Number(BigInt.asIntN(32, value)));
    } else if (value === BigInt.asIntN(32, value)) {
      emit(0x48 | high, 0xc7, 0xc0 | (reg & 7));
      emit32(Number(value));
    } else {
      emit(0x48 | high, 0xb8 | (reg & 7));
      code.emit64(value);
    }
  };
  /** The bytes of ModRM, SIB and disp32 for [rsp + offset]. */
  const onStack = (reg: number, offset: number): void => {
    emit(0x84 | ((reg & 7) << 3), 0x24);
    emit32(offset);
  };
  /** The same for an absolute address below 2 GiB. */
  const absolute = (reg: number, address: number): void => {
    emit(0x04 | (reg << 3), 0x25);
    emit32(address);
  };
  const operand = (reg: number, value: LaunchOperand): void => {
    if (typeof value === "number" || typeof value === "bigint") set(reg, BigInt(value));
    else if ("data" in value) set(reg, BigInt(pool.address(value.data)));
    else if ("table" in value) set(reg, BigInt(tableAddress(pool, value.table)));
    else {
      emit(0x48 | ((reg >> 3) << 2), 0x8d); // lea
      onStack(reg, value.scratch);
    }
  };
  const syscall = (call: LaunchSyscall, args: readonly LaunchOperand[]): void => {
    args.forEach((value, i) => operand(argumentRegisters[i] ?? rdi, value));
    set(rax, BigInt(numbers[call]));
    emit(0x0f, 0x05);
  };
  const jump = (opcode: readonly number[], to: string): void =>
    code.jump(to, opcode.length + 4, (from, target) => [
      ...opcode,
      ...littleEndian32(target - from - opcode.length - 4),
    ]);
  const jumpIfSign = [0x0f, 0x88], jumpIfZero = [0x0f, 0x84], jumpIfNotZero = [0x0f, 0x85], jumpIfAbove = [0x0f, 0x87], jumpAlways = [0xe9]; // prettier-ignore
  const failOnError = (message: string): void => {
    emit(0x48, 0x85, 0xc0); // test rax, rax
    jump(jumpIfSign, failures.add(message, true));
  };

  const emitStep = (step: LaunchStep): void => {
    switch (step.op) {
      case "call":
        syscall(step.call, step.args);
        if (step.fail !== undefined) failOnError(step.fail);
        if (step.expect !== undefined) {
          set(rcx, step.expect);
          emit(0x48, 0x39, 0xc8); // cmp rax, rcx
          jump(jumpIfNotZero, failures.add(step.mismatch ?? `${step.call}: unexpected result`, false));
        }
        return;
      case "fork": {
        const child = `child${code.length}`;
        // No stack and no thread-local storage of its own.
        syscall("clone", [step.flags, 0, 0, 0, 0]);
        failOnError(step.fail);
        jump(jumpIfZero, child);
        emit(0x89); // mov [rsp], eax
        onStack(rax, 0);
        syscall("write", [step.tell, { scratch: 0 }, 4]);
        syscall("exit_group", [0]);
        code.label(child);
        return;
      }
      case "prepare": {
        const from = pool.address(step.data);
        for (let at = 0; at < step.data.length; at += 8) {
          emit(0x48, 0x8b); // mov rax, [from + at]
          absolute(rax, from + at);
          emit(0x48, 0x89); // mov [rsp + scratch + at], rax
          onStack(rax, step.scratch + at);
        }
        return;
      }
      case "require":
        emit(0x66, 0xf7); // test word [rsp + scratch], mask
        onStack(0, step.scratch);
        emit(step.mask & 0xff, step.mask >> 8);
        jump(jumpIfZero, failures.add(step.fail, false));
        return;
      case "publish":
        emit(0x66, 0x8b); // mov ax, [rsp + scratch]
        onStack(rax, step.scratch);
        emit(0x66, 0x89); // mov [address], ax
        absolute(rax, step.address);
        return;
      case "mask":
        emit(0x80); // and byte [address], and
        absolute(4, step.address);
        emit(step.and);
        emit(0x80); // or byte [address], or
        absolute(1, step.address);
        emit(step.or);
        return;
      default:
        step satisfies never;
    }
  };

  const confine = (memEnd: number, filter: Uint8Array): void => {
    // r12 = end of the stack's mapping: behind the file's name, found through the auxiliary vector, come 8 zero bytes.
    emit(0x48, 0x8d); // lea rbx, [rsp + scratchSize]
    onStack(rbx, scratchSize);
    emit(0x48, 0x8b, 0x03); // mov rax, [rbx]: argc
    emit(0x48, 0x8d, 0x5c, 0xc3, 0x10); // lea rbx, [rbx + rax * 8 + 16]: envp
    code.label("environment");
    emit(0x48, 0x83, 0xc3, 0x08); // add rbx, 8
    emit(0x48, 0x83, 0x7b, 0xf8, 0x00); // cmp qword [rbx - 8], 0
    jump(jumpIfNotZero, "environment");
    code.label("auxiliary");
    emit(0x48, 0x83, 0xc3, 0x10); // add rbx, 16
    emit(0x48, 0x83, 0x7b, 0xf0, atExecfn); // cmp qword [rbx - 16], AT_EXECFN
    jump(jumpIfNotZero, "auxiliary");
    emit(0x4c, 0x8b, 0x63, 0xf8); // mov r12, [rbx - 8]
    code.label("name");
    emit(0x49, 0xff, 0xc4); // inc r12
    emit(0x41, 0x80, 0x7c, 0x24, 0xff, 0x00); // cmp byte [r12 - 1], 0
    jump(jumpIfNotZero, "name");
    emit(0x49, 0x81, 0xc4); // add r12, 8 + 4095
    emit32(8 + 4095);
    emit(0x49, 0x81, 0xe4); // and r12, -pageSize
    emit32(-pageSize);
    emit(0x4c, 0x8d, 0xac, 0x24); // lea r13, [rsp - stackReach]
    emit32(-stackReach);
    emit(0x49, 0x81, 0xe5); // and r13, -pageSize
    emit32(-pageSize);
    emit(0x4d, 0x29, 0xec); // sub r12, r13

    // Everything above the guest in one call; a kernel that seals the vdso refuses, then the stack goes alone.
    syscall("munmap", [memEnd, taskEnd - BigInt(memEnd)]);
    emit(0x4c, 0x89, 0xef); // mov rdi, r13
    emit(0x4c, 0x89, 0xe6); // mov rsi, r12
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
    set(rsp, BigInt(finish.stackPointer));
    for (const reg of [rcx, rdx, rbx, rbp, rsi, r8, r9, r10, 11, r12, r13, 14, 15]) set(reg, 0n);
    set(rdi, BigInt(finish.bootInfo));
    set(rax, BigInt(finish.entry));
    emit(0xff, 0xe0); // jmp rax
  };

  emit(0x48, 0x81, 0xec); // sub rsp, scratchSize
  emit32(scratchSize);
  for (const step of steps) emitStep(step);

  if (finish !== undefined) emitFinish(finish);

  for (const { label, text, withReason } of failures.all) {
    code.label(label);
    if (withReason) emit(0x89, 0xc5, 0xf7, 0xdd); // mov ebp, eax; neg ebp
    else set(rbp, -1n);
    set(rsi, BigInt(pool.address(text)));
    set(rdx, BigInt(text.length));
    jump(jumpAlways, "fail");
  }
  code.label("fail");
  const table = pool.address(reasonTable());
  set(rdi, BigInt(stderr));
  syscall("write", []);
  emit(0x81, 0xfd); // cmp ebp, reasonCount - 1
  emit32(reasonCount - 1);
  jump(jumpIfAbove, "exit");
  emit(0x0f, 0xb7, 0x34, 0xad); // movzx esi, word [rbp * 4 + table]
  emit32(table);
  emit(0x81, 0xc6); // add esi, table
  emit32(table);
  emit(0x0f, 0xb7, 0x14, 0xad); // movzx edx, word [rbp * 4 + table + 2]
  emit32(table + 2);
  set(rdi, BigInt(stderr));
  syscall("write", []);
  code.label("exit");
  syscall("exit_group", [1]);
  return code.finish();
}
