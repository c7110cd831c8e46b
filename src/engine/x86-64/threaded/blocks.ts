// Decodes guest code into the arena, block by block, and forgets what has changed.
import { pageSize } from "../../../bytes/align.js";
import { MAX_LENGTH } from "../../../isa/x86-64/decoder.js";
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import type { Core } from "../core.js";
import { GuestFault } from "../fault.js";
import type { Arena } from "./arena.js";
import type { Known } from "./flag-state.js";
import type { Form, Forms } from "./forms.js";
import {
  type EndKind,
  ends,
  head as headOffset,
  INVALID,
  NEXT_STUB,
  RECORD,
  record as recordOffset,
  recordFlags,
  STUB,
} from "./layout.js";
import { newFields } from "./shape.js";
import { fixedHandlers } from "./status.js";

/** The most instructions of a block. */
const LONGEST = 64;
/** A page whose code has been written so often is left to the interpreter. */
const MAX_FORGOTTEN = 40;

/** By the table's word for it; what is slow ends a block too, but leads to no head by itself. */
const kinds: Readonly<Record<string, EndKind>> = { jumpTo: "indirect", ret: "indirect", stop: "none" };
const endNumber = (flow: string): number =>
  Math.max(0, ends.indexOf(kinds[flow] ?? (flow as EndKind))) * recordFlags.end;

const offsetIn = (pc: number) => pc & (pageSize - 1);

export class Blocks {
  /** Forms without a handler that decoded code waits for. */
  readonly pending = new Set<Form>();
  readonly #core: Core;
  readonly #arena: Arena;
  readonly #forms: Forms;
  readonly #heads = new Map<number, number>();
  /** Heads by the physical page that their code is in. */
  readonly #pages = new Map<number, number[]>();
  readonly #forgotten = new Map<number, number>();
  readonly #fields = newFields();

  constructor(core: Core, arena: Arena, forms: Forms) {
    this.#core = core;
    this.#arena = arena;
    this.#forms = forms;
  }

  /** The head at an address, or 0 where nothing is decoded. */
  find(pc: number): number {
    return this.#heads.get(pc) ?? 0;
  }

  /** Decodes the block at an address; 0 where that is left to the interpreter. */
  decode(pc: number): number {
    const instructions = this.#instructions(pc);
    const [first] = instructions;
    if (first === undefined) return 0;
    const { mmu } = this.#core;
    const pages = new Set(
      [pc, (instructions.at(-1) ?? first).next - 1].map((at) => Math.floor(at / pageSize)),
    );
    const physical = [...pages].map((page) =>
      mmu.holdsCode(mmu.byteAt(Math.max(pc, page * pageSize), "execute")),
    );
    if (physical.some((page) => (this.#forgotten.get(page) ?? 0) > MAX_FORGOTTEN)) return 0;
    let at = this.#arena.reserve(instructions.length + 1);
    if (at === 0) {
      this.clear();
      at = this.#arena.reserve(instructions.length + 1);
    }
    this.#writeHead(at, pc, instructions.length);
    this.#writeRecords(at, instructions);
    this.#heads.set(pc, at);
    for (const page of physical) {
      const known = this.#pages.get(page);
      if (known === undefined) this.#pages.set(page, [at]);
      else known.push(at);
    }
    return at;
  }

  /** The instructions of a block; none that may reach into another page, but the first. */
  #instructions(pc: number): Instruction[] {
    const found: Instruction[] = [];
    let at = pc;
    try {
      do {
        const i = this.#core.instructionAt(at);
        found.push(i);
        at = i.next;
        if (i.row.traits.flow !== undefined) break;
      } while (
        found.length < LONGEST &&
        offsetIn(at) > offsetIn(pc) &&
        offsetIn(at) + MAX_LENGTH <= pageSize
      );
    } catch (error) {
      if (!(error instanceof GuestFault)) throw error;
    }
    return found;
  }

  #writeHead(at: number, pc: number, count: number): void {
    const { i64, f64 } = this.#arena;
    this.#arena.setWord(at + headOffset.count, count);
    this.#arena.setWord(at + headOffset.countdown, 0);
    this.#arena.setWord(at + headOffset.translated, 0);
    i64[(at + headOffset.key) >> 3] = BigInt(pc);
    f64[(at + headOffset.pc) >> 3] = pc;
  }

  #writeRecords(head: number, instructions: readonly Instruction[]): void {
    let known: Known;
    let before: { form: Form; at: number; known: Known } | undefined;
    let at = head + RECORD;
    instructions.forEach((i, index) => {
      const knownBefore = known;
      const form = this.#forms.of(i, known, this.#fields);
      this.#writeRecord(at, i, head, instructions.length - 1 - index);
      if (form === undefined) known = undefined;
      else {
        if (form.after !== "same") known = form.after;
        this.#setHandler(at, form);
        if (before !== undefined && i.row.traits.flow === "branch") {
          this.#setHandler(before.at, this.#forms.pair(before.form, form, before.known), before.form);
        }
      }
      before = form === undefined ? undefined : { form, at, known: knownBefore };
      at += RECORD;
    });
    this.#writeLink(at, head, instructions.at(-1)?.next ?? 0);
  }

