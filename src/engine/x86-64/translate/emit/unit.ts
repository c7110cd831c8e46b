// Writes a unit as a WebAssembly function: its entry, its blocks in structured form, and the ways out of it.
// docs/engine.md: Registers, Checks, Calls, Stopping.
import type { FunctionBody } from "../../../../wasm/module.js";
import type { ValueType } from "../../../../wasm/opcodes.js";
import { putU32InFive } from "../../../../wasm/writer.js";
import { structure } from "../../../../wasm/structure.js";
import { dataflow } from "../dataflow.js";
import type { Unit } from "../discover.js";
import { types, unitName } from "../protocol.js";
import { writeEntry } from "./entry.js";
import { withExits } from "./exits.js";
import { writeParts } from "./parts.js";
import { stopTests } from "./stop-tests.js";
import { type EmitOptions, unitCode } from "./unit-code.js";

/** What a function takes of V8's stack at most: its first compiler keeps every local there. */
const frameBytes = (locals: readonly ValueType[]): number =>
  locals.reduce((sum, type) => sum + (type === "v128" ? 16 : 8), 200);

export function emitUnit(unit: Unit, options: EmitOptions): FunctionBody {
  const parts = structure(unit.graph);
  const checked = stopTests(unit, parts);
  const flow = dataflow(unit.blocks, unit.graph, (block) => checked.has(block), options.counts);
  const u = unitCode(unit, flow, checked, options);
  writeEntry(u);
  withExits(u, () => writeParts(u, parts));
  const { e, calls } = u;
  const code = e.code.take();
  const { types: locals } = e.locals;
  putU32InFive(code, u.frameBytesAt, frameBytes(locals));
  return { type: types.unit, locals, code, name: unitName(unit.entry), calls };
}
