// Handlers as WebAssembly: a record's address and the fuel in; each ends by calling the handler of the record that is
// next, as a tail call where the host has them. Without, it returns that record, and a loop calls the next handler.
import type { FunctionBody, FunctionType } from "../../../wasm/module.js";
import { op, type } from "../../../wasm/opcodes.js";
import { Expressions, Locals } from "../../portable/ir/expression.js";
import type { Node } from "../../portable/ir/node.js";
import type { Built, End } from "./handler-builder.js";
import {
  HASH_SHIFT,
  head as headOffset,
  RECORD,
  record as recordOffset,
  recordFlags,
  STUB,
  table,
  words,
} from "./layout.js";
import { imports, type Statement } from "./statements.js";

/** The types of a module of handlers, by index. */
export const types = { handler: 0, status: 1 } as const;
export const moduleTypes: readonly FunctionType[] = [
  /** Record and fuel in; 0 out, or the record that is next where there are no tail calls. */
  { params: ["i32", "i32"], results: ["i32"] },
  { params: ["i32"], results: ["i32"] },
];

const [RECORD_LOCAL, FUEL] = [0, 1];
/** Of a handler. */
const TYPICAL_BYTES = 256;

/** How handlers hand on: see above. */
export interface Dispatch {
  readonly arena: number;
  readonly tailCalls: boolean;
}

const block = (e: Expressions, opcode: number): void => {
  e.code.byte(opcode);
  e.code.byte(type.empty);
};

/** Goes on at the record that `push` pushes and `tee`s into a local. */
function dispatch(e: Expressions, { arena, tailCalls }: Dispatch, push: () => void, local: number): void {
  push();
  if (!tailCalls) {
    e.set(local);
    putWord(e, words.fuel, () => e.get(FUEL));
    e.get(local);
    e.op("return");
    return;
  }
  e.code.byte(op["local.tee"]);
  e.code.u32(local);
  e.get(FUEL);
  e.get(local);
  e.memory(op["i32.load"], 2, arena + recordOffset.handler);
  e.op("return_call_indirect");
  e.code.u32(types.handler);
  e.code.u32(0);
}

function putWord(e: Expressions, offset: number, push: () => void): void {
  e.i32(0);
  push();
  e.memory(op["i32.store"], 2, offset);
}

/** Pushes the address of the record `at` bytes behind the handler's. */
function pushRecord(e: Expressions, at: number): void {
  e.get(RECORD_LOCAL);
  if (at === 0) return;
  e.i32(at);
  e.op("i32.add");
}

/** Has JavaScript execute a record's instruction, and goes on where it says. */
function door(e: Expressions, d: Dispatch, at: number): void {
  pushRecord(e, at);
  e.get(FUEL);
  e.op("call");
  e.code.u32(imports.door);
  e.code.byte(op["local.tee"]);
  e.code.u32(RECORD_LOCAL);
  e.op("i32.eqz");
  block(e, op.if);
  e.i32(0);
  e.op("return");
  e.op("end");
  e.i32(0);
  e.memory(op["i32.load"], 2, words.fuel);
  e.set(FUEL);
  dispatch(e, d, () => e.get(RECORD_LOCAL), RECORD_LOCAL);
}

/** The handler of what has none of its own. */
export function slowHandler(d: Dispatch): FunctionBody {
  const e = new Expressions(new Locals(2));
  door(e, d, 0);
  return { type: types.handler, locals: e.locals.types, code: e.code.take(), name: "slow" };
}

/** Calls handlers one after the other where there are no tail calls. */
export function runFunction(d: Dispatch): FunctionBody {
  const e = new Expressions(new Locals(2));
  if (d.tailCalls) dispatch(e, d, () => e.get(RECORD_LOCAL), RECORD_LOCAL);
  else {
    block(e, op.loop);
    e.get(RECORD_LOCAL);
    e.get(FUEL);
    e.get(RECORD_LOCAL);
    e.memory(op["i32.load"], 2, d.arena + recordOffset.handler);
    e.op("call_indirect");
    e.code.u32(types.handler);
    e.code.u32(0);
    e.set(RECORD_LOCAL);
    e.i32(0);
    e.memory(op["i32.load"], 2, words.fuel);
    e.set(FUEL);
    e.get(RECORD_LOCAL);
    e.op("br_if");
    e.code.u32(0);
    e.op("end");
    e.i32(0);
  }
  return { type: types.handler, locals: e.locals.types, code: e.code.take(), name: "run" };
}

