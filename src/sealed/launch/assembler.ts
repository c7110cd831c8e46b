// A launch list as machine code, whatever the ISA: what each step does and how the launch ends and fails. An ISA's assembler
// knows the instructions.
import { launchSyscalls, prctlOp, seccompSetFilter, type LaunchSyscall } from "../../abi/linux/syscalls.js";
import type { Isa } from "../../abi/elf.js";
import { encodeFprog } from "../bpf.js";
import { createCode } from "./code.js";
import { createFailures, reasonTable } from "./failure.js";
import { tableAddress, type Pool } from "./pool.js";
import { stderr, type Finish, type LaunchList, type LaunchOperand, type LaunchStep } from "./step.js";

export abstract class LaunchAssembler {
  protected readonly code = createCode();
  readonly #pool: Pool;
  readonly #list: LaunchList;
  readonly #failures: ReturnType<typeof createFailures>;
  readonly #numbers: Readonly<Record<LaunchSyscall, number | null>>;
  readonly #isa: Isa;
  /** The end of user space. */
  readonly #taskEnd: bigint;

  constructor(isa: Isa, taskEnd: bigint, list: LaunchList, pool: Pool) {
    this.#isa = isa;
    this.#taskEnd = taskEnd;
    this.#numbers = launchSyscalls[isa];
    this.#list = list;
    this.#pool = pool;
    this.#failures = createFailures(list.prefix);
  }

  assemble(): Uint8Array {
    const { steps, finish } = this.#list;
    this.reserveScratch();
    for (const step of steps) this.#step(step);
    if (finish !== undefined) this.#finish(finish);
    this.#fail();
    return this.code.finish();
  }

  // What an ISA has instructions for. The result is that of the latest system call.

  /** Room for the list's scratch on the stack. */
  protected abstract reserveScratch(): void;
  /** Sets an argument of a system call, or the number of the call. */
  protected abstract setArgument(index: number, value: bigint): void;
  protected abstract setArgumentToScratch(index: number, offset: number): void;
  protected abstract setNumber(value: bigint): void;
  protected abstract trap(): void;
  protected abstract jump(label: string): void;
  protected abstract jumpIfNegative(label: string): void;
  protected abstract jumpIfZero(label: string): void;
  protected abstract jumpUnlessEqual(value: bigint, label: string): void;
  /** Stores the result's lower half at the start of the scratch. */
  protected abstract storeResult(): void;
  /** Copies bytes, a multiple of 8, into the scratch. */
  protected abstract copyToScratch(from: number, length: number, offset: number): void;
  /** Jumps where a half-word of the scratch has no bit of a mask. */
  protected abstract jumpUnlessAny(offset: number, mask: number, label: string): void;
  protected abstract copyHalfFromScratch(offset: number, address: number): void;
  protected abstract maskByte(address: number, and: number, or: number): void;
  /** Finds the initial stack's mapping; then makes it the first two arguments. */
  protected abstract findStack(): void;
  protected abstract setArgumentsToStack(): void;
  /** Clears all registers but what the guest gets, and goes to it. */
  protected abstract enter(finish: Finish): void;
  /** Keeps the reason for a failure over system calls: the result's errno, or none. */
  protected abstract keepReason(isErrno: boolean): void;
  /** Makes the kept reason's text the second and third argument; jumps where there is none. */
  protected abstract setArgumentsToReason(table: number, otherwise: string): void;

  protected syscall(call: LaunchSyscall, args: readonly LaunchOperand[]): void {
    const number = this.#numbers[call];
    if (number === null) throw new RangeError(`${call} does not exist on ${this.#isa}`);
    args.forEach((value, index) => this.#argument(index, value));
    this.setNumber(BigInt(number));
    this.trap();
  }

  #argument(index: number, value: LaunchOperand): void {
    if (typeof value === "number" || typeof value === "bigint") this.setArgument(index, BigInt(value));
    else if ("data" in value) this.setArgument(index, BigInt(this.#pool.address(value.data)));
    else if ("table" in value) this.setArgument(index, BigInt(tableAddress(this.#pool, value.table)));
    else this.setArgumentToScratch(index, value.scratch);
  }

  #failOnError(message: string): void {
    this.jumpIfNegative(this.#failures.add(message, true));
  }

  #step(step: LaunchStep): void {
    const failures = this.#failures;
    switch (step.op) {
      case "call":
        this.syscall(step.call, step.args);
        if (step.fail !== undefined) this.#failOnError(step.fail);
        if (step.expect !== undefined) {
          const label = failures.add(step.mismatch ?? `${step.call}: unexpected result`, false);
          this.jumpUnlessEqual(step.expect, label);
        }
        return;
      case "fork": {
        const child = `child${this.code.length}`;
        // No stack and no thread-local storage of its own.
        this.syscall("clone", [step.flags, 0, 0, 0, 0]);
        this.#failOnError(step.fail);
        this.jumpIfZero(child);
        this.storeResult();
        this.syscall("write", [step.tell, { scratch: 0 }, 4]);
        this.syscall("exit_group", [0]);
        return this.code.label(child);
      }
      case "prepare":
        return this.copyToScratch(this.#pool.address(step.data), step.data.length, step.scratch);
      case "require":
        return this.jumpUnlessAny(step.scratch, step.mask, failures.add(step.fail, false));
      case "publish":
        return this.copyHalfFromScratch(step.scratch, step.address);
      case "mask":
        return this.maskByte(step.address, step.and, step.or);
      default:
        step satisfies never;
    }
  }

  #finish(finish: Finish): void {
    if (finish.filter !== undefined) this.#confine(finish.memEnd, finish.filter);
    this.enter(finish);
  }

  #confine(memEnd: number, filter: Uint8Array): void {
    this.findStack();
    // Everything above the guest in one call; a kernel that seals the vdso refuses, then the stack goes alone.
    this.syscall("munmap", [memEnd, this.#taskEnd - BigInt(memEnd)]);
    this.setArgumentsToStack();
    this.syscall("munmap", []);
    this.#failOnError("munmap of the initial stack");
    this.syscall("prctl", [prctlOp.setNoNewPrivs, 1, 0, 0, 0]);
    this.#failOnError("prctl(PR_SET_NO_NEW_PRIVS)");
    const program = encodeFprog(filter.length, this.#pool.address(filter));
    this.syscall("seccomp", [seccompSetFilter, 0, { data: program }]);
    this.#failOnError("seccomp(SECCOMP_SET_MODE_FILTER)");
  }

  /** One line on stderr: the message, then the reason. */
  #fail(): void {
    for (const { label, text, withReason } of this.#failures.all) {
      this.code.label(label);
      this.keepReason(withReason);
      this.setArgument(1, BigInt(this.#pool.address(text)));
      this.setArgument(2, BigInt(text.length));
      this.jump("fail");
    }
    this.code.label("fail");
    const table = this.#pool.address(reasonTable());
    this.setArgument(0, BigInt(stderr));
    this.syscall("write", []);
    this.setArgumentsToReason(table, "exit");
    this.setArgument(0, BigInt(stderr));
    this.syscall("write", []);
    this.code.label("exit");
    this.syscall("exit_group", [1]);
  }
}
