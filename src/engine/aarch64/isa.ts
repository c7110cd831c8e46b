// aarch64 as the engine's translator asks for it.
import { decode } from "../../isa/aarch64/decoder.js";
import { SP } from "../../isa/aarch64/emitter.js";
import type { Instruction } from "../../isa/aarch64/instruction.js";
import { hasFusedMultiplyAdd } from "../../wasm/fused.js";
import type { GuestIsa } from "../portable/guest-isa.js";
import { fusedHelpers } from "./lift/fused.js";
import { TablePath } from "./lift/jump-table.js";
import { ArmLifter, isSlow } from "./lift/lifter.js";
import { LR, registers } from "./lift/registers.js";
import { loadFlags, settleFunction } from "./lift/settle.js";

const FRAME_POINTER = 29;

/** ADD to SP of nothing, from a register that is no frame's: `mov sp, x`. */
const switchesStacks = ({ row, Rd, Rn, imm }: Instruction): boolean =>
  row.mnemonic === "ADD" &&
  row.operands.startsWith("Rd|SP") &&
  Rd === SP &&
  Rn !== SP &&
  Rn !== FRAME_POINTER &&
  imm === 0;

const direct = new Set(["jump", "branch", "call"]);

/** BL, BLR and BR, by the upper bytes of their words. */
function transferAt(bytes: Uint8Array, place: number): "call" | "callTo" | "jumpTo" | undefined {
  const top = bytes[place + 3] ?? 0;
  if (top >> 2 === 0x25) return "call";
  if (top !== 0xd6) return undefined;
  const kind = bytes[place + 2];
  return kind === 0x3f ? "callTo" : kind === 0x1f ? "jumpTo" : undefined;
}

export const aarch64: GuestIsa<Instruction> = {
  name: "aarch64",
  codeVariant: () => (hasFusedMultiplyAdd() ? ", fused" : ""),
  registers,
  pushedByCall: 0,
  link: LR,
  decode(bytes, pc) {
    if (pc % 4 !== 0 || pc + 4 > bytes.length) return undefined;
    const word = new DataView(bytes.buffer, bytes.byteOffset + pc, 4).getInt32(0, true);
    return decode(word, pc);
  },
  flowOf: (i) => i.row.traits.flow,
  targetOf: ({ row, pc, imm }) => (direct.has(row.traits.flow ?? "") ? pc + imm * 4 : undefined),
  isSlow,
  isChained: () => false,
  switchesStacks,
  newTableSearch: () => new TablePath(),
  newLifter: (pc, context) => new ArmLifter(pc, context),
  loadFlags,
  helpers: fusedHelpers,
  onDemand: [],
  transferAt,
  settle: settleFunction,
};
