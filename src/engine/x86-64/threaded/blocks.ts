// Decodes guest code into the arena, block by block, and forgets what has changed.
import { pageSize } from "../../../bytes/align.js";
import { decode, MAX_LENGTH } from "../../../isa/x86-64/decoder.js";
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
  LONGEST,
  NEXT_STUB,
  RECORD,
  record as recordOffset,
  recordFlags,
  STUB,
} from "./layout.js";
import { newFields } from "./shape.js";
import { fixedHandlers } from "./status.js";

/** A page whose code is written so often is left to the interpreter; once less for each so many instructions since. */
const MAX_FORGOTTEN = 40;
const FORGIVEN_AFTER = 20_000;

/** By the table's word for it; what is slow ends a block too, but leads to no head by itself. */
const kinds: Readonly<Record<string, EndKind>> = { jumpTo: "indirect", ret: "indirect", stop: "none" };
const endNumber = (flow: string): number =>
  Math.max(0, ends.indexOf(kinds[flow] ?? (flow as EndKind))) * recordFlags.end;

const offsetIn = (pc: number) => pc & (pageSize - 1);

export class Blocks {
  /** Forms without a handler that decoded code waits for. */
  readonly pending = new Set<Form>();
  /** How often everything was forgotten. */
  clears = 0;
  /** Instructions decoded. */
  decoded = 0;
  /** Hashes of the physical pages that heads are of, as they were when the first was decoded. */
  readonly hashes = new Map<number, number>();
  readonly #core: Core;
  readonly #arena: Arena;
  readonly #forms: Forms;
  readonly #heads = new Map<number, number>();
  /** Heads by the physical page that their code is in. */
  readonly #pages = new Map<number, number[]>();
  /** Heads that are not among them yet. Their pages are those that they are at. */
  #unlisted: number[] = [];
  /** How often pages were forgotten of late, and when last, in instructions. */
  readonly #forgotten = new Map<number, { count: number; at: number }>();
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
    const end = (instructions.at(-1) ?? first).next;
    const page = this.#hold(pc, end - pc);
    const isAcross = Math.floor((end - 1) / pageSize) !== Math.floor(pc / pageSize);
    const nextPage = isAcross ? this.#hold(end - offsetIn(end), offsetIn(end)) : page;
    if (this.#isWritten(page) || this.#isWritten(nextPage)) return 0;
    let at = this.#arena.reserve(instructions.length + 1);
    if (at === 0) {
      this.clear();
      at = this.#arena.reserve(instructions.length + 1);
    }
    this.#writeHead(at, pc, instructions.length);
    this.#writeRecords(at, instructions);
    this.#heads.set(pc, at);
    this.decoded += instructions.length;
    for (const one of instructions) this.#core.ran.mark(one, this.#core.isa);
    this.#note(page, at);
    if (isAcross) this.#note(nextPage, at);
    return at;
  }

