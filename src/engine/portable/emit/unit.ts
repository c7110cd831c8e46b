// Writes a unit as a WebAssembly function: its entry, its blocks in structured form, and the ways out of it.
// docs/engine.md: Registers, Checks, Calls, Stopping.
import type { FunctionBody } from "../../../wasm/module.js";
import type { ValueType } from "../../../wasm/opcodes.js";
import { type Part, structure } from "../../../wasm/structure.js";
import { putU32InFive } from "../../../wasm/writer.js";
import { chooseForms, naturalForm } from "../optimise/choose-forms.js";
import { dataflow, isSpilled, type UnitForms } from "../optimise/dataflow.js";
import type { Unit } from "../lift/discover.js";
import { type FormedBlock, inForms } from "../optimise/in-forms.js";
import { types, unitName } from "../link/protocol.js";
import { writeEntry } from "./entry.js";
import { withExits } from "./exits.js";
import { writeParts } from "./parts.js";
import { stopTests } from "./stop-tests.js";
import type { RegisterFile } from "../ir/register-file.js";
import { type EmitOptions, unitCode } from "./unit-code.js";

/** What a function takes of V8's stack at most: its first compiler keeps every local there. */
const frameBytes = (locals: readonly ValueType[]): number =>
  locals.reduce((sum, type) => sum + (type === "v128" ? 16 : 8), 200);

/** The blocks with their registers in the forms that suit them. */
function formed(
  file: RegisterFile,
  { blocks, graph }: Unit,
  parts: readonly Part[],
  keepsFlags: boolean,
): { blocks: readonly FormedBlock[]; forms: UnitForms } {
  const starts = chooseForms(file, blocks, graph, parts);
  const ends = blocks.map((block, index) => {
    const start = starts[index] ?? [];
    return isSpilled(block)
      ? start.map((_, register) => naturalForm(file, block, start, register))
      : undefined;
  });
  const inside = blocks.map((block, index) => {
    const after = ends[index];
    const wanted = after === undefined ? (graph[index] ?? []).map((to) => starts[to] ?? []) : [after];
    return inForms(file, block, starts[index] ?? [], wanted, keepsFlags);
  });
  return { blocks: inside, forms: { starts, ends } };
}

export function emitUnit(unit: Unit, options: EmitOptions): FunctionBody {
  const file = options.isa.registers;
  const parts = structure(unit.graph);
  const checked = stopTests(unit, parts);
  const { blocks, forms } = formed(file, unit, parts, options.keepsFlags);
  const mayExit = (block: number) => checked.has(block);
  const flow = dataflow(file, blocks, forms, unit.graph, mayExit, options.keepsFlags);
  const u = unitCode({ ...unit, blocks }, flow, checked, options);
  writeEntry(u);
  withExits(u, () => writeParts(u, parts));
  const { e, calls } = u;
  const code = e.code.take();
  const { types: locals } = e.locals;
  putU32InFive(code, u.frameBytesAt, frameBytes(locals));
  return { type: types.unit, locals, code, name: unitName(unit.entry), calls };
}
