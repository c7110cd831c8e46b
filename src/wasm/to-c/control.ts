// Blocks, branches and calls.
import type { BlockType, Instruction } from "../instructions.js";
import type { ParsedModule, WasmSignature } from "../module-reader.js";
import { calleeName } from "./context.js";
import type { FunctionWriter } from "./function-writer.js";
import { cType, names, resultsName, returnType, slotName } from "./names.js";

const nothing: WasmSignature = { params: [], results: [] };

/** Whether the instruction is in code that is never reached, of which the ends are counted. */
export function skipDead(writer: FunctionWriter, { name, block }: Instruction): boolean {
  if (writer.dead === undefined) return false;
  if (block !== undefined) writer.dead++;
  else if (name === "end" && writer.dead > 0) writer.dead--;
  else if (name === "end") writer.close();
  else if (name === "else" && writer.dead === 0) writer.else();
  return true;
}

/** Whether the instruction is one of these. */
export function writeControl(writer: FunctionWriter, instruction: Instruction): boolean {
  const { name, at, block } = instruction;
  const [first = 0] = at;
  const { module } = writer.context;
  switch (name) {
    case "nop":
      return true;
    case "unreachable":
      return leave(writer, "wasm_trap(WASM_UNREACHABLE);");
    case "block":
      writer.open("block", signatureOf(module, block));
      return true;
    case "loop": {
      const { label } = writer.open("loop", signatureOf(module, block));
      writer.emit(`L${label}:;`);
      return true;
    }
    case "if": {
      const condition = writer.pop();
      // The condition is read before the values of the block are put where they belong, none of which is higher.
      writer.open("if", signatureOf(module, block));
      writer.emit(`if (${condition.c}) {`);
      return true;
    }
    case "else":
      writer.else();
      return true;
    case "end":
      writer.close();
      return true;
    case "br":
      return leave(writer, writer.branch(first));
    case "br_if": {
      const condition = writer.pop();
      writer.emit(`if (${condition.c}) { ${writer.branch(first)} }`);
      return true;
    }
    case "br_table": {
      const index = writer.pop();
      const cases = at.slice(0, -1).map((depth, i) => `case ${i}: ${writer.branch(depth)}`);
      const otherwise = `default: ${writer.branch(at.at(-1) ?? 0)}`;
      return leave(writer, `switch (${index.c}) {\n${[...cases, otherwise].join("\n")}\n}`);
    }
    case "return":
      return leave(writer, writer.returnStatement());
    case "call":
      call(writer, module.functions[first]?.signature ?? nothing, calleeName(writer.context, first));
      return true;
    case "call_indirect":
      callIndirect(writer, instruction);
      return true;
    default:
      return false;
  }
}

/** What follows is never reached. */
function leave(writer: FunctionWriter, c: string): true {
  writer.emit(c);
  writer.dead = 0;
  return true;
}

function signatureOf(module: ParsedModule, block: BlockType | undefined): WasmSignature {
  if (block === undefined) return nothing;
  if ("index" in block) return module.types[block.index] ?? nothing;
  return block.result === undefined ? nothing : { params: [], results: [block.result] };
}

function callIndirect(writer: FunctionWriter, { at: [type = 0, table = 0] }: Instruction): void {
  const { context } = writer;
  const signature = context.module.types[type] ?? nothing;
  const index = writer.pop();
  const found = `wasm_callee(${names.table(table)}, ${names.tableSize(table)}, ${index.c}, ${context.typeNumber(signature)})`;
  const types = signature.params.map(cType).join(", ");
  const pointer = `${returnType(signature)} (*)(${types === "" ? "void" : types})`;
  call(writer, signature, `((${pointer})${found}->call)`);
}

function call(writer: FunctionWriter, { params, results }: WasmSignature, callee: string): void {
  writer.calls = true;
  const args = writer.popMany(params.length).map(({ c, hidden }) => hidden ?? c);
  const called = `${callee}(${args.join(", ")})`;
  const [only] = results;
  if (only === undefined) return writer.emit(`${called};`);
  if (results.length === 1) return writer.push(only, called);
  const height = writer.stack.length;
  writer.pushSlots(results);
  const moves = results.map((type, i) => `${slotName(type, height + i)} = r.v${i};`);
  return writer.emit(`{ struct ${resultsName(results)} r = ${called}; ${moves.join(" ")} }`);
}
