// Branches, and what does nothing here but hold apart what comes before and after: hints and barriers. Specification: Arm ARM
// (DDI 0487), C6.2.
import type { Emitter } from "../emitter.js";
import { type Instruction, rows, type Semantics } from "../instruction.js";
import { constantOf, notBit, read, widthOf } from "../operands.js";

const LR = 30;
const targetOf = (i: Instruction): number => i.pc + i.imm * 4;

const link = <V>(e: Emitter<V>, i: Instruction): void => e.setRegister(64, LR, constantOf(e, 64, i.next));

const branchIf: Semantics = (e, i) => {
  // Of the sixteen conditions two are no conditions.
  if (i.cond >= 14) e.jump(targetOf(i));
  else e.jumpIf(e.condition(i.cond), targetOf(i));
};

const branchLink: Semantics = (e, i) => {
  link(e, i);
  e.call(targetOf(i));
};

const branchLinkTo: Semantics = (e, i) => {
  const target = read(e, 64, i.Rn);
  link(e, i);
  e.callTo(target);
};

const compare =
  (isZero: boolean): Semantics =>
  (e, i) => {
    const width = widthOf(i);
    const equal = e.equal(width, read(e, width, i.Rt), e.constant(width, 0));
    e.jumpIf(isZero ? equal : notBit(e, equal), targetOf(i));
  };

const test =
  (isZero: boolean): Semantics =>
  (e, i) => {
    const at = i.b5 * 32 + i.b40;
    const width = i.b5 === 0 ? 32 : 64;
    const shifted = e.shr(width, read(e, width, i.Rt), e.constant(32, at));
    const low = width === 64 ? e.truncate(32, 64, shifted) : shifted;
    const bit = e.and(32, low, e.constant(32, 1));
    e.jumpIf(isZero ? notBit(e, bit) : bit, targetOf(i));
  };

const nothing: Semantics = () => undefined;

export const controlRows = [
  ...rows("B", { run: (e, i) => e.jump(targetOf(i)), flow: "jump" }, "000101 simm26 | target"),
  ...rows("BL", { run: branchLink, flow: "call" }, "100101 simm26 | target"),
  ...rows("B.cond", { run: branchIf, flow: "branch" }, "0101010 0 simm19 0 cond | target"),
  ...rows("CBZ", { run: compare(true), flow: "branch" }, "sf 011010 0 simm19 Rt | Rt, target"),
  ...rows("CBNZ", { run: compare(false), flow: "branch" }, "sf 011010 1 simm19 Rt | Rt, target"),
  ...rows("TBZ", { run: test(true), flow: "branch" }, "b5 011011 0 b40 simm14 Rt | bRt, #bit, target"),
  ...rows("TBNZ", { run: test(false), flow: "branch" }, "b5 011011 1 b40 simm14 Rt | bRt, #bit, target"),
  ...rows(
    "BR",
    { run: (e, i) => e.jumpTo(read(e, 64, i.Rn)), flow: "jumpTo" },
    "1101011 0000 11111 000000 Rn 00000 | Xn",
  ),
  ...rows("BLR", { run: branchLinkTo, flow: "callTo" }, "1101011 0001 11111 000000 Rn 00000 | Xn"),
  ...rows(
    "RET",
    { run: (e, i) => e.ret(read(e, 64, i.Rn)), flow: "ret" },
    "1101011 0010 11111 000000 Rn 00000 | Xn?",
  ),
  ...rows("HINT", { run: nothing }, "11010101000000110010 CRm op2 11111 | #hint"),
  ...rows("CLREX", {}, "11010101000000110011 CRm 010 11111 | #CRm"),
  ...rows("DSB", { run: nothing }, "11010101000000110011 CRm 100 11111 | barrier"),
  ...rows("DMB", { run: nothing }, "11010101000000110011 CRm 101 11111 | barrier"),
  ...rows("ISB", { run: nothing }, "11010101000000110011 CRm 110 11111 | isb"),
];
