// MOVS and STOS, alone and with REP, either way through plain memory: as a WebAssembly function on the state area, since C
// libraries copy and fill with them. Whatever else there may be is left to the interpreter. Intel SDM volume 2, REP.
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import type { FunctionBody } from "../../../wasm/module.js";
import {
  access,
  apply,
  bulk,
  type Code,
  either,
  FunctionWriter,
  giveBack,
  i32,
  i64,
  type Local,
  sequence,
  when,
  whileTrue,
} from "../../../wasm/assembler.js";
import { rflag } from "../cpu.js";
import { state } from "../state.js";
import type { MemoryShape } from "../../portable/ir/access.js";

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

const register = (index: number): number => state.gpr + 8 * index;
const [RAX, RCX, RSI, RDI] = [register(0), register(1), register(6), register(7)];
/** More bytes than any memory has. */
const MANY = 2n ** 32n;
/** From so many bytes on memory is copied and filled by one instruction, which leaves WebAssembly. */
const BULK = 128;
/** RAX as many times as an element of 1, 2, 4 and 8 bytes fits in it. */
const patterns = [
  ["i64.load8_u", 0x0101_0101_0101_0101n],
  ["i64.load16_u", 0x0001_0001_0001_0001n],
  ["i64.load32_u", 0x0000_0001_0000_0001n],
  ["i64.load", 1n],
] as const;
/** What moves 8, 4, 2 bytes and one. */
const pieces = [
  [8, "i64.load", "i64.store"],
  [4, "i64.load32_u", "i64.store32"],
  [2, "i64.load16_u", "i64.store16"],
  [1, "i64.load8_u", "i64.store8"],
] as const;
const and = (a: Code, b: Code): Code => apply("i32.and", a, b);
const plus = (a: Code, b: Code): Code => apply("i32.add", a, b);
const minus64 = (a: Code, b: Code): Code => apply("i64.sub", a, b);
const low = (a: Code): Code => apply("i32.wrap_i64", a);
const wide = (a: Code): Code => apply("i64.extend_i32_u", a);
const isBelow = (a: Code, b: Code): Code => apply("i64.lt_u", a, b);

const held = (at: number): Code => access("i64.load", at, i32(0));
const hold = (at: number, value: Code): Code => access("i64.store", at, i32(0), value);
const done = giveBack(i32(0));
/** Leaves it to the interpreter. */
const refuseIf = (condition: Code): Code => when(condition, [giveBack(i32(1))]);

interface Work {
  readonly code: Local;
  /** Bytes in all. */
  readonly bytes: Local;
  /** Bytes of an element. */
  readonly step: Local;
  /** Not 0 where addresses go down. */
  readonly down: Local;
  /** The lowest address of what is written and of what is read, as the guest has them, and in memory. */
  readonly to: Local;
  readonly from: Local;
  readonly at: Local;
  readonly source: Local;
  /** What is stored next. */
  readonly value: Local;
}

const fills = ({ code }: Work): Code => and(code.get, i32(FILLS));
const repeats = ({ code }: Work): Code => and(code.get, i32(REPEATS));
const log2 = ({ code }: Work): Code => and(code.get, i32(3));

/** Sets bytes and step; nothing to do is done. */
const count = (w: Work, most: number): Code =>
  sequence(
    w.bytes.set(either(repeats(w), held(RCX), i64(1n))),
    refuseIf(apply("i64.ge_u", w.bytes.get, i64(MANY))),
    w.bytes.set(apply("i64.shl", w.bytes.get, wide(log2(w)))),
    when(apply("i64.eqz", w.bytes.get), [done]),
    refuseIf(apply("i64.gt_u", w.bytes.get, i64(BigInt(most)))),
    w.step.set(apply("i32.shl", i32(1), log2(w))),
  );

/** Sets the lowest address of a register's elements, which must all lie between `least` and the end, and its place. */
function locate(
  w: Work,
  index: number,
  [address, place]: readonly [Local, Local],
  least: number,
  shape: MemoryShape,
): Code {
  const back = either(w.down.get, minus64(wide(w.step.get), w.bytes.get), i64(0n));
  const room = minus64(i64(BigInt(shape.size - least)), w.bytes.get);
  return sequence(
    address.set(apply("i64.add", held(index), back)),
    refuseIf(apply("i64.gt_u", minus64(address.get, i64(BigInt(least))), room)),
    place.set(plus(low(address.get), i32(shape.base))),
  );
}