  #writeRecord(at: number, i: Instruction, head: number, rest: number): void {
    const { i32, u16, u8, f64 } = this.#arena;
    const fields = this.#fields;
    i32[at >> 2] = fixedHandlers.slow;
    fields.registers.forEach((place, n) => (u16[(at + recordOffset.registers + 2 * n) >> 1] = place));
    i32[(at + recordOffset.link) >> 2] = STUB;
    i32[(at + recordOffset.displacement) >> 2] = fields.displacementLow;
    i32[(at + recordOffset.displacement + 4) >> 2] = fields.displacementHigh;
    i32[(at + recordOffset.immediate) >> 2] = fields.immediateLow;
    i32[(at + recordOffset.immediate + 4) >> 2] = fields.immediateHigh;
    const { flow } = i.row.traits;
    const [target] = i.operands;
    if (target?.kind === "target") f64[(at + recordOffset.displacement) >> 3] = target.target;
    if (flow === "branch") i32[(at + recordOffset.next) >> 2] = NEXT_STUB;
    if (flow === "call" || flow === "callTo") {
      i32[(at + recordOffset.immediate) >> 2] = i.next | 0;
      i32[(at + recordOffset.immediate + 4) >> 2] = Math.floor(i.next / 2 ** 32);
    }
    f64[(at + recordOffset.pc) >> 3] = i.pc;
    i32[(at + recordOffset.head) >> 2] = head;
    u16[(at + recordOffset.rest) >> 1] = rest;
    u8[at + recordOffset.length] = i.next - i.pc;
    u8[at + recordOffset.flags] = endNumber(flow ?? "none");
  }

  /** What stands behind the last instruction: the way to the block at `pc`. */
  #writeLink(at: number, head: number, pc: number): void {
    const { i32, u16, u8, f64 } = this.#arena;
    i32[at >> 2] = fixedHandlers.link;
    i32[(at + recordOffset.next) >> 2] = NEXT_STUB;
    f64[(at + recordOffset.pc) >> 3] = pc;
    i32[(at + recordOffset.head) >> 2] = head;
    u16[(at + recordOffset.rest) >> 1] = 0;
    u8[at + recordOffset.length] = 0;
    u8[at + recordOffset.flags] = endNumber("link");
  }

  /** Gives a record its handler, or has it wait for one; meanwhile it has that of `instead`, or is slow. */
  #setHandler(at: number, form: Form, instead?: Form): void {
    if (form.slot !== 0) {
      this.#arena.setWord(at, form.slot);
      return;
    }
    if (instead === undefined || instead.slot === 0) this.#arena.setFlag(at, recordFlags.pending, true);
    this.pending.add(form);
    (form.waiting ??= []).push(at);
  }

  /** Gives the records that wait for forms their handlers. */
  settle(forms: readonly Form[]): void {
    for (const form of forms) {
      for (const at of form.waiting ?? []) {
        // What does several at once comes last.
        this.#arena.setWord(at, form.slot);
        this.#arena.setFlag(at, recordFlags.pending, false);
      }
      form.waiting = undefined;
      this.pending.delete(form);
    }
  }

  /** Forgets what was decoded from a physical page. */
  forgetPage(page: number): void {
    const heads = this.#pages.get(page);
    if (heads === undefined) return;
    this.#pages.delete(page);
    this.#forgotten.set(page, (this.#forgotten.get(page) ?? 0) + 1);
    for (const at of heads) {
      if (this.#arena.count(at) === INVALID) continue;
      this.#arena.setWord(at + headOffset.count, INVALID);
      const pc = this.#arena.pc(at);
      if (this.#heads.get(pc) === at) this.#heads.delete(pc);
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#heads.clear();
    this.#pages.clear();
    this.#arena.clear();
    for (const form of this.pending) form.waiting = undefined;
    this.pending.clear();
  }

  get heads(): ReadonlyMap<number, number> {
    return this.#heads;
  }
}
