// Single bits and bit fields: BT to BTC, BSF, BSR, LZCNT, TZCNT, POPCNT, BMI1, BMI2, the carry flag, XLATB, CMPXCHG8B.
// Specification: Intel SDM volume 2.
import { type Emitter, flagBits, type Width } from "../emitter.js";
import { type Instruction, rows, type Semantics } from "../instruction.js";
import { addressOf, effectiveAddress, operand, read, widthOf, write } from "../operands.js";

const { PF, AF, SF, OF, CF } = flagBits;
const mask = (...bits: readonly number[]) => bits.reduce((sum, bit) => sum | (1 << bit), 0);
const RAX = 0;
const RBX = 3;

const isZero = <V>(e: Emitter<V>, width: Width, a: V): V => e.equal(width, a, e.constant(width, 0));
const invert = <V>(e: Emitter<V>, bit: V): V => e.xor(32, bit, e.constant(32, 1));
const asCount = <V>(e: Emitter<V>, width: Width, a: V): V =>
  width === 64 ? e.truncate(32, 64, a) : width === 32 ? a : e.extendUnsigned(32, width, a);

/** A register's bit offset reaches beyond a memory operand: in whole operands, with sign. */
function bitAddress<V>(e: Emitter<V>, i: Instruction, width: Width): V | undefined {
  const [place, offset] = [operand(i, 0), operand(i, 1)];
  if (place.kind !== "memory") return undefined;
  const address = effectiveAddress(e, place);
  if (offset.kind === "immediate") return address;
  const value = read(e, offset, width);
  const wide = width === 64 ? value : e.extendSigned(64, width, value);
  const log = width === 64 ? 6 : width === 32 ? 5 : 4;
  const operands = e.sar(64, wide, e.constant(32, log));
  return e.add(64, address, e.shl(64, operands, e.constant(32, log - 3)));
}

/** `change` gives the operand's new value from the old and the bit's mask; BT has none. */
const bitTest =
  (change?: <V>(e: Emitter<V>, width: Width, a: V, bit: V) => V): Semantics =>
  (e, i) => {
    const place = operand(i, 0);
    const width = widthOf(place);
    const address = bitAddress(e, i, width);
    const a = read(e, place, width, address);
    const offset = asCount(e, width, read(e, operand(i, 1), width));
    const count = e.and(32, offset, e.constant(32, width - 1));
    const bit = e.and(width, e.shr(width, a, count), e.constant(width, 1));
    if (change !== undefined) {
      const single = e.shl(width, e.constant(width, 1), count);
      write(e, place, change(e, width, a, single), width, address);
    }
    e.setFlag("CF", asCount(e, width, bit));
  };

/** BSF and BSR leave the destination alone where the source is 0, all 64 bits of it, as CPUs do. */
const bitScan =
  (forward: boolean): Semantics =>
  (e, i) => {
    const destination = operand(i, 0);
    const width = widthOf(destination);
    const source = read(e, operand(i, 1), width);
    const zero = isZero(e, width, source);
    const found = forward
      ? e.ctz(width, source)
      : e.sub(width, e.constant(width, width - 1), e.clz(width, source));
    if (width === 32 && destination.kind === "register") {
      const old = e.register(64, destination.index);
      e.setRegister(64, destination.index, e.select(64, zero, old, e.extendUnsigned(64, 32, found)));
    } else write(e, destination, e.select(width, zero, read(e, destination), found), width);
    e.setFlag("ZF", zero);
  };

/** LZCNT and TZCNT. */
const count =
  (kind: "clz" | "ctz"): Semantics =>
  (e, i) => {
    const width = widthOf(operand(i, 0));
    const source = read(e, operand(i, 1), width);
    const result = e[kind](width, source);
    write(e, operand(i, 0), result);
    e.setFlag("CF", isZero(e, width, source));
    e.setFlag("ZF", isZero(e, width, result));
  };

const popcnt: Semantics = (e, i) => {
  const width = widthOf(operand(i, 0));
  const source = read(e, operand(i, 1), width);
  write(e, operand(i, 0), e.popcnt(width, source));
  e.setFlagsZPC(isZero(e, width, source), e.constant(32, 0), e.constant(32, 0));
};

const andn: Semantics = (e, i) => {
  const width = widthOf(operand(i, 0));
  const inverted = e.xor(width, read(e, operand(i, 1), width), e.constant(width, -1));
  const result = e.and(width, inverted, read(e, operand(i, 2), width));
  write(e, operand(i, 0), result);
  e.flagsLogic(width, result);
};