/** Refuses a copy onto what is still to be read: it repeats that. */
const requireApart = ({ from, to, down, bytes }: Work): Code => {
  const ahead = either(down.get, minus64(from.get, to.get), minus64(to.get, from.get));
  return refuseIf(isBelow(minus64(ahead, i64(1n)), minus64(bytes.get, i64(1n))));
};

/** Moves a register past its elements. */
const advance = ({ bytes, down }: Work, index: number): Code =>
  hold(index, apply("i64.add", held(index), either(down.get, minus64(i64(0n), bytes.get), bytes.get)));

/** Long ones, and those that go down, whose elements may overlap, at once where that is an instruction. */
const atOnce = (w: Work): Code =>
  when(apply("i32.or", apply("i32.ge_u", low(w.bytes.get), i32(BULK)), w.down.get), [
    when(apply("i32.eqz", fills(w)), [bulk("memory.copy", w.at.get, w.source.get, low(w.bytes.get)), done]),
    when(apply("i32.eq", w.step.get, i32(1)), [
      bulk("memory.fill", w.at.get, access("i32.load8_u", RAX, i32(0)), low(w.bytes.get)),
      done,
    ]),
  ]);

/** Sets the value to what fills eight bytes. */
const repeated = ({ code, value }: Work): Code =>
  sequence(
    ...patterns.map(([load, times], size) =>
      when(apply("i32.eq", and(code.get, i32(3)), i32(size)), [
        value.set(apply("i64.mul", access(load, RAX, i32(0)), i64(times))),
      ]),
    ),
  );

/**
 * Upwards in pieces of 8 bytes, whatever the elements are: what is still to be read lies above what has been written. Then what is left, in
 * pieces that halve.
 */
const pieceByPiece = (w: Work, end: Local): Code => {
  const move = ([step, load, store]: (typeof pieces)[number]): readonly Code[] => [
    when(apply("i32.eqz", fills(w)), [w.value.set(access(load, 0, w.source.get))]),
    access(store, 0, w.at.get, w.value.get),
    w.at.set(plus(w.at.get, i32(step))),
    w.source.set(plus(w.source.get, i32(step))),
  ];
  const [eight, ...less] = pieces;
  const left = apply("i32.sub", end.get, w.at.get);
  return sequence(
    when(fills(w), [repeated(w)]),
    whileTrue(apply("i32.ge_u", left, i32(8)), ...move(eight)),
    ...less.map((piece) => when(and(left, i32(piece[0])), move(piece))),
  );
};

/** The code in; 0 out where the instruction is done. */
export function stringFunction(typeIndex: number, shape: MemoryShape): FunctionBody {
  const { size, readable, writable } = shape;
  const writer = new FunctionWriter(["i32"]);
  const [code = writer.local("i32")] = writer.parameters;
  const w: Work = {
    code,
    bytes: writer.local("i64"),
    to: writer.local("i64"),
    from: writer.local("i64"),
    at: writer.local("i32"),
    source: writer.local("i32"),
    value: writer.local("i64"),
    step: writer.local("i32"),
    down: writer.local("i32"),
  };
  const end = writer.local("i32");
  return writer.body(
    typeIndex,
    "string",
    w.down.set(and(access("i32.load", state.rflags, i32(0)), i32(rflag.DF))),
    count(w, Math.min(size - readable, size - writable)),
    locate(w, RDI, [w.to, w.at], writable, shape),
    end.set(plus(w.at.get, low(w.bytes.get))),
    when(apply("i32.eqz", fills(w)), [
      locate(w, RSI, [w.from, w.source], readable, shape),
      requireApart(w),
      advance(w, RSI),
    ]),
    advance(w, RDI),
    when(repeats(w), [hold(RCX, i64(0n))]),
    atOnce(w),
    pieceByPiece(w, end),
    i32(0),
  );
}
