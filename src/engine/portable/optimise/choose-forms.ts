// In which form the vector registers are at the start of each block of a unit. The next use decides, inner loops before what
// is outside.
import type { Part } from "../../../wasm/structure.js";
import type { Block } from "../ir/block.js";
import { isReloaded } from "./dataflow.js";
import { form, type Form, type Forms } from "../ir/forms.js";
import { replacedBytes } from "../ir/lanes.js";
import { isPart } from "../ir/node.js";
import { part } from "../ir/parts.js";
import type { RegisterFile } from "../ir/register-file.js";

/** How much less a use counts for each block that is before it, and how much more for each loop around it. */
const DISTANCE = 0.9;
const LOOP = 8;
/** Sweeps over the blocks of a unit: what lies behind more back edges than that is far. */
const SWEEPS = 6;

/** The forms at the start of each block. */
export function chooseForms(
  file: RegisterFile,
  blocks: readonly Block[],
  graph: readonly (readonly number[])[],
  parts: readonly Part[],
): Forms[] {
  const depths = loopDepths(parts, blocks.length);
  const wanted = blocks.map(() => Array.from({ length: file.vectors }, (): Form => form.whole));
  const weights = blocks.map(() => new Float64Array(file.vectors));
  /** Registers of which nothing later counts, by block: used or overwritten there. */
  const settled = blocks.map(({ wants, vectors }, index) => {
    let mask = 0;
    for (const [register, of] of wants) {
      mask |= 1 << register;
      const forms = wanted[index];
      if (forms !== undefined) forms[register] = of;
      const weight = weights[index];
      if (weight !== undefined) weight[register] = LOOP ** Math.min(depths[index] ?? 0, 6);
    }
    for (const register of vectors.keys()) mask |= 1 << register;
    return mask;
  });
  for (let sweep = 0, changed = true; changed && sweep < SWEEPS; sweep++) {
    changed = false;
    for (let index = blocks.length - 1; index >= 0; index--) {
      const block = blocks[index];
      if (block === undefined || isReloaded(block)) continue;
      for (const to of graph[index] ?? []) {
        if (take(index, to, settled[index] ?? 0)) changed = true;
      }
    }
  }
  /** Takes over what a successor wants; whether that is anything new. */
  function take(index: number, to: number, mask: number): boolean {
    const [weight, next] = [weights[index], weights[to]];
    const [forms, after] = [wanted[index], wanted[to]];
    if (weight === undefined || next === undefined || forms === undefined || after === undefined)
      return false;
    let changed = false;
    for (let register = 0; register < file.vectors; register++) {
      const offered = (next[register] ?? 0) * DISTANCE;
      if (((mask >>> register) & 1) === 1 || offered <= (weight[register] ?? 0)) continue;
      weight[register] = offered;
      forms[register] = after[register] ?? form.whole;
      changed = true;
    }
    return changed;
  }
  inherit(file, blocks, graph, wanted, weights);
  return wanted;
}

/** Registers that nothing uses any more stay as they are. */
function inherit(
  file: RegisterFile,
  blocks: readonly Block[],
  graph: readonly (readonly number[])[],
  wanted: readonly Form[][],
  weights: readonly Float64Array[],
): void {
  const isKnown = new Uint8Array(blocks.length);
  isKnown[0] = 1;
  for (let index = 0; index < blocks.length; index++) {
    const block = blocks[index];
    const forms = wanted[index];
    if (block === undefined || forms === undefined || isReloaded(block)) continue;
    for (const to of graph[index] ?? []) {
      if (isKnown[to] === 1) continue;
      isKnown[to] = 1;
      for (let register = 0; register < file.vectors; register++) {
        const [after, weight] = [wanted[to], weights[to]];
        if (after !== undefined && (weight?.[register] ?? 0) === 0)
          after[register] = naturalForm(file, block, forms, register);
      }
    }
  }
}

/** What costs nothing at the end of a block. */
export function naturalForm(file: RegisterFile, { vectors }: Block, start: Forms, register: number): Form {
  const value = vectors.get(register);
  if (value === undefined) return start[register] ?? form.whole;
  if (isPart(value, part.whole)) return start[value.imm - file.vector] ?? form.whole;
  const bytes = replacedBytes(value);
  return bytes === 8 ? form.double : bytes === 4 ? form.single : form.whole;
}

/** How many loops are around each block. */
function loopDepths(parts: readonly Part[], count: number): Uint8Array {
  const depths = new Uint8Array(count);
  const visit = (body: readonly Part[], depth: number): void => {
    for (const part of body) {
      if (part.kind === "code" && part.node < count) depths[part.node] = Math.min(depth, 255);
      else if (part.kind === "loop") visit(part.body, depth + 1);
      else if (part.kind === "block") visit(part.body, depth);
      else if (part.kind === "if") {
        visit(part.zero, depth);
        visit(part.one, depth);
      }
    }
  };
  visit(parts, 0);
  return depths;
}
