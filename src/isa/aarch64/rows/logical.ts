// Logical operations with immediates and shifted registers, and moves of wide immediates. Specification: Arm ARM (DDI 0487), C6.2.
import type { Emitter, RegisterWidth } from "../emitter.js";
import { type Instruction, rows, type Semantics } from "../instruction.js";
import { bitMask, constant, not, read, shifted, widthOf, write } from "../operands.js";

type Operation = "and" | "or" | "xor";

function finish<V>(
  e: Emitter<V>,
  i: Instruction,
  name: Operation,
  flags: boolean,
  b: V,
  toSp: boolean,
): void {
  const width = widthOf(i);
  const isMove = name === "or" && i.Rn === 31;
  const result = isMove ? b : e[name](width, read(e, width, i.Rn), b);
  if (toSp) e.setRegister(width, i.Rd, result);
  else write(e, width, i.Rd, result);
  if (flags) e.flagsLogic(width, result);
}

const maskOf = (i: Instruction, width: RegisterWidth): bigint => bitMask(width, i.N, i.imms, i.immr) ?? 0n;

const immediate =
  (name: Operation, flags: boolean): Semantics =>
  (e, i) => {
    const width = widthOf(i);
    finish(e, i, name, flags, constant(e, width, maskOf(i, width)), !flags);
  };

const register =
  (name: Operation, inverted: boolean, flags: boolean): Semantics =>
  (e, i) => {
    const m = shifted(e, i);
    finish(e, i, name, flags, inverted ? not(e, widthOf(i), m) : m, false);
  };

const operations = [
  ["and", "AND", "BIC", false],
  ["or", "ORR", "ORN", false],
  ["xor", "EOR", "EON", false],
  ["and", "ANDS", "BICS", true],
] as const;

const logical = operations.flatMap(([name, mnemonic, inverse, flags], op) => {
  const opc = op.toString(2).padStart(2, "0");
  return [
    ...rows(
      mnemonic,
      {
        run: immediate(name, flags),
        only: (i) => bitMask(i.sf === 0 ? 32 : 64, i.N, i.imms, i.immr) !== undefined,
      },
      `sf ${opc} 100100 N immr imms Rn Rd | ${flags ? "Rd" : "Rd|SP"}, Rn, #mask`,
    ),
    ...[false, true].flatMap((inverted) =>
      rows(
        inverted ? inverse : mnemonic,
        { run: register(name, inverted, flags), only: ({ sf, imm }) => sf === 1 || imm < 32 },
        `sf ${opc} 01010 shift ${inverted ? 1 : 0} Rm imm6 Rn Rd | Rd, Rn, Rm, shift`,
      ),
    ),
  ];
});

const wide = (i: Instruction): bigint => BigInt(i.imm) << BigInt(16 * i.hw);

const moveZero: Semantics = (e, i) => {
  const width = widthOf(i);
  write(e, width, i.Rd, constant(e, width, wide(i)));
};

const moveNot: Semantics = (e, i) => {
  const width = widthOf(i);
  write(e, width, i.Rd, constant(e, width, ~wide(i)));
};

const moveKeep: Semantics = (e, i) => {
  const width = widthOf(i);
  const kept = constant(e, width, ~(0xffffn << BigInt(16 * i.hw)));
  const rest = e.and(width, read(e, width, i.Rd), kept);
  write(e, width, i.Rd, e.or(width, rest, constant(e, width, wide(i))));
};

const moves = (
  [
    ["MOVN", "00", moveNot],
    ["MOVZ", "10", moveZero],
    ["MOVK", "11", moveKeep],
  ] as const
).flatMap(([mnemonic, opc, run]) =>
  rows(
    mnemonic,
    { run, only: ({ sf, hw }) => sf === 1 || hw < 2 },
    `sf ${opc} 100101 hw imm16 Rd | Rd, #imm, hw`,
  ),
);

export const logicalRows = [...logical, ...moves];