/** The form or forms that `built` does, as a function; `slow` is the module's own slow handler. */
export function handlerCode(built: Built, d: Dispatch, slow: number, name: string): FunctionBody {
  const locals = new Locals(2);
  const e = new Expressions(locals, TYPICAL_BYTES);
  for (const statement of built.statements) countUses(e, statement);
  if (built.end.kind === "branch") e.count(built.end.condition);
  if ("target" in built.end) e.count(built.end.target);
  const leave = (at: number) => {
    pushRecord(e, at);
    e.get(FUEL);
    if (d.tailCalls) e.op("return_call");
    else e.op("call");
    e.code.u32(slow);
    if (!d.tailCalls) e.op("return");
  };
  for (const statement of built.statements) emit(e, statement, leave);
  new EndCode(e, d, built.last).emit(built.end);
  return { type: types.handler, locals: locals.types, code: e.code.take(), name };
}

function countUses(e: Expressions, statement: Statement): void {
  if (statement.kind === "store") {
    e.count(statement.address);
    e.count(statement.value);
  } else if (statement.kind === "leave") e.count(statement.when);
  else if (statement.kind === "guard") {
    e.count(statement.when);
    for (const { value } of statement.stores) e.count(value);
  }
}

function emit(e: Expressions, statement: Statement, leave: (at: number) => void): void {
  switch (statement.kind) {
    case "load":
      e.load(statement.value);
      break;
    case "store":
      e.value(statement.address);
      e.value(statement.value);
      e.memory(statement.opcode, 0, statement.offset);
      break;
    case "leave":
      e.value(statement.when);
      block(e, op.if);
      leave(statement.at);
      e.op("end");
      break;
    case "guard": {
      // Computed before: what is kept for later must be there either way.
      const values = statement.stores.map(({ value }) => held(e, value));
      e.value(statement.when);
      block(e, op.if);
      statement.stores.forEach(({ opcode, offset }, index) => {
        e.i32(0);
        e.get(values[index] ?? 0);
        e.memory(opcode, 0, offset);
      });
      e.op("end");
      break;
    }
    default:
      statement satisfies never;
  }
}

/** A value in a local of its own. */
function held(e: Expressions, value: Node): number {
  const local = e.locals.add(value.type);
  e.value(value);
  e.set(local);
  return local;
}

/** The end of a handler: the next record, or another block. */
class EndCode {
  readonly #e: Expressions;
  readonly #d: Dispatch;
  readonly #last: number;
  readonly #head: number;

  constructor(e: Expressions, d: Dispatch, last: number) {
    this.#e = e;
    this.#d = d;
    this.#last = last;
    this.#head = e.locals.add("i32");
  }

