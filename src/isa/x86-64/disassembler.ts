// An instruction as text, in Intel's syntax as binutils write it: for error messages, debuggers and tests.
import { decode, type Mode } from "./decoder.js";
import type { Instruction, MemoryOperand, Operand } from "./instruction.js";

const names64 = "rax rcx rdx rbx rsp rbp rsi rdi".split(" ");
const names8 = "al cl dl bl spl bpl sil dil".split(" ");
const highs = "ah ch dh bh".split(" ");
const segments = "es cs ss ds fs gs".split(" ");

/** The name of a general register at a width. */
function registerName(index: number, width: number, high = false): string {
  if (high) return highs[index] ?? "?";
  if (index >= 8) return `r${index}${{ 8: "b", 16: "w", 32: "d" }[width] ?? ""}`;
  if (width === 8) return names8[index] ?? "?";
  const name = names64[index] ?? "?";
  return width === 64 ? name : width === 32 ? `e${name.slice(1)}` : name.slice(1);
}

const sizes: Readonly<Record<number, string>> = {
  8: "BYTE PTR ",
  16: "WORD PTR ",
  32: "DWORD PTR ",
  64: "QWORD PTR ",
  80: "TBYTE PTR ",
  128: "XMMWORD PTR ",
};

const hex = (value: bigint | number): string => {
  const big = BigInt(value);
  return big < 0n ? `-0x${(-big).toString(16)}` : `0x${big.toString(16)}`;
};

function memoryText(m: MemoryOperand): string {
  const width = m.addressWidth;
  const parts: string[] = [];
  if (m.base >= 0) parts.push(registerName(m.base, width));
  if (m.index >= 0) parts.push(`${registerName(m.index, width)}*${1 << m.scale}`);
  const segment = m.segment >= 4 ? `${segments[m.segment]}:` : "";
  const size = sizes[m.width] ?? "";
  if (parts.length === 0)
    return `${size}${segment === "" ? "ds:" : segment}${hex(BigInt.asUintN(64, BigInt(m.displacement)))}`;
  const { displacement } = m;
  const offset = displacement === 0 ? "" : `${displacement > 0 ? "+" : ""}${hex(displacement)}`;
  return `${size}${segment}[${parts.join("+")}${offset}]`;
}

function operandText(o: Operand, width: number): string {
  switch (o.kind) {
    case "register":
      return registerName(o.index, o.width, o.high);
    case "memory":
      return memoryText(o);
    case "immediate":
      return hex(BigInt.asUintN(width, (BigInt(o.high) << 32n) | BigInt(o.low >>> 0)));
    case "target":
      return hex(BigInt.asUintN(64, BigInt(o.target)));
    case "segment":
      return segments[o.index] ?? "?";
    case "control":
      return `cr${o.index}`;
    case "debug":
      return `dr${o.index}`;
    case "st":
      return o.index === 0 ? "st" : `st(${o.index})`;
    default:
      return `${o.kind}${o.index}`;
  }
}

/** Only these extend their byte's sign to the operand's width. */
const signExtending = /^(83|6B|6A)/;

/** The width that an immediate is shown at: its own, or that of what it is extended to. */
function immediateWidth(i: Instruction, own: number): number {
  const [first] = i.operands;
  if (/imm(8|16)/.test(i.row.operands) && !signExtending.test(i.row.opcode)) return own;
  if (first?.kind === "register" || first?.kind === "memory") return first.width;
  return i.operandWidth === 16 ? 16 : 64;
}

function repeatText({ repeat, row }: Instruction): string {
  if (row.traits.repeat !== true || repeat === 0) return "";
  if (repeat === 0xf2) return "repnz ";
  return /^(CMPS|SCAS)/.test(row.mnemonic) ? "repz " : "rep ";
}

/** One instruction, without its address. */
export function format(i: Instruction): string {
  const { mnemonic, operands: notation } = i.row;
  // `MOV CR` and `PUSH Sreg` are rows of their own, but MOV and PUSH to people.
  const name = mnemonic.replace(/ (CR|DR|Sreg)$/, "").toLowerCase();
  const operands = i.operands.map((o) => operandText(o, "width" in o ? immediateWidth(i, o.width) : 0));
  if (notation.endsWith(", 1")) operands[operands.length - 1] = "1";
  return `${i.lock ? "lock " : ""}${repeatText(i)}${name} ${operands.join(",")}`.trimEnd();
}

/** The instruction in `bytes` at `offset`, or why there is none. */
export function disassemble(bytes: Uint8Array, offset: number, pc: number, mode: Mode = 64): string {
  const found = decode(bytes, offset, pc, mode);
  return typeof found === "string" ? `(${found})` : format(found);
}
