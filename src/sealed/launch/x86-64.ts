// A launch list as x86-64 machine code. Intel SDM volume 2; the system call convention of the System V ABI, A.2.1.
import { pageSize } from "../../bytes/align.js";
import { LaunchAssembler } from "./assembler.js";
import { littleEndian32 } from "./code.js";
import { reasonCount } from "./failure.js";
import type { Pool } from "./pool.js";
import { atExecfn, scratchSize, stackReach, type Finish, type LaunchList } from "./step.js";

const rax = 0, rcx = 1, rdx = 2, rbx = 3, rsp = 4, rbp = 5, rsi = 6, rdi = 7, r8 = 8, r9 = 9, r10 = 10, r12 = 12, r13 = 13; // prettier-ignore
const argumentRegisters = [rdi, rsi, rdx, r10, r8, r9] as const;
const jumpIfSign = [0x0f, 0x88], jumpIfZero = [0x0f, 0x84], jumpIfNotZero = [0x0f, 0x85], jumpIfAbove = [0x0f, 0x87], jumpAlways = [0xe9]; // prettier-ignore
/** The end of user space with four levels of page tables. */
const taskEnd = 0x7fff_ffff_f000n;

export const assemble = (list: LaunchList, pool: Pool): Uint8Array => new X86Assembler(list, pool).assemble();

class X86Assembler extends LaunchAssembler {
  constructor(list: LaunchList, pool: Pool) {
    super("x86-64", taskEnd, list, pool);
  }

