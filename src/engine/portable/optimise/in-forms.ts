// A block with its vector registers in the slots of their forms: what it reads of them at its start, sets before exits, and
// leaves to each successor in the form that one starts with.
import { op, simd } from "../../../wasm/opcodes.js";
import type { Block, Statement } from "../ir/block.js";
import { dropFlagWords } from "./flag-words.js";
import { type Reads, readsOf } from "./reads.js";
import { form, type Form, type Forms } from "../ir/forms.js";
import { lowLane, withoutLow } from "../ir/lanes.js";
import { entryNode, type Node, node, partOf, pseudo, simdPrefix } from "../ir/node.js";
import { part } from "../ir/parts.js";
import type { RegisterFile } from "../ir/register-file.js";
import { add, addAll, type SlotSet } from "../ir/slot-set.js";

export interface FormedBlock extends Block, Reads {
  /** Slots that may differ from the state area because of the block, at its end. */
  readonly changes: SlotSet;
}

/** `ends` are the forms that are wanted at the end; `keepsFlags`: every exit stores the flags. */
export function inForms(
  file: RegisterFile,
  block: Block,
  start: Forms,
  ends: readonly Forms[],
  keepsFlags: boolean,
): FormedBlock {
  const entries = new Map(block.entries);
  const whole = (register: number): Node => {
    let entry = entries.get(file.vector + register);
    if (entry === undefined) {
      entry = entryNode(file, file.vector + register);
      entries.set(file.vector + register, entry);
    }
    return entry;
  };
  const { statements, held } = formedStatements(file, block, start);
  const final = new Map([...block.final].filter(([slot]) => !file.isVector(slot)));
  const writes = file.withoutVectors(block.writes);
  for (const slot of held.keys()) add(writes, slot);
  const changes = file.withoutVectors(block.writes);
  for (let register = 0; register < file.vectors; register++) {
    const value = block.vectors.get(register);
    const from = start[register] ?? form.whole;
    for (const to of new Set(ends.map((forms) => forms[register] ?? form.whole))) {
      if (value === undefined && to === from) continue;
      for (const [slot, part] of parts(file, to, register, value ?? whole(register))) {
        const isHeld = held.has(slot) ? held.get(slot) === part : to === from && isEntryOf(slot, part);
        if (!isHeld) final.set(slot, part);
        if (!isHeld || held.has(slot)) {
          add(writes, slot);
          if (value !== undefined) add(changes, slot);
        }
      }
    }
  }
  for (let register = 0; register < file.vectors; register++) {
    const entry = entries.get(file.vector + register);
    if (entry !== undefined) settle(entries, entry, start[register] ?? form.whole);
  }
  // Before what is read: INC would need the carry from before for words that no exit stores.
  const isWordLast = !final.has(file.flagsA);
  dropFlagWords(file, statements, isWordLast, ({ flags }) => keepsFlags || flags !== "overwritten");
  const reads = readsOf(file, statements, final.values(), block.end, block.flags);
  return { ...block, statements, final, entries, writes, changes, ...reads };
}

const isEntryOf = (slot: number, value: Node): boolean => value.op === pseudo.entry && value.imm === slot;

/** What the slots of a register hold that has a value. */
function parts(
  file: RegisterFile,
  of: Form,
  register: number,
  value: Node,
): (readonly [slot: number, part: Node])[] {
  const [first = 0, second = 0] = file.slotsOf(register, of);
  if (of === form.whole) return [[first, value]];
  const [type, bytes] = of === form.double ? (["f64", 8] as const) : (["f32", 4] as const);
  return [
    [first, lowLane(type, value)],
    [second, withoutLow(value, bytes)],
  ];
}

/** Before exits, registers are set in the forms that they start with. `held` is what slots were set to last. */
function formedStatements(
  file: RegisterFile,
  block: Block,
  start: Forms,
): { statements: Statement[]; held: Map<number, Node> } {
  const held = new Map<number, Node>();
  const set = file.none();
  const statements: Statement[] = [];
  for (const statement of block.statements) {
    if (statement.kind === "set" && file.isVector(statement.slot)) {
      const register = statement.slot - file.vector;
      for (const [slot, value] of parts(file, start[register] ?? form.whole, register, statement.value)) {
        if (!held.has(slot) && isEntryOf(slot, value)) continue;
        statements.push({ kind: "set", slot, value });
        held.set(slot, value);
        add(set, slot);
      }
    } else if (statement.kind === "exit") {
      const written = file.withoutVectors(statement.written);
      addAll(written, set);
      statements.push({ ...statement, written });
    } else statements.push(statement);
  }
  return { statements, held };
}

const lane = (operation: keyof typeof simd): number => simdPrefix + simd[operation];

/** Makes what a block uses of a register follow from the slots of its form; these stay entries. */
function settle(entries: Map<number, Node>, whole: Node, of: Form): void {
  const [low, upper] = [partOf(whole, part.low), partOf(whole, part.upper)];
  const [single, rest] = [partOf(whole, part.single), partOf(whole, part.rest)];
  if (of === form.whole) {
    become(low, lane("f64x2.extract_lane"), whole);
    become(single, lane("f32x4.extract_lane"), whole);
    become(upper, pseudo.same, whole);
    become(rest, pseudo.same, whole);
    return;
  }
  entries.delete(whole.imm);
  if (of === form.double) {
    become(whole, lane("f64x2.replace_lane"), upper, low);
    const bits = node(op["i32.wrap_i64"], "i32", node(op["i64.reinterpret_f64"], "i64", low));
    become(single, op["f32.reinterpret_i32"], bits);
    become(rest, pseudo.same, whole);
    entries.set(low.imm, low).set(upper.imm, upper);
  } else {
    become(whole, lane("f32x4.replace_lane"), rest, single);
    become(low, lane("f64x2.extract_lane"), whole);
    become(upper, pseudo.same, rest);
    entries.set(single.imm, single).set(rest.imm, rest);
  }
}

function become(n: Node, opcode: number, a: Node, b?: Node): void {
  n.op = opcode;
  n.a = a;
  n.b = b;
  n.imm = 0;
}
