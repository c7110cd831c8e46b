// A launch list as A64 machine code. Arm Architecture Reference Manual, C6; the system call convention is syscall(2)'s:
// number in x8, arguments in x0 to x5, result in x0.
import { LaunchAssembler } from "./assembler.js";
import { littleEndian32 } from "./code.js";
import { reasonCount } from "./failure.js";
import type { Pool } from "./pool.js";
import { atExecfn, scratchSize, stackReach, type Finish, type LaunchList } from "./step.js";

/** The end of user space with 48-bit addresses. */
const taskEnd = 0x1_0000_0000_0000n;

/** Registers: x0 to x30 by number; 31 is the zero register or the stack pointer, as the instruction says. */
const zr = 31, sp = 31, x0 = 0, x8 = 8, x9 = 9, x10 = 10; // prettier-ignore
/** Kept over system calls, which change x0 alone. */
const walk = 19, stackEnd = 20, stackLow = 21, errno = 22; // prettier-ignore
const condition = { ne: 1, hi: 8, lt: 11 } as const;

export const assemble = (list: LaunchList, pool: Pool): Uint8Array => new A64Assembler(list, pool).assemble();

class A64Assembler extends LaunchAssembler {
  constructor(list: LaunchList, pool: Pool) {
    super("aarch64", taskEnd, list, pool);
  }

