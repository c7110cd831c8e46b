// MOVS and STOS, alone and with REP, either way through plain memory: as a WebAssembly function on the state area, since C
// libraries copy and fill with them. Whatever else there may be is left to the interpreter. Intel SDM volume 2, REP.
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import type { FunctionBody } from "../../../wasm/module.js";
import { op, saturating, type } from "../../../wasm/opcodes.js";
import { state } from "../state.js";
import type { MemoryShape } from "./access.js";
import { Expressions, Locals } from "./expression.js";
import { saturatingPrefix } from "./node.js";
import { types } from "./protocol.js";

/** What the function is told: log2 of an element's bytes, whether it fills instead of copying, and whether it repeats. */
const FILLS = 4;
const REPEATS = 8;

const sizes = new Map(["B", "W", "D", "Q"].map((letter, log2) => [letter, log2]));

/** The code for an instruction that the function can do, or undefined. */
export function stringCode({ row, addressWidth, segment, repeat }: Instruction): number | undefined {
  const match = /^(MOVS|STOS)([BWDQ])$/.exec(row.mnemonic);
  if (match === null || row.traits.repeat !== true || addressWidth !== 64 || segment >= 4) return undefined;
  const size = row.opcode.startsWith("REX.W") ? 3 : (sizes.get(match[2] ?? "") ?? 0);
  return size | (match[1] === "STOS" ? FILLS : 0) | (repeat === 0 ? 0 : REPEATS);
}

const [RAX, RCX, RSI, RDI] = [0, 1, 6, 7].map((index) => state.gpr + 8 * index) as [
  number,
  number,
  number,
  number,
];
/** RFLAGS.DF. */
const DF = 0x400;
/** More bytes than any memory has. */
const MANY = 2 ** 32;
/** From so many bytes on memory is copied and filled by one instruction. */
const BULK = 64;

