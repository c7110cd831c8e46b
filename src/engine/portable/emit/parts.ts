// Writes a unit's graph as structured control flow: blocks and loops, branches, and tables of branches.
import { op } from "../../../wasm/opcodes.js";
import type { Branch, Part } from "../../../wasm/structure.js";
import { writeBlock } from "./block-code.js";
import { isWide } from "./block-plan.js";
import { branch, branchIf, close, open, type UnitCode } from "./unit-code.js";

export function writeParts(u: UnitCode, parts: readonly Part[]): void {
  for (const part of parts) writePart(u, part);
}

function writePart(u: UnitCode, part: Part): void {
  const { e } = u;
  switch (part.kind) {
    case "code":
      if (part.node < u.unit.blocks.length) writeBlock(u, part.node);
      return;
    case "exit":
      return;
    case "block":
    case "loop":
      open(u, part.kind === "loop" ? op.loop : op.block);
      writeParts(u, part.body);
      return close(u);
    case "branch":
      setLabel(u, part.to.label);
      return branch(u, part.to.depth);
    case "branchIf":
      return writeBranchIf(u, part.to);
    case "if":
      pushCondition(u, part.node);
      open(u, op.if);
      writeParts(u, part.zero);
      e.op("else");
      writeParts(u, part.one);
      close(u);
      // Both arms leave; what follows in the function is reached by branches only.
      return e.op("unreachable");
    case "label":
      return setLabel(u, part.label);
    case "switch":
      return writeSwitch(u, part.node, part.depths);
    case "dispatch":
      e.get(u.local.label);
      return branchTable(u, part.depths, part.depths.at(-1) ?? 0);
    default:
      part satisfies never;
  }
}

function setLabel({ e, local }: UnitCode, label: number | undefined): void {
  if (label === undefined) return;
  e.i32(label);
  e.set(local.label);
}

function writeBranchIf(u: UnitCode, to: Branch): void {
  setLabel(u, to.label);
  pushCondition(u, to.node);
  if (to.edge === 1) u.e.op("i32.eqz");
  branchIf(u, to.depth);
}

function branchTable({ e }: UnitCode, depths: readonly number[], otherwise: number): void {
  e.op("br_table");
  e.code.vector(depths, (depth) => e.code.u32(depth));
  e.code.u32(otherwise);
}

/** Pushes the condition of a block that ends in a branch. */
function pushCondition({ e, unit }: UnitCode, block: number): void {
  const end = unit.blocks[block]?.end;
  if (end?.kind !== "branch") throw new RangeError(`block ${block} has no condition`);
  e.value(end.condition);
}

/** One way for each index; the last for any other. */
function writeSwitch(u: UnitCode, block: number, depths: readonly number[]): void {
  const end = u.unit.blocks[block]?.end;
  if (end?.kind !== "select") throw new RangeError(`block ${block} selects nothing`);
  const { e } = u;
  const { index, order, when } = end;
  const otherwise = depths.at(-1) ?? 0;
  if (when !== undefined) {
    e.value(when);
    e.op("i32.eqz");
    branchIf(u, otherwise);
  }
  if (isWide(index)) {
    e.value(index);
    e.i64(order.length);
    e.op("i64.ge_u");
    branchIf(u, otherwise);
  }
  e.value(index);
  if (index.type === "i64") e.op("i32.wrap_i64");
  const ways = order.map((edge) => depths[edge] ?? 0);
  branchTable(u, ways, otherwise);
}