  #op(base: number, rd: number, rn = 0, rest = 0): void {
    this.code.emit32((base | rest | (rn << 5) | rd) >>> 0);
  }
  #addImm(rd: number, rn: number, imm: number): void {
    this.#op(0x91000000, rd, rn, imm << 10);
  }
  #move(rd: number, rm: number): void {
    this.#op(0xaa0003e0, rd, 0, rm << 16);
  }
  #load(rt: number, rn: number, offset: number): void {
    this.#op(0xf9400000, rt, rn, (offset / 8) << 10);
  }
  #store(rt: number, rn: number, offset: number): void {
    this.#op(0xf9000000, rt, rn, (offset / 8) << 10);
  }
  #loadHalf(rt: number, rn: number, offset: number): void {
    this.#op(0x79400000, rt, rn, (offset / 2) << 10);
  }
  #loadByte(rt: number, rn: number): void {
    this.#op(0x39400000, rt, rn);
  }
  #and32(rd: number, rn: number, rm: number): void {
    this.#op(0x0a000000, rd, rn, rm << 16);
  }
  #compareImm(rn: number, imm: number): void {
    this.#op(0xf100001f, 0, rn, imm << 10);
  }
  #pageDown(rd: number): void {
    this.#op(0x92400000, rd, rd, (52 << 16) | (51 << 10));
  }
  /** Jumps of ±1 MiB: conditional branches and compare-and-branch share their form. */
  #branch19(base: number, to: string): void {
    this.code.jump(to, 4, (from, target) => littleEndian32(base | ((((target - from) / 4) & 0x7ffff) << 5)));
  }
  #branchIf(when: keyof typeof condition, to: string): void {
    this.#branch19(0x54000000 | condition[when], to);
  }
  #branchIfZero(rt: number, to: string): void {
    this.#branch19(0xb4000000 | rt, to);
  }
  #branchIfNotZero(rt: number, to: string): void {
    this.#branch19(0xb5000000 | rt, to);
  }
  /** MOVZ, then MOVK for each other half-word that is not 0. */
  #set(rd: number, value: bigint): void {
    const bits = BigInt.asUintN(64, value);
    for (let hw = 0; hw < 4; hw++) {
      const part = Number((bits >> BigInt(16 * hw)) & 0xffffn);
      if (hw === 0 || part !== 0)
        this.#op(hw === 0 ? 0xd2800000 : 0xf2800000, rd, 0, (hw << 21) | (part << 5));
    }
  }

  protected reserveScratch(): void {
    this.#op(0xd1000000, sp, sp, scratchSize << 10); // sub sp, sp, #scratchSize
  }
  protected setArgument(index: number, value: bigint): void {
    this.#set(index, value);
  }
  protected setArgumentToScratch(index: number, offset: number): void {
    this.#addImm(index, sp, offset);
  }
  protected setNumber(value: bigint): void {
    this.#set(x8, value);
  }
  protected trap(): void {
    this.code.emit32(0xd4000001); // svc #0
  }
  protected jump(label: string): void {
    this.code.jump(label, 4, (from, target) =>
      littleEndian32(0x14000000 | (((target - from) / 4) & 0x3ffffff)),
    );
  }
  protected jumpIfNegative(label: string): void {
    this.#compareImm(x0, 0);
    this.#branchIf("lt", label);
  }
  protected jumpIfZero(label: string): void {
    this.#branchIfZero(x0, label);
  }
  protected jumpUnlessEqual(value: bigint, label: string): void {
    this.#set(x9, value);
    this.#op(0xeb00001f, 0, x0, x9 << 16); // cmp x0, x9
    this.#branchIf("ne", label);
  }
  protected storeResult(): void {
    this.#op(0xb9000000, x0, sp); // str w0, [sp]
  }
  protected copyToScratch(from: number, length: number, offset: number): void {
    this.#set(x9, BigInt(from));
    for (let at = 0; at < length; at += 8) {
      this.#load(x10, x9, at);
      this.#store(x10, sp, offset + at);
    }
  }
  protected jumpUnlessAny(offset: number, mask: number, label: string): void {
    this.#loadHalf(x9, sp, offset);
    this.#set(x10, BigInt(mask));
    this.#and32(x9, x9, x10);
    this.#branchIfZero(x9, label);
  }
  protected copyHalfFromScratch(offset: number, address: number): void {
    this.#loadHalf(x9, sp, offset);
    this.#set(x10, BigInt(address));
    this.#op(0x79000000, x9, x10); // strh w9, [x10]
  }
  protected maskByte(address: number, and: number, or: number): void {
    this.#set(x10, BigInt(address));
    this.#loadByte(x9, x10);
    this.#set(x0, BigInt(and));
    this.#and32(x9, x9, x0);
    this.#set(x0, BigInt(or));
    this.#op(0x2a000000, x9, x9, x0 << 16); // orr w9, w9, w0
    this.#op(0x39000000, x9, x10); // strb w9, [x10]
  }

  /** Behind the file's name, found through the auxiliary vector, come 8 zero bytes, and the end of the mapping. */
  protected findStack(): void {
    const { code } = this;
    this.#addImm(walk, sp, scratchSize);
    this.#load(x9, walk, 0); // argc
    this.#op(0x8b000000, walk, walk, (x9 << 16) | (3 << 10)); // add walk, walk, x9, lsl #3
    this.#addImm(walk, walk, 16); // envp
    code.label("environment");
    this.#load(x9, walk, 0);
    this.#addImm(walk, walk, 8);
    this.#branchIfNotZero(x9, "environment");
    code.label("auxiliary");
    this.#load(x9, walk, 0);
    this.#load(stackEnd, walk, 8);
    this.#addImm(walk, walk, 16);
    this.#compareImm(x9, atExecfn);
    this.#branchIf("ne", "auxiliary");
    code.label("name");
    this.#loadByte(x9, stackEnd);
    this.#addImm(stackEnd, stackEnd, 1);
    this.#branchIfNotZero(x9, "name");
    this.#addImm(stackEnd, stackEnd, 8);
    this.#addImm(stackEnd, stackEnd, 4095);
    this.#pageDown(stackEnd);
    this.#addImm(stackLow, sp, 0);
    this.#op(0xd1400000, stackLow, stackLow, (stackReach >> 12) << 10); // sub with the immediate shifted left by 12
    this.#pageDown(stackLow);
    this.#op(0xcb000000, stackEnd, stackEnd, stackLow << 16); // sub stackEnd, stackEnd, stackLow: now the length
  }
  protected setArgumentsToStack(): void {
    this.#move(0, stackLow);
    this.#move(1, stackEnd);
  }
  protected enter({ stackPointer, bootInfo, entry }: Finish): void {
    this.#set(x9, BigInt(stackPointer));
    this.#addImm(sp, x9, 0);
    this.#set(x9, BigInt(entry));
    for (let reg = 1; reg <= 30; reg++) if (reg !== x9) this.#move(reg, zr);
    this.#set(x0, BigInt(bootInfo));
    this.#op(0xd61f0000, 0, x9); // br x9
  }
  protected keepReason(isErrno: boolean): void {
    if (isErrno) this.#op(0x4b0003e0, errno, 0, x0 << 16); // neg w22, w0
    else this.#set(errno, 0xffff_ffffn);
  }
  protected setArgumentsToReason(table: number, otherwise: string): void {
    this.#compareImm(errno, reasonCount - 1);
    this.#branchIf("hi", otherwise);
    this.#set(x9, BigInt(table));
    this.#op(0x8b000000, x10, x9, (errno << 16) | (2 << 10)); // add x10, x9, errno, lsl #2
    this.#loadHalf(1, x10, 0);
    this.#loadHalf(2, x10, 2);
    this.#op(0x8b000000, 1, x9, 1 << 16); // add x1, x9, x1
  }
}