/** BLSR, BLSMSK, BLSI: of a and a - 1 or -a; `carryIfZero` says when CF is set. */
const lowestBit =
  (operation: <V>(e: Emitter<V>, width: Width, a: V) => V, carryIfZero: boolean): Semantics =>
  (e, i) => {
    const width = widthOf(operand(i, 0));
    const a = read(e, operand(i, 1), width);
    const result = operation(e, width, a);
    write(e, operand(i, 0), result);
    e.flagsLogic(width, result);
    const zero = isZero(e, width, a);
    e.setFlag("CF", carryIfZero ? zero : invert(e, zero));
  };

const less1 = <V>(e: Emitter<V>, width: Width, a: V): V => e.sub(width, a, e.constant(width, 1));
const blsr = lowestBit((e, w, a) => e.and(w, a, less1(e, w, a)), true);
const blsmsk = lowestBit((e, w, a) => e.xor(w, a, less1(e, w, a)), true);
const blsi = lowestBit((e, w, a) => e.and(w, a, e.sub(w, e.constant(w, 0), a)), false);

/** The lowest `count` bits set (width 32, any count: all from the width on). */
function lowMask<V>(e: Emitter<V>, width: Width, count: V): V {
  const all = e.constant(width, -1);
  const within = e.and(32, count, e.constant(32, width - 1));
  const some = e.xor(width, e.shl(width, all, within), all);
  return e.select(width, e.lessUnsigned(32, count, e.constant(32, width)), some, all);
}

const bzhi: Semantics = (e, i) => {
  const width = widthOf(operand(i, 0));
  const a = read(e, operand(i, 1), width);
  const index = e.and(32, asCount(e, width, read(e, operand(i, 2), width)), e.constant(32, 255));
  const result = e.and(width, a, lowMask(e, width, index));
  write(e, operand(i, 0), result);
  e.flagsLogic(width, result);
  e.setFlag("CF", invert(e, e.lessUnsigned(32, index, e.constant(32, width))));
};

const bextr: Semantics = (e, i) => {
  const width = widthOf(operand(i, 0));
  const a = read(e, operand(i, 1), width);
  const control = asCount(e, width, read(e, operand(i, 2), width));
  const start = e.and(32, control, e.constant(32, 255));
  const length = e.and(32, e.shr(32, control, e.constant(32, 8)), e.constant(32, 255));
  const inside = e.lessUnsigned(32, start, e.constant(32, width));
  const shifted = e.shr(width, a, e.and(32, start, e.constant(32, width - 1)));
  const field = e.and(width, shifted, lowMask(e, width, length));
  const result = e.select(width, inside, field, e.constant(width, 0));
  write(e, operand(i, 0), result);
  e.flagsLogic(width, result);
};

/** The upper half is written last: it wins where both go to one register. */
const mulx: Semantics = (e, i) => {
  const width = widthOf(operand(i, 0));
  const a = e.register(width, 2);
  const b = read(e, operand(i, 2), width);
  const high = e.mulHigh(false, width, a, b);
  write(e, operand(i, 1), e.mul(width, a, b));
  write(e, operand(i, 0), high);
};

const xlatb: Semantics = (e, i) => {
  const al = e.extendUnsigned(64, 8, e.register(8, RAX));
  let address = e.add(64, e.register(64, RBX), al);
  if (i.addressWidth === 32) address = e.extendUnsigned(64, 32, e.truncate(32, 64, address));
  if (i.segment >= 4) address = e.add(64, address, e.segmentBase(i.segment));
  e.setRegister(8, RAX, e.load(8, address));
};

const movnti: Semantics = (e, i) => {
  const width = widthOf(operand(i, 1));
  write(e, operand(i, 0), read(e, operand(i, 1)), width, addressOf(e, operand(i, 0)));
};

const allButZero = mask(OF, SF, AF, PF);
const bmi1 = { feature: "BMI1", undefinedFlags: mask(AF, PF) } as const;
const bmi2 = { feature: "BMI2" } as const;

