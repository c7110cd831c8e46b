// Integer arithmetic and comparison: ADD to CMP, INC, DEC, NEG, NOT, MUL, IMUL, DIV, IDIV, TEST, ADCX, ADOX.
// Specification: Intel SDM volume 2; undefined flags as its pages say.
import { type Emitter, flagBits, type Width } from "../emitter.js";
import { type Instruction, rows, type Semantics } from "../instruction.js";
import { addressOf, operand, read, widthOf, write } from "../operands.js";

const { CF, PF, AF, ZF, SF, OF } = flagBits;
const mask = (...bits: readonly number[]) => bits.reduce((sum, bit) => sum | (1 << bit), 0);
const RAX = 0;
const RDX = 2;

/** destination = operation(destination, source); flags after the store, as every semantics here. */
function binary(
  operation: <V>(e: Emitter<V>, width: Width, a: V, b: V) => V,
  flags: <V>(e: Emitter<V>, width: Width, a: V, b: V, result: V) => void,
  keep = true,
): Semantics {
  return (e, i) => {
    const destination = operand(i, 0);
    const width = widthOf(destination);
    const address = addressOf(e, destination);
    const a = read(e, destination, width, address);
    const b = read(e, operand(i, 1), width);
    const result = operation(e, width, a, b);
    if (keep) write(e, destination, result, width, address);
    flags(e, width, a, b, result);
  };
}

const carry = <V>(e: Emitter<V>, width: Width): V => ofWidth(e, width, e.flag("CF"));

/** A bit as a value of another width. */
function ofWidth<V>(e: Emitter<V>, width: Width, bit: V): V {
  if (width === 64) return e.extendUnsigned(64, 32, bit);
  return width === 32 ? bit : e.truncate(width, 32, bit);
}

const add = binary(
  (e, w, a, b) => e.add(w, a, b),
  (e, w, a, b, r) => e.flagsAdd(w, a, b, r),
);
const or = binary(
  (e, w, a, b) => e.or(w, a, b),
  (e, w, _a, _b, r) => e.flagsLogic(w, r),
);
const adc = binary(
  (e, w, a, b) => e.add(w, e.add(w, a, b), carry(e, w)),
  (e, w, a, b, r) => e.flagsAdd(w, a, b, r),
);
const sbb = binary(
  (e, w, a, b) => e.sub(w, e.sub(w, a, b), carry(e, w)),
  (e, w, a, b, r) => e.flagsSub(w, a, b, r),
);
const and = binary(
  (e, w, a, b) => e.and(w, a, b),
  (e, w, _a, _b, r) => e.flagsLogic(w, r),
);
const sub = binary(
  (e, w, a, b) => e.sub(w, a, b),
  (e, w, a, b, r) => e.flagsSub(w, a, b, r),
);
const xor = binary(
  (e, w, a, b) => e.xor(w, a, b),
  (e, w, _a, _b, r) => e.flagsLogic(w, r),
);
const cmp = binary(
  (e, w, a, b) => e.sub(w, a, b),
  (e, w, a, b, r) => e.flagsSub(w, a, b, r),
  false,
);
const test = binary(
  (e, w, a, b) => e.and(w, a, b),
  (e, w, _a, _b, r) => e.flagsLogic(w, r),
  false,
);

/** The eight operations of opcodes 00 to 3F, in the order of their opcodes and of `80 /digit`. */
const group1 = [
  ["ADD", add],
  ["OR", or],
  ["ADC", adc],
  ["SBB", sbb],
  ["AND", and],
  ["SUB", sub],
  ["XOR", xor],
  ["CMP", cmp],
] as const;

const group1Rows = group1.flatMap(([mnemonic, run], digit) => {
  const opcode = (low: number) => (digit * 8 + low).toString(16).toUpperCase().padStart(2, "0");
  const undefinedFlags = run === or || run === and || run === xor ? mask(AF) : 0;
  return rows(
    mnemonic,
    { run, undefinedFlags, lock: run !== cmp },
    `${opcode(4)} ib | AL, imm8`,
    `${opcode(5)} iz | rAX, immz`,
    `80 /${digit} ib | r/m8, imm8`,
    `81 /${digit} iz | r/mv, immz`,
    `83 /${digit} ib | r/mv, imm8`,
    `${opcode(0)} /r | r/m8, r8`,
    `${opcode(1)} /r | r/mv, rv`,
    `${opcode(2)} /r | r8, r/m8`,
    `${opcode(3)} /r | rv, r/mv`,
  );
});

/** destination = operation(destination). */
function unary(operation: <V>(e: Emitter<V>, width: Width, a: V) => readonly [V, () => void]): Semantics {
  return (e, i) => {
    const destination = operand(i, 0);
    const width = widthOf(destination);
    const address = addressOf(e, destination);
    const [result, flags] = operation(e, width, read(e, destination, width, address));
    write(e, destination, result, width, address);
    flags();
  };
}

const inc = unary((e, w, a) => {
  const result = e.add(w, a, e.constant(w, 1));
  return [result, () => e.flagsIncrement(w, result)];
});
const dec = unary((e, w, a) => {
  const result = e.sub(w, a, e.constant(w, 1));
  return [result, () => e.flagsDecrement(w, result)];
});
const neg = unary((e, w, a) => {
  const zero = e.constant(w, 0);
  const result = e.sub(w, zero, a);
  return [result, () => e.flagsSub(w, zero, a, result)];
});
const not = unary((e, w, a) => [e.xor(w, a, e.constant(w, -1)), () => undefined]);

