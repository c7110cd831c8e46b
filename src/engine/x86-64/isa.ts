// x86-64 as the engine's translator asks for it.
import { decode } from "../../isa/x86-64/decoder.js";
import type { Instruction } from "../../isa/x86-64/instruction.js";
import type { GuestIsa } from "../portable/guest-isa.js";
import { exactModule } from "./exact/code.js";
import { carryFunction } from "./lift/carry.js";
import { loadFlags } from "./lift/load-flags.js";
import { carryType, exactType, stringType, x87Type } from "./lift/functions.js";
import { TablePath } from "./lift/jump-table.js";
import { isChained, isSlow, X86Lifter } from "./lift/lifter.js";
import { RBP, registers, RSP } from "./lift/registers.js";
import { settleFunction } from "./lift/settle.js";
import { stringFunction } from "./lift/strings.js";
import { x87Module } from "./x87/code/instructions.js";

/** MOV, XCHG and POP to rsp; from rbp it is a frame's end. */
function switchesStacks({ row, operands: [to, from] }: Instruction): boolean {
  if (to?.kind !== "register" || to.index !== RSP || to.width !== 64) return false;
  const isFrameEnd = from?.kind === "register" && from.index === RBP;
  return /^(MOV|XCHG|POP)$/.test(row.mnemonic) && !isFrameEnd;
}

/** CALL rel32, and CALL and JMP through a register or memory: FF /2 and /4, with or without a REX prefix. */
function transferAt(bytes: Uint8Array, place: number): "call" | "callTo" | "jumpTo" | undefined {
  const first = bytes[place] ?? 0;
  if (first === 0xe8) return "call";
  const rex = (first & 0xf0) === 0x40 ? 1 : 0;
  if (bytes[place + rex] !== 0xff) return undefined;
  const digit = ((bytes[place + rex + 1] ?? 0) >> 3) & 7;
  return digit === 2 ? "callTo" : digit === 4 ? "jumpTo" : undefined;
}

export const x86: GuestIsa<Instruction> = {
  name: "x86-64",
  registers,
  pushedByCall: 8,
  decode(bytes, pc) {
    const found = decode(bytes, pc, pc);
    return typeof found === "string" ? undefined : found;
  },
  flowOf: (i) => i.row.traits.flow,
  targetOf({ operands: [first] }) {
    return first?.kind === "target" ? first.target : undefined;
  },
  isSlow,
  isChained,
  switchesStacks,
  newTableSearch: () => new TablePath(),
  newLifter: (pc, context) => new X86Lifter(pc, context),
  loadFlags,
  helpers: [
    { name: "carry", type: carryType, body: carryFunction },
    { name: "string", type: stringType, body: stringFunction },
  ],
  onDemand: [
    { name: "x87", type: x87Type, module: x87Module },
    { name: "exact", type: exactType, module: exactModule },
  ],
  transferAt,
  settle: settleFunction,
};