  emit(end: End): void {
    const e = this.#e;
    switch (end.kind) {
      case "next":
        return dispatch(e, this.#d, () => pushRecord(e, this.#last + RECORD), RECORD_LOCAL);
      case "jump":
        this.#setHead(recordOffset.link);
        return this.#enter(true);
      case "branch":
        e.value(end.condition);
        block(e, op.if);
        this.#setHead(recordOffset.link);
        this.#enter(true);
        e.op("end");
        this.#setHead(recordOffset.next);
        return this.#enter(false);
      case "indirect":
      case "callTo": {
        const target = held(e, end.target);
        if (end.kind === "indirect") this.#lookUp(target);
        else this.#lookUpCall(target);
        return this.#enter(true);
      }
      default:
        return end satisfies never;
    }
  }

  /** Goes on in the block behind, which is no jump. */
  goOn(): void {
    this.#setHead(recordOffset.next);
    this.#enter(false);
  }

  #loadRecord(offset: number): void {
    this.#e.get(RECORD_LOCAL);
    this.#e.memory(op["i32.load"], 2, this.#d.arena + this.#last + offset);
  }
  #setHead(offset: number): void {
    this.#loadRecord(offset);
    this.#e.set(this.#head);
  }

  /** Whether the head in the local is not that of an address. */
  #isOther(target: number): void {
    const e = this.#e;
    e.get(this.#head);
    e.memory(op["i64.load"], 3, this.#d.arena + headOffset.key);
    e.get(target);
    e.op("i64.ne");
  }

  /** The head of an address from the table, or the stub. */
  #lookUp(target: number): void {
    const e = this.#e;
    const entry = e.locals.add("i32");
    e.get(target);
    e.op("i32.wrap_i64");
    e.code.byte(op["local.tee"]);
    e.code.u32(entry);
    e.get(entry);
    e.i32(HASH_SHIFT);
    e.op("i32.shr_u");
    e.op("i32.xor");
    e.i32(table.entries - 1);
    e.op("i32.and");
    e.i32(Math.log2(table.entrySize));
    e.op("i32.shl");
    e.code.byte(op["local.tee"]);
    e.code.u32(entry);
    e.memory(op["i32.load"], 2, this.#d.arena + table.start);
    e.set(this.#head);
    this.#isOther(target);
    block(e, op.if);
    e.get(entry);
    e.memory(op["i32.load"], 2, this.#d.arena + table.start + 4);
    e.set(this.#head);
    this.#isOther(target);
    block(e, op.if);
    this.#leaveTo(target);
    e.op("end");
    e.op("end");
  }

  /** No head: JavaScript looks for the target. */
  #leaveTo(target: number): void {
    const e = this.#e;
    e.i32(0);
    e.get(target);
    e.memory(op["i64.store"], 3, words.target);
    e.i32(STUB);
    e.set(this.#head);
  }

  /** The head that was called last, or, where many have been, what the table says. */
  #lookUpCall(target: number): void {
    const e = this.#e;
    this.#setHead(recordOffset.link);
    this.#isOther(target);
    block(e, op.if);
    e.get(RECORD_LOCAL);
    e.memory(op["i32.load8_u"], 0, this.#d.arena + this.#last + recordOffset.flags);
    e.i32(recordFlags.megamorphic);
    e.op("i32.and");
    block(e, op.if);
    this.#lookUp(target);
    e.op("else");
    this.#leaveTo(target);
    e.op("end");
    e.op("end");
  }

  /** Pays for the block of the head in the local and goes there; leaves where the fuel or the countdown does not allow it. */
  #enter(counts: boolean): void {
    const e = this.#e;
    const { arena } = this.#d;
    e.get(FUEL);
    e.get(this.#head);
    e.memory(op["i32.load"], 2, arena + headOffset.count);
    e.op("i32.sub");
    e.code.byte(op["local.tee"]);
    e.code.u32(FUEL);
    if (counts) {
      const countdown = e.locals.add("i32");
      e.get(this.#head);
      e.get(this.#head);
      e.memory(op["i32.load"], 2, arena + headOffset.countdown);
      e.i32(1);
      e.op("i32.sub");
      e.code.byte(op["local.tee"]);
      e.code.u32(countdown);
      e.memory(op["i32.store"], 2, arena + headOffset.countdown);
      e.get(countdown);
      e.op("i32.or");
    }
    e.i32(0);
    e.op("i32.lt_s");
    block(e, op.if);
    this.#leave();
    e.op("end");
    dispatch(
      e,
      this.#d,
      () => {
        e.get(this.#head);
        e.i32(RECORD);
        e.op("i32.add");
      },
      RECORD_LOCAL,
    );
  }

  /** Leaves with what could not be entered. */
  #leave(): void {
    const e = this.#e;
    putWord(e, words.from, () => pushRecord(e, this.#last));
    putWord(e, words.head, () => e.get(this.#head));
    putWord(e, words.fuel, () => {
      e.get(FUEL);
      e.get(this.#head);
      e.memory(op["i32.load"], 2, this.#d.arena + headOffset.count);
      e.op("i32.add");
    });
    e.i32(0);
    e.op("return");
  }
}

/** The handler of what stands behind a block that goes on in another: no instruction of its own. */
export function linkHandler(d: Dispatch): FunctionBody {
  const e = new Expressions(new Locals(2));
  const locals = e.locals;
  new EndCode(e, d, 0).goOn();
  return { type: types.handler, locals: locals.types, code: e.code.take(), name: "link" };
}