/** The lower half in rAX and the upper in rDX; of 8-bit ones both in AX. */
function setWide<V>(e: Emitter<V>, width: Width, low: V, high: V): void {
  if (width === 8) {
    e.setRegister(8, RAX, low);
    e.setRegisterHigh(0, high);
  } else {
    e.setRegister(width, RAX, low);
    e.setRegister(width, RDX, high);
  }
}

/** CF and OF say whether the upper half of a product holds more than the lower half's sign (or zero). */
function productFlags<V>(e: Emitter<V>, width: Width, high: V, expected: V): void {
  const bit = e.xor(32, e.equal(width, high, expected), e.constant(32, 1));
  e.setFlag("CF", bit);
  e.setFlag("OF", bit);
}

const signOf = <V>(e: Emitter<V>, width: Width, a: V): V =>
  width < 32
    ? e.truncate(width, 32, e.sar(32, e.extendSigned(32, width, a), e.constant(32, 31)))
    : e.sar(width, a, e.constant(32, width - 1));

const wideMultiply =
  (signed: boolean): Semantics =>
  (e, i) => {
    const width = widthOf(operand(i, 0));
    const a = e.register(width, RAX);
    const b = read(e, operand(i, 0));
    const low = e.mul(width, a, b);
    const high = e.mulHigh(signed, width, a, b);
    setWide(e, width, low, high);
    productFlags(e, width, high, signed ? signOf(e, width, low) : e.constant(width, 0));
  };

/** IMUL r, r/m and IMUL r, r/m, imm. */
const multiply: Semantics = (e, i) => {
  const width = widthOf(operand(i, 0));
  const a = read(e, operand(i, i.operands.length - 2), width);
  const b = read(e, operand(i, i.operands.length - 1), width);
  const low = e.mul(width, a, b);
  const high = e.mulHigh(true, width, a, b);
  write(e, operand(i, 0), low);
  productFlags(e, width, high, signOf(e, width, low));
};

const divideBy =
  (signed: boolean): Semantics =>
  (e, i) => {
    const width = widthOf(operand(i, 0));
    const divisor = read(e, operand(i, 0));
    const high = width === 8 ? e.registerHigh(0) : e.register(width, RDX);
    const { quotient, remainder } = e.divide(signed, width, high, e.register(width, RAX), divisor);
    setWide(e, width, quotient, remainder);
  };

/** ADCX and ADOX: additions with carry in one flag only. */
const addWith =
  (flag: "CF" | "OF"): Semantics =>
  (e: Emitter<unknown>, i: Instruction) => {
    const width = widthOf(operand(i, 0));
    const a = read(e, operand(i, 0));
    const b = read(e, operand(i, 1));
    const sum = e.add(width, a, b);
    const result = e.add(width, sum, ofWidth(e, width, e.flag(flag)));
    const bit = e.or(32, e.lessUnsigned(width, sum, a), e.lessUnsigned(width, result, sum));
    write(e, operand(i, 0), result);
    e.setFlag(flag, bit);
  };

const allFlags = mask(CF, PF, AF, ZF, SF, OF);
const multiplied = mask(SF, ZF, AF, PF);

export const arithmeticRows = [
  ...group1Rows,
  ...rows("INC", { run: inc, lock: true }, "FE /0 | r/m8", "FF /0 | r/mv"),
  ...rows("DEC", { run: dec, lock: true }, "FE /1 | r/m8", "FF /1 | r/mv"),
  ...rows("INC", { run: inc, mode: 32 }, "40+r | rv"),
  ...rows("DEC", { run: dec, mode: 32 }, "48+r | rv"),
  ...rows("NOT", { run: not, lock: true }, "F6 /2 | r/m8", "F7 /2 | r/mv"),
  ...rows("NEG", { run: neg, lock: true }, "F6 /3 | r/m8", "F7 /3 | r/mv"),
  ...rows(
    "TEST",
    { run: test, undefinedFlags: mask(AF) },
    "A8 ib | AL, imm8",
    "A9 iz | rAX, immz",
    "F6 /0 ib | r/m8, imm8",
    "F7 /0 iz | r/mv, immz",
    "F6 /1 ib | r/m8, imm8",
    "F7 /1 iz | r/mv, immz",
    "84 /r | r/m8, r8",
    "85 /r | r/mv, rv",
  ),
  ...rows("MUL", { run: wideMultiply(false), undefinedFlags: multiplied }, "F6 /4 | r/m8", "F7 /4 | r/mv"),
  ...rows("IMUL", { run: wideMultiply(true), undefinedFlags: multiplied }, "F6 /5 | r/m8", "F7 /5 | r/mv"),
  ...rows(
    "IMUL",
    { run: multiply, undefinedFlags: multiplied },
    "0F AF /r | rv, r/mv",
    "6B /r ib | rv, r/mv, imm8",
    "69 /r iz | rv, r/mv, immz",
  ),
  ...rows("DIV", { run: divideBy(false), undefinedFlags: allFlags }, "F6 /6 | r/m8", "F7 /6 | r/mv"),
  ...rows("IDIV", { run: divideBy(true), undefinedFlags: allFlags }, "F6 /7 | r/m8", "F7 /7 | r/mv"),
  ...rows("ADCX", { run: addWith("CF"), feature: "ADX" }, "66 0F 38 F6 /r | ry, r/my"),
  ...rows("ADOX", { run: addWith("OF"), feature: "ADX" }, "F3 0F 38 F6 /r | ry, r/my"),
];
