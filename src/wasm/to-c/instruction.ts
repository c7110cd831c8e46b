// One instruction as C: operators and accesses by their tables, the rest by what it is about.
import type { Instruction } from "../instructions.js";
import { writeBulk } from "./bulk.js";
import { skipDead, writeControl } from "./control.js";
import type { FunctionWriter, Value } from "./function-writer.js";
import { accessOf, operators } from "./operators.js";
import { writeVariable } from "./variables.js";

/** Throws RangeError where there is no C for it. */
export function writeInstruction(writer: FunctionWriter, instruction: Instruction): void {
  if (skipDead(writer, instruction)) return;
  const isKnown =
    writeOperator(writer, instruction) ||
    writeAccess(writer, instruction) ||
    writeVariable(writer, instruction) ||
    writeControl(writer, instruction) ||
    writeBulk(writer, instruction);
  if (!isKnown) throw new RangeError(`no C for ${instruction.name}`);
}

function writeOperator(writer: FunctionWriter, { name }: Instruction): boolean {
  const operator = operators.get(name);
  if (operator === undefined) return false;
  const values = writer.popMany(operator.operands.length);
  const read = ({ c, hidden }: Value) => (operator.arithmetic ? (hidden ?? c) : c);
  const c = operator.c.replaceAll(/\$(\d)/g, (_, i: string) => {
    const value = values[Number(i)];
    return value === undefined ? "" : read(value);
  });
  writer.push(operator.result, c);
  return true;
}

function writeAccess(writer: FunctionWriter, { name, at: [offset = 0] }: Instruction): boolean {
  const access = accessOf(name);
  if (access === undefined) return false;
  const { as, bytes, type } = access;
  const value = name.includes("store") ? writer.pop() : undefined;
  const address = writer.pop();
  writer.check(address, offset + bytes);
  const at = `WASM_AT(${address.c}, ${offset}u)`;
  if (value !== undefined) writer.emit(`wasm_store_${as}(${at}, (${as})${value.c});`);
  else {
    const widened = as.startsWith("s") ? `(u${type.slice(1)})(s${type.slice(1)})` : "";
    writer.push(type, `${widened}wasm_load_${as}(${at})`);
  }
  return true;
}