export const bitRows = [
  ...rows(
    "BT",
    { run: bitTest(), undefinedFlags: allButZero },
    "0F A3 /r | r/mv, rv",
    "0F BA /4 ib | r/mv, imm8",
  ),
  ...rows(
    "BTS",
    { run: bitTest((e, w, a, bit) => e.or(w, a, bit)), undefinedFlags: allButZero, lock: true },
    "0F AB /r | r/mv, rv",
    "0F BA /5 ib | r/mv, imm8",
  ),
  ...rows(
    "BTR",
    {
      run: bitTest((e, w, a, bit) => e.and(w, a, e.xor(w, bit, e.constant(w, -1)))),
      undefinedFlags: allButZero,
      lock: true,
    },
    "0F B3 /r | r/mv, rv",
    "0F BA /6 ib | r/mv, imm8",
  ),
  ...rows(
    "BTC",
    { run: bitTest((e, w, a, bit) => e.xor(w, a, bit)), undefinedFlags: allButZero, lock: true },
    "0F BB /r | r/mv, rv",
    "0F BA /7 ib | r/mv, imm8",
  ),
  ...rows("BSF", { run: bitScan(true), undefinedFlags: mask(CF, OF, SF, AF, PF) }, "0F BC /r | rv, r/mv"),
  ...rows("BSR", { run: bitScan(false), undefinedFlags: mask(CF, OF, SF, AF, PF) }, "0F BD /r | rv, r/mv"),
  ...rows(
    "TZCNT",
    { run: count("ctz"), undefinedFlags: allButZero, feature: "BMI1" },
    "F3 0F BC /r | rv, r/mv",
  ),
  ...rows(
    "LZCNT",
    { run: count("clz"), undefinedFlags: allButZero, feature: "LZCNT" },
    "F3 0F BD /r | rv, r/mv",
  ),
  ...rows("POPCNT", { run: popcnt, feature: "POPCNT" }, "F3 0F B8 /r | rv, r/mv"),
  ...rows("ANDN", { run: andn, ...bmi1 }, "VEX.LZ.0F38 F2 /r | ry, ryb, r/my"),
  ...rows("BLSR", { run: blsr, ...bmi1 }, "VEX.LZ.0F38 F3 /1 | ryb, r/my"),
  ...rows("BLSMSK", { run: blsmsk, ...bmi1 }, "VEX.LZ.0F38 F3 /2 | ryb, r/my"),
  ...rows("BLSI", { run: blsi, ...bmi1 }, "VEX.LZ.0F38 F3 /3 | ryb, r/my"),
  ...rows(
    "BEXTR",
    { run: bextr, feature: "BMI1", undefinedFlags: mask(AF, SF, PF) },
    "VEX.LZ.0F38 F7 /r | ry, r/my, ryb",
  ),
  ...rows("BZHI", { run: bzhi, ...bmi2, undefinedFlags: mask(AF, PF) }, "VEX.LZ.0F38 F5 /r | ry, r/my, ryb"),
  ...rows("MULX", { run: mulx, ...bmi2 }, "VEX.LZ.F2.0F38 F6 /r | ry, ryb, r/my"),
  ...rows("PDEP", bmi2, "VEX.LZ.F2.0F38 F5 /r | ry, ryb, r/my"),
  ...rows("PEXT", bmi2, "VEX.LZ.F3.0F38 F5 /r | ry, ryb, r/my"),
  ...rows("CLC", { run: (e) => e.setFlag("CF", e.constant(32, 0)) }, "F8"),
  ...rows("STC", { run: (e) => e.setFlag("CF", e.constant(32, 1)) }, "F9"),
  ...rows("CMC", { run: (e) => e.setFlag("CF", invert(e, e.flag("CF"))) }, "F5"),
  ...rows("CLD", { run: (e) => e.setDirection("up") }, "FC"),
  ...rows("STD", { run: (e) => e.setDirection("down") }, "FD"),
  ...rows("XLATB", { run: xlatb }, "D7"),
  ...rows("MOVNTI", { run: movnti, feature: "SSE2" }, "NP 0F C3 /r | my, ry"),
  ...rows("CMPXCHG8B", { lock: true }, "0F C7 /1 | m64"),
  ...rows("CMPXCHG16B", { lock: true }, "REX.W + 0F C7 /1 | m128"),
  ...rows("RDRAND", { feature: "RDRAND" }, "NFx 0F C7 /6 | rmv"),
  ...rows("RDSEED", { feature: "RDSEED" }, "NFx 0F C7 /7 | rmv"),
  ...rows("CRC32", { feature: "SSE4_2" }, "F2 0F 38 F0 /r | ry, r/m8", "F2 0F 38 F1 /r | ry, r/mv"),
];