  /** The physical page of code, whose stores are to be told. */
  #hold(pc: number, sizeBytes: number): number {
    const { mmu } = this.#core;
    return mmu.holdsCode(mmu.byteAt(pc, "execute"), sizeBytes);
  }

  #isWritten(page: number): boolean {
    return this.#forgotten.size > 0 && this.#timesForgotten(page) > MAX_FORGOTTEN;
  }

  #timesForgotten(page: number): number {
    const known = this.#forgotten.get(page);
    if (known === undefined) return 0;
    return Math.max(0, known.count - (this.#core.executed - known.at) / FORGIVEN_AFTER);
  }

  #note(page: number, head: number): void {
    const known = this.#pages.get(page);
    if (known !== undefined) return void known.push(head);
    this.#pages.set(page, [head]);
    if (!this.hashes.has(page)) this.hashes.set(page, this.#core.mmu.hashOf(page));
  }

  /** Takes a head that an earlier run has decoded. */
  take(pc: number, head: number): void {
    this.#heads.set(pc, head);
    this.#unlisted.push(head);
  }

  /** Lists by pages what an earlier run has decoded: only what is forgotten needs it. */
  #list(): void {
    const arena = this.#arena;
    for (const head of this.#unlisted) {
      const pc = arena.pc(head);
      const count = arena.count(head);
      if (count === INVALID) continue;
      const end = arena.pc(head + (count + 1) * RECORD);
      const [first, last] = [Math.floor(pc / pageSize), Math.floor((end - 1) / pageSize)];
      this.#note(first, head);
      if (last !== first) this.#note(last, head);
    }
    this.#unlisted = [];
  }

  /** The instructions of a block; none that may reach into another page, but the first. */
  #instructions(pc: number): Instruction[] {
    const { mmu } = this.#core;
    const found: Instruction[] = [];
    try {
      if (offsetIn(pc) + MAX_LENGTH > pageSize) return [this.#core.instructionAt(pc)];
      const place = mmu.byteAt(pc, "execute");
      let at = pc;
      do {
        const i = decode(mmu.bytes, place + at - pc, at);
        // What is none is a fault, which the interpreter raises when it comes there.
        if (typeof i === "string") break;
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
    const { f64 } = this.#arena;
    this.#arena.setWord(at + headOffset.count, count);
    this.#arena.setWord(at + headOffset.countdown, 0);
    this.#arena.setWord(at + headOffset.translated, 0);
    this.#arena.setWord(at + headOffset.key, pc | 0);
    this.#arena.setWord(at + headOffset.key + 4, Math.floor(pc / 2 ** 32));
    f64[(at + headOffset.pc) >> 3] = pc;
  }

  #writeRecords(head: number, instructions: readonly Instruction[]): void {
    let known: Known;
    let before: { form: Form; at: number; known: Known } | undefined;
    let at = head + RECORD;
    let rest = instructions.length;
    for (const i of instructions) {
      const form = this.#forms.of(i, this.#fields);
      this.#writeRecord(at, i, head, --rest);
      const knownBefore = known;
      if (form === undefined) known = undefined;
      else {
        const single = this.#forms.knowing(form, known);
        this.#setHandler(at, single);
        if (before !== undefined && i.row.traits.flow === "branch") {
          const pair = this.#forms.knowing(this.#forms.pair(before.form, form), before.known);
          this.#setHandler(before.at, pair, true);
        }
        if (form.after !== "same") known = form.after;
      }
      before = form === undefined || rest === 0 ? undefined : { form, at, known: knownBefore };
      at += RECORD;
    }
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

  /** Gives a record its handler, or has it wait for one; meanwhile it is slow, unless it has another. */
  #setHandler(at: number, form: Form, hasOther = false): void {
    if (form.slot !== 0) {
      this.#arena.setWord(at, form.slot);
      return;
    }
    if (!hasOther) this.#arena.setFlag(at, recordFlags.pending, true);
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
    if (this.#unlisted.length > 0) this.#list();
    const heads = this.#pages.get(page);
    if (heads === undefined) return;
    this.#pages.delete(page);
    this.hashes.delete(page);
    this.#forgotten.set(page, { count: this.#timesForgotten(page) + 1, at: this.#core.executed });
    for (const at of heads) {
      if (this.#arena.count(at) === INVALID) continue;
      this.#arena.setWord(at + headOffset.count, INVALID);
      const pc = this.#arena.pc(at);
      this.#core.ran.forgetPage(Math.floor(pc / pageSize));
      if (this.#heads.get(pc) === at) this.#heads.delete(pc);
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.clears++;
    this.#heads.clear();
    this.#pages.clear();
    this.#unlisted = [];
    this.hashes.clear();
    this.#arena.clear();
    for (const form of this.pending) form.waiting = undefined;
    this.pending.clear();
  }

  get heads(): ReadonlyMap<number, number> {
    return this.#heads;
  }
}
