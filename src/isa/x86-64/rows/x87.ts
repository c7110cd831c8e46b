// The x87: all slow, on 80-bit values. Specification: Intel SDM volume 2; mnemonics with operands in memory as integers have
// an I after the F.
import { rows } from "../instruction.js";

const x87 = { feature: "X87" } as const;
/** FCOMI and its kin set all six flags. */
const of = (mnemonic: string, ...encodings: readonly string[]) => rows(mnemonic, x87, ...encodings);

const hex = (value: number) => value.toString(16).toUpperCase();

/** The eight operations in the order of their opcodes; for `DC` and `DE` the reversed ones change places. */
const operations = ["ADD", "MUL", "COM", "COMP", "SUB", "SUBR", "DIV", "DIVR"] as const;

const arithmetic = operations.flatMap((name, digit) => [
  ...of(
    `F${name}`,
    `D8 /${digit} | m32fp`,
    `DC /${digit} | m64fp`,
    `D8 ${hex(0xc0 + 8 * digit)}+i | ST(0), ST(i)`,
  ),
  ...of(`FI${name}`, `DA /${digit} | m32int`, `DE /${digit} | m16int`),
]);

const toStack = (
  [
    ["FADD", 0xc0],
    ["FMUL", 0xc8],
    ["FSUBR", 0xe0],
    ["FSUB", 0xe8],
    ["FDIVR", 0xf0],
    ["FDIV", 0xf8],
  ] as const
).flatMap(([name, second]) => [
  ...of(name, `DC ${hex(second)}+i | ST(i), ST(0)`),
  ...of(`${name}P`, `DE ${hex(second)}+i | ST(i), ST(0)`),
]);

const constants = ["FLD1", "FLDL2T", "FLDL2E", "FLDPI", "FLDLG2", "FLDLN2", "FLDZ"].flatMap((name, n) =>
  of(name, `D9 ${hex(0xe8 + n)}`),
);

const functionNames =
  "F2XM1 FYL2X FPTAN FPATAN FXTRACT FPREM1 FDECSTP FINCSTP FPREM FYL2XP1 FSQRT FSINCOS FRNDINT FSCALE FSIN FCOS";
const functions = functionNames.split(" ").flatMap((name, n) => of(name, `D9 ${hex(0xf0 + n)}`));

export const x87Rows = [
  ...arithmetic,
  ...toStack,
  ...constants,
  ...functions,
  // The manual's opcode maps have these once more.
  ...of("FCOM", "DC D0+i | ST(i)"),
  ...of("FCOMP", "DC D8+i | ST(i)", "DE D0+i | ST(i)"),
  ...of("FXCH", "DD C8+i | ST(i)", "DF C8+i | ST(i)"),
  ...of("FSTP", "DF D0+i | ST(i)", "DF D8+i | ST(i)"),
  ...of("FSTPNCE", "D9 D8+i | ST(i)"),
  ...of("FFREEP", "DF C0+i | ST(i)"),
  ...of("FNENI", "DB E0"),
  ...of("FNDISI", "DB E1"),
  ...of("FNSETPM", "DB E4"),
  ...of("FCOMPP", "DE D9"),
  ...of("FUCOM", "DD E0+i | ST(i)"),
  ...of("FUCOMP", "DD E8+i | ST(i)"),
  ...of("FUCOMPP", "DA E9"),
  ...of("FUCOMI", "DB E8+i | ST(0), ST(i)"),
  ...of("FCOMI", "DB F0+i | ST(0), ST(i)"),
  ...of("FUCOMIP", "DF E8+i | ST(0), ST(i)"),
  ...of("FCOMIP", "DF F0+i | ST(0), ST(i)"),
  ...of("FCMOVB", "DA C0+i | ST(0), ST(i)"),
  ...of("FCMOVE", "DA C8+i | ST(0), ST(i)"),
  ...of("FCMOVBE", "DA D0+i | ST(0), ST(i)"),
  ...of("FCMOVU", "DA D8+i | ST(0), ST(i)"),
  ...of("FCMOVNB", "DB C0+i | ST(0), ST(i)"),
  ...of("FCMOVNE", "DB C8+i | ST(0), ST(i)"),
  ...of("FCMOVNBE", "DB D0+i | ST(0), ST(i)"),
  ...of("FCMOVNU", "DB D8+i | ST(0), ST(i)"),
  ...of("FLD", "D9 /0 | m32fp", "DD /0 | m64fp", "DB /5 | m80fp", "D9 C0+i | ST(i)"),
  ...of("FST", "D9 /2 | m32fp", "DD /2 | m64fp", "DD D0+i | ST(i)"),
  ...of("FSTP", "D9 /3 | m32fp", "DD /3 | m64fp", "DB /7 | m80fp", "DD D8+i | ST(i)"),
  ...of("FILD", "DF /0 | m16int", "DB /0 | m32int", "DF /5 | m64int"),
  ...of("FIST", "DF /2 | m16int", "DB /2 | m32int"),
  ...of("FISTP", "DF /3 | m16int", "DB /3 | m32int", "DF /7 | m64int"),
  ...rows("FISTTP", { feature: "SSE3" }, "DF /1 | m16int", "DB /1 | m32int", "DD /1 | m64int"),
  ...of("FBLD", "DF /4 | m80bcd"),
  ...of("FBSTP", "DF /6 | m80bcd"),
  ...of("FXCH", "D9 C8+i | ST(i)"),
  ...of("FNOP", "D9 D0"),
  ...of("FCHS", "D9 E0"),
  ...of("FABS", "D9 E1"),
  ...of("FTST", "D9 E4"),
  ...of("FXAM", "D9 E5"),
  ...of("FFREE", "DD C0+i | ST(i)"),
  ...of("FLDCW", "D9 /5 | m16"),
  ...of("FNSTCW", "D9 /7 | m16"),
  ...of("FNSTSW", "DD /7 | m16", "DF E0 | AX"),
  ...of("FLDENV", "D9 /4 | m224"),
  ...of("FNSTENV", "D9 /6 | m224"),
  ...of("FRSTOR", "DD /4 | m864"),
  ...of("FNSAVE", "DD /6 | m864"),
  ...of("FNCLEX", "DB E2"),
  ...of("FNINIT", "DB E3"),
  ...of("FWAIT", "9B"),
  ...rows("FXSAVE", { feature: "FXSR" }, "NP 0F AE /0 | m4096"),
  ...rows("FXRSTOR", { feature: "FXSR" }, "NP 0F AE /1 | m4096"),
];
