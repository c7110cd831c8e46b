// Decoded instructions by address, forgotten when their page is written.
import { pageSize } from "../../bytes/align.js";
import { decode } from "../../isa/aarch64/decoder.js";
import type { Instruction, Row, Semantics } from "../../isa/aarch64/instruction.js";
import type { Evaluator } from "./evaluator.js";
import { exceptionClass, GuestFault, undefinedInstruction } from "./fault.js";
import { floatInstruction } from "./float-instructions.js";
import type { ProcessMemory } from "./memory.js";
import type { Machine } from "./machine.js";
import { saturatingInstruction } from "./saturating.js";
import { slowInstructions } from "./slow.js";

/** A decoded instruction and what does it. */
export interface Step {
  readonly instruction: Instruction;
  readonly execute: (e: Evaluator, i: Instruction) => void;
}

type Page = (Step | undefined)[];

export class Steps {
  readonly #memory: ProcessMemory;
  readonly #machine: Machine;
  readonly #pages = new Map<number, Page>();
  #current: Page = [];
  #currentStart = Number.NaN;
  readonly #executors = new Map<Row, Step["execute"]>();

  constructor(memory: ProcessMemory, machine: Machine) {
    this.#memory = memory;
    this.#machine = machine;
    memory.onCodeWritten = (page) => this.#drop(page);
  }

  at(pc: number): Step | undefined {
    const offset = pc & (pageSize - 1);
    if (pc - offset !== this.#currentStart) this.#enter(pc - offset);
    return this.#current[offset];
  }

  /** The same without making the page current. */
  peek(pc: number): Step | undefined {
    const offset = pc & (pageSize - 1);
    return this.#pages.get(pc - offset)?.[offset];
  }

  keep(pc: number, step: Step): void {
    this.at(pc);
    this.#current[pc & (pageSize - 1)] = step;
  }

  forget(pc: number): void {
    this.at(pc);
    this.#current[pc & (pageSize - 1)] = undefined;
  }

  #enter(start: number): void {
    let page = this.#pages.get(start);
    if (page === undefined) this.#pages.set(start, (page = []));
    this.#current = page;
    this.#currentStart = start;
  }

  #drop(page: number): void {
    this.#pages.delete(page * pageSize);
    this.#currentStart = Number.NaN;
  }

  /** Fetches and decodes; throws the fault of it. */
  fetch(pc: number): Step {
    if (pc % 4 !== 0)
      throw new GuestFault(exceptionClass.PC_ALIGNMENT, 0, "an address that is not aligned to 4", {
        address: BigInt.asUintN(64, BigInt(pc)),
      });
    const high = Math.floor(pc / 0x1_0000_0000);
    const at = this.#memory.place(pc | 0, high | 0, 4, "execute");
    this.#memory.holdsCode(at);
    const word = this.#memory.view.getInt32(at, true);
    const instruction = decode(word, pc);
    if (instruction === undefined)
      throw undefinedInstruction(`no instruction: ${(word >>> 0).toString(16).padStart(8, "0")}`);
    return { instruction, execute: this.#executor(instruction) };
  }

  #executor({ row }: Instruction): Step["execute"] {
    const run: Semantics | undefined = row.traits.run;
    let execute = this.#executors.get(row);
    if (execute === undefined) {
      // What tells FPSR of something is not done by its semantics, which know nothing of FPCR.
      const exact = floatInstruction(row) ?? saturatingInstruction(row);
      if (exact === undefined && run !== undefined) return run;
      const slow = exact ?? slowInstructions[row.mnemonic];
      if (slow === undefined) throw new RangeError(`nothing implements ${row.mnemonic}`);
      execute = (_e, i) => slow(this.#machine, i);
      this.#executors.set(row, execute);
    }
    return execute;
  }
}