  /** mov reg, value in the shortest form. */
  #set(reg: number, value: bigint): void {
    const { emit, emit32, emit64 } = this.code;
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
      emit64(value);
    }
  }

  /** An instruction with an operand [rsp + offset]: its bytes, then ModRM, SIB and disp32. */
  #onStack(opcode: readonly number[], reg: number, offset: number): void {
    this.code.emit(...opcode, 0x84 | ((reg & 7) << 3), 0x24);
    this.code.emit32(offset);
  }

  /** The same for an absolute address below 2 GiB. */
  #absolute(opcode: readonly number[], reg: number, address: number): void {
    this.code.emit(...opcode, 0x04 | (reg << 3), 0x25);
    this.code.emit32(address);
  }

  #jump(opcode: readonly number[], to: string): void {
    const size = opcode.length + 4;
    this.code.jump(to, size, (from, target) => [...opcode, ...littleEndian32(target - from - size)]);
  }

  protected reserveScratch(): void {
    this.code.emit(0x48, 0x81, 0xec); // sub rsp, scratchSize
    this.code.emit32(scratchSize);
  }
  protected setArgument(index: number, value: bigint): void {
    this.#set(argumentRegisters[index] ?? rdi, value);
  }
  protected setArgumentToScratch(index: number, offset: number): void {
    const reg = argumentRegisters[index] ?? rdi;
    this.#onStack([0x48 | ((reg >> 3) << 2), 0x8d], reg, offset); // lea
  }
  protected setNumber(value: bigint): void {
    this.#set(rax, value);
  }
  protected trap(): void {
    this.code.emit(0x0f, 0x05);
  }
  protected jump(label: string): void {
    this.#jump(jumpAlways, label);
  }
  protected jumpIfNegative(label: string): void {
    this.code.emit(0x48, 0x85, 0xc0); // test rax, rax
    this.#jump(jumpIfSign, label);
  }
  /** Behind a test of rax. */
  protected jumpIfZero(label: string): void {
    this.#jump(jumpIfZero, label);
  }
  protected jumpUnlessEqual(value: bigint, label: string): void {
    this.#set(rcx, value);
    this.code.emit(0x48, 0x39, 0xc8); // cmp rax, rcx
    this.#jump(jumpIfNotZero, label);
  }
  protected storeResult(): void {
    this.#onStack([0x89], rax, 0); // mov [rsp], eax
  }
  protected copyToScratch(from: number, length: number, offset: number): void {
    for (let at = 0; at < length; at += 8) {
      this.#absolute([0x48, 0x8b], rax, from + at); // mov rax, [from + at]
      this.#onStack([0x48, 0x89], rax, offset + at); // mov [rsp + offset + at], rax
    }
  }
  protected jumpUnlessAny(offset: number, mask: number, label: string): void {
    this.#onStack([0x66, 0xf7], 0, offset); // test word [rsp + offset], mask
    this.code.emit(mask & 0xff, mask >> 8);
    this.#jump(jumpIfZero, label);
  }
  protected copyHalfFromScratch(offset: number, address: number): void {
    this.#onStack([0x66, 0x8b], rax, offset); // mov ax, [rsp + offset]
    this.#absolute([0x66, 0x89], rax, address); // mov [address], ax
  }
  protected maskByte(address: number, and: number, or: number): void {
    this.#absolute([0x80], 4, address); // and byte [address], and
    this.code.emit(and);
    this.#absolute([0x80], 1, address); // or byte [address], or
    this.code.emit(or);
  }

  /** r13 = its start, r12 = its length: behind the file's name, found through the auxiliary vector, come 8 zero bytes. */
  protected findStack(): void {
    const { code } = this;
    const { emit, emit32 } = code;
    this.#onStack([0x48, 0x8d], rbx, scratchSize); // lea rbx, [rsp + scratchSize]
    emit(0x48, 0x8b, 0x03); // mov rax, [rbx]: argc
    emit(0x48, 0x8d, 0x5c, 0xc3, 0x10); // lea rbx, [rbx + rax * 8 + 16]: envp
    code.label("environment");
    emit(0x48, 0x83, 0xc3, 0x08); // add rbx, 8
    emit(0x48, 0x83, 0x7b, 0xf8, 0x00); // cmp qword [rbx - 8], 0
    this.#jump(jumpIfNotZero, "environment");
    code.label("auxiliary");
    emit(0x48, 0x83, 0xc3, 0x10); // add rbx, 16
    emit(0x48, 0x83, 0x7b, 0xf0, atExecfn); // cmp qword [rbx - 16], AT_EXECFN
    this.#jump(jumpIfNotZero, "auxiliary");
    emit(0x4c, 0x8b, 0x63, 0xf8); // mov r12, [rbx - 8]
    code.label("name");
    emit(0x49, 0xff, 0xc4); // inc r12
    emit(0x41, 0x80, 0x7c, 0x24, 0xff, 0x00); // cmp byte [r12 - 1], 0
    this.#jump(jumpIfNotZero, "name");
    emit(0x49, 0x81, 0xc4); // add r12, 8 + 4095
    emit32(8 + 4095);
    emit(0x49, 0x81, 0xe4); // and r12, -pageSize
    emit32(-pageSize);
    emit(0x4c, 0x8d, 0xac, 0x24); // lea r13, [rsp - stackReach]
    emit32(-stackReach);
    emit(0x49, 0x81, 0xe5); // and r13, -pageSize
    emit32(-pageSize);
    emit(0x4d, 0x29, 0xec); // sub r12, r13
  }
  protected setArgumentsToStack(): void {
    this.code.emit(0x4c, 0x89, 0xef); // mov rdi, r13
    this.code.emit(0x4c, 0x89, 0xe6); // mov rsi, r12
  }
  protected enter({ stackPointer, bootInfo, entry }: Finish): void {
    this.#set(rsp, BigInt(stackPointer));
    for (const reg of [rcx, rdx, rbx, rbp, rsi, r8, r9, r10, 11, r12, r13, 14, 15]) this.#set(reg, 0n);
    this.#set(rdi, BigInt(bootInfo));
    this.#set(rax, BigInt(entry));
    this.code.emit(0xff, 0xe0); // jmp rax
  }
  protected keepReason(isErrno: boolean): void {
    if (isErrno) this.code.emit(0x89, 0xc5, 0xf7, 0xdd); // mov ebp, eax; neg ebp
    else this.#set(rbp, -1n);
  }
  protected setArgumentsToReason(table: number, otherwise: string): void {
    const { emit, emit32 } = this.code;
    emit(0x81, 0xfd); // cmp ebp, reasonCount - 1
    emit32(reasonCount - 1);
    this.#jump(jumpIfAbove, otherwise);
    emit(0x0f, 0xb7, 0x34, 0xad); // movzx esi, word [rbp * 4 + table]
    emit32(table);
    emit(0x81, 0xc6); // add esi, table
    emit32(table);
    emit(0x0f, 0xb7, 0x14, 0xad); // movzx edx, word [rbp * 4 + table + 2]
    emit32(table + 2);
  }
}