/** The code in; 0 out where the instruction is done. */
export function stringFunction({ base, size, readable, writable }: MemoryShape): FunctionBody {
  const CODE = 0;
  const e = new Expressions(new Locals(1));
  const [bytes, to, from] = [e.locals.add("i64"), e.locals.add("i64"), e.locals.add("i64")];
  const [at, source, end, step] = [0, 0, 0, 0].map(() => e.locals.add("i32")) as [
    number,
    number,
    number,
    number,
  ];
  /** Not 0 where addresses go down. */
  const down = e.locals.add("i32");
  const open = (opcode: number) => {
    e.code.byte(opcode);
    e.code.byte(type.empty);
  };
  const load = (offset: number) => {
    e.i32(0);
    e.memory(op["i64.load"], 3, offset);
  };
  const has = (bit: number) => {
    e.get(CODE);
    e.i32(bit);
    e.op("i32.and");
  };
  /** Pushes the lowest address that a register's elements have. */
  const loadLowest = (offset: number) => {
    load(offset);
    e.get(step);
    e.op("i64.extend_i32_u");
    e.get(bytes);
    e.op("i64.sub");
    e.i64(0);
    e.get(down);
    e.op("select");
    e.op("i64.add");
  };
  /** Moves a register past its elements. */
  const advance = (offset: number) => {
    e.i32(0);
    load(offset);
    e.i64(0);
    e.get(bytes);
    e.op("i64.sub");
    e.get(bytes);
    e.get(down);
    e.op("select");
    e.op("i64.add");
    e.memory(op["i64.store"], 3, offset);
  };
  /** Leaves it to the interpreter where the condition on the stack holds. */
  const refuseIf = () => {
    open(op.if);
    e.i32(1);
    e.op("return");
    e.op("end");
  };
  /** Refuses bytes from an address on that are not all between `lowest` and the end. */
  const requireInside = (address: number, lowest: number) => {
    e.get(address);
    e.i64(lowest);
    e.op("i64.sub");
    e.i64(size - lowest);
    e.get(bytes);
    e.op("i64.sub");
    e.op("i64.gt_u");
    refuseIf();
  };
  const place = (address: number, local: number) => {
    e.get(address);
    e.op("i32.wrap_i64");
    e.i32(base);
    e.op("i32.add");
    e.set(local);
  };
  e.i32(0);
  e.memory(op["i32.load"], 2, state.rflags);
  e.i32(DF);
  e.op("i32.and");
  e.set(down);
  // How many bytes.
  load(RCX);
  e.i64(1);
  has(REPEATS);
  e.op("select");
  e.set(bytes);
  e.get(bytes);
  e.i64(MANY);
  e.op("i64.ge_u");
  refuseIf();
  e.get(bytes);
  e.get(CODE);
  e.i32(3);
  e.op("i32.and");
  e.op("i64.extend_i32_u");
  e.op("i64.shl");
  e.set(bytes);
  e.get(bytes);
  e.op("i64.eqz");
  open(op.if);
  e.i32(0);
  e.op("return");
  e.op("end");
  e.get(bytes);
  e.i64(Math.min(size - readable, size - writable));
  e.op("i64.gt_u");
  refuseIf();
  e.i32(1);
  e.get(CODE);
  e.i32(3);
  e.op("i32.and");
  e.op("i32.shl");
  e.set(step);
  loadLowest(RDI);
  e.set(to);
  requireInside(to, writable);
  place(to, at);
  e.get(at);
  e.get(bytes);
  e.op("i32.wrap_i64");
  e.op("i32.add");
  e.set(end);
  has(FILLS);
  e.op("i32.eqz");
  open(op.if);
  loadLowest(RSI);
  e.set(from);
  requireInside(from, readable);
  place(from, source);
  // A copy onto what is still to be read repeats it.
  e.get(from);
  e.get(to);
  e.op("i64.sub");
  e.get(to);
  e.get(from);
  e.op("i64.sub");
  e.get(down);
  e.op("select");
  e.i64(1);
  e.op("i64.sub");
  e.get(bytes);
  e.i64(1);
  e.op("i64.sub");
  e.op("i64.lt_u");
  refuseIf();
  advance(RSI);
  e.op("end");
  advance(RDI);
  has(REPEATS);
  open(op.if);
  e.i32(0);
  e.i64(0);
  e.memory(op["i64.store"], 3, RCX);
  e.op("end");
  const pushBytes = () => {
    e.get(bytes);
    e.op("i32.wrap_i64");
  };
  const returnDone = () => {
    e.i32(0);
    e.op("return");
  };
  // Long ones, and those that go down, whose elements may overlap.
  pushBytes();
  e.i32(BULK);
  e.op("i32.ge_u");
  e.get(down);
  e.op("i32.or");
  open(op.if);
  has(FILLS);
  e.op("i32.eqz");
  open(op.if);
  e.get(at);
  e.get(source);
  pushBytes();
  e.opcode(saturatingPrefix + saturating["memory.copy"]);
  e.code.byte(0);
  e.code.byte(0);
  returnDone();
  e.op("end");
  e.get(step);
  e.i32(1);
  e.op("i32.eq");
  open(op.if);
  e.get(at);
  e.i32(0);
  e.memory(op["i32.load8_u"], 0, RAX);
  pushBytes();
  e.opcode(saturatingPrefix + saturating["memory.fill"]);
  e.code.byte(0);
  returnDone();
  e.op("end");
  e.op("end");
  // Element by element.
  open(op.block);
  open(op.loop);
  e.get(at);
  e.get(end);
  e.op("i32.ge_u");
  e.op("br_if");
  e.code.u32(1);
  const element = (store: number, value: number, log2: number) => {
    e.get(CODE);
    e.i32(3);
    e.op("i32.and");
    e.i32(log2);
    e.op("i32.eq");
    open(op.if);
    has(FILLS);
    open(op.if);
    e.get(at);
    e.i32(0);
    e.memory(value, 0, RAX);
    e.memory(store, 0, 0);
    e.op("else");
    e.get(at);
    e.get(source);
    e.memory(value, 0, 0);
    e.memory(store, 0, 0);
    e.op("end");
    e.op("end");
  };
  element(op["i32.store8"], op["i32.load8_u"], 0);
  element(op["i32.store16"], op["i32.load16_u"], 1);
  element(op["i32.store"], op["i32.load"], 2);
  element(op["i64.store"], op["i64.load"], 3);
  for (const local of [at, source]) {
    e.get(local);
    e.get(step);
    e.op("i32.add");
    e.set(local);
  }
  e.op("br");
  e.code.u32(0);
  e.op("end");
  e.op("end");
  e.i32(0);
  return { type: types.string, locals: e.locals.types, code: e.code.take(), name: "string" };
}
