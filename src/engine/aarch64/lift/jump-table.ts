// Recognises jumps by a table that cannot change, as compilers write them: of distances in instructions from a label
// (`ADR b, label; LDRB e, [t, i]; ADD b, b, e, LSL #2; BR b`), or in bytes from the table itself (`LDRSW e, [t, i, LSL #2]; ADD b, t, e;
// BR b`).
import type { Instruction } from "../../../isa/aarch64/instruction.js";
import type { CodeAround, JumpTable, TableSearch } from "../../portable/guest-isa.js";

const MAX_ENTRIES = 4096;
/** Instructions before the jump that what belongs to it may be among. */
const NEAR = 8;

/** Loads of entries by a whole register: their size in bytes, which is the index's scale too. */
const entrySizes: Readonly<Record<string, 1 | 2 | 4>> = { LDRB: 1, LDRH: 2, LDRSW: 4 };
const LSL = 3;

/** The parts of a jump by a table, as instructions of the path. */
interface Jump {
  readonly load: Instruction;
  readonly sizeBytes: 1 | 2 | 4;
  /** The register that distances are from, and how many bits they are shifted by. */
  readonly label: number;
  readonly shift: number;
}

export class TablePath implements TableSearch {
  readonly #path: Instruction[] = [];
  /** Addresses that ADR, ADRP and ADD have put into registers anywhere in the function: guesses, which code checks. */
  readonly #addresses: (number | undefined)[] = [];

  /** What an index was compared with before a branch, by where that leads: another path than the comparison's. */
  readonly #bounds = new Map<number, number>();
  #bound: number | undefined;

  follow(i: Instruction, isStart: boolean): void {
    if (isStart) {
      this.#path.length = 0;
      this.#bound = this.#bounds.get(i.pc);
    }
    this.#path.push(i);
    const bound = boundOf(this.#path);
    if (i.row.traits.flow === "branch" && bound !== undefined) {
      this.#bounds.set(i.next, bound);
      this.#bounds.set(i.pc + i.imm * 4, bound);
    }
    const address = addressIn(i, this.#addresses);
    if (address !== undefined) this.#addresses[i.Rd] = address;
  }

  find(code: CodeAround, known: ReadonlyMap<number, JumpTable>): JumpTable | undefined {
    const jump = jumpAt(this.#path);
    if (jump === undefined) return undefined;
    const { load, label } = jump;
    const met = known.get(load.pc);
    if (met !== undefined) return met;
    const at = this.#addresses[load.Rn] ?? code.registerNow(load.Rn);
    const from = label === load.Rn ? at : this.#addresses[label];
    // Small entries all look like distances.
    const bound = boundOf(this.#path) ?? this.#bound;
    const most = bound ?? (jump.sizeBytes === 4 ? MAX_ENTRIES : 0);
    return from === undefined ? undefined : readTable(jump, at, from, most, bound !== undefined, code);
  }
}

function addressIn(i: Instruction, addresses: readonly (number | undefined)[]): number | undefined {
  const distance = ((i.immhi << 13) >> 11) | i.immlo;
  if (i.row.mnemonic === "ADR") return i.pc + distance;
  if (i.row.mnemonic === "ADRP") return i.pc - (i.pc % 4096) + distance * 4096;
  const before = addresses[i.Rn];
  const isSum = i.row.mnemonic === "ADD" && i.row.operands.includes("#imm") && i.sf === 1;
  return isSum && before !== undefined ? before + i.imm * (i.sh === 1 ? 4096 : 1) : undefined;
}

function jumpAt(path: readonly Instruction[]): Jump | undefined {
  const jump = path.at(-1);
  const add = path.at(-2);
  if (jump?.row.mnemonic !== "BR" || add?.row.mnemonic !== "ADD") return undefined;
  const isRegister = add.row.operands.endsWith("shift") && add.sf === 1 && add.shift === 0;
  if (!isRegister || add.Rd !== jump.Rn) return undefined;
  const load = path.slice(-NEAR, -2).findLast(({ row, Rt }) => row.mnemonic in entrySizes && Rt === add.Rm);
  const sizeBytes = load === undefined ? undefined : entrySizes[load.row.mnemonic];
  if (load === undefined || sizeBytes === undefined || !load.row.operands.includes("extended"))
    return undefined;
  const isScaled = load.option === LSL && (load.S === 1 || sizeBytes === 1);
  return isScaled ? { load, sizeBytes, label: add.Rn, shift: add.imm } : undefined;
}

/** Entries as long as they lead to code; undefined where there are not at least three different targets. */
function readTable(
  { load, sizeBytes, label, shift }: Jump,
  at: number,
  from: number,
  bound: number,
  isBounded: boolean,
  { bytes, shape, isExecutable }: CodeAround,
): JumpTable | undefined {
  const end = Math.min(at + sizeBytes * bound, shape.writable);
  if (at < shape.readable || end <= at) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, end - at);
  const [targets, entries]: [number[], number[]] = [[], []];
  for (let offset = 0; offset + sizeBytes <= end - at; offset += sizeBytes) {
    const entry =
      sizeBytes === 1
        ? view.getUint8(offset)
        : sizeBytes === 2
          ? view.getUint16(offset, true)
          : view.getInt32(offset, true);
    const target = from + entry * 2 ** shift;
    if (target < 0 || target >= shape.size || target % 4 !== 0 || !isExecutable(target)) break;
    targets.push(target);
    entries.push(entry);
  }
  if (new Set(targets).size < 3) return undefined;
  const size = sizeBytes * targets.length;
  // What is before the load is another block's.
  const other = label === load.Rn ? undefined : { register: label, value: from };
  const [index, base] = [load.Rm, load.Rn];
  return { load: load.pc, index, base, label: other, isBounded, at, sizeBytes: size, targets, entries };
}

/** One more than the constant that the index was compared with, shortly before. */
function boundOf(path: readonly Instruction[]): number | undefined {
  const compared = path
    .slice(-NEAR)
    .findLast(({ row }) => row.mnemonic === "SUBS" && row.operands.includes("#imm"));
  return compared === undefined ? undefined : Math.min(compared.imm + 1, MAX_ENTRIES);
}
