// Memory and tables as a whole, and references.
import type { Instruction } from "../instructions.js";
import type { FunctionWriter } from "./function-writer.js";
import { names } from "./names.js";

const tableOf = (index: number): string => `${names.table(index)}, ${names.tableSize(index)}`;

/** Whether the instruction is one of these. */
export function writeBulk(writer: FunctionWriter, instruction: Instruction): boolean {
  const effect = effectOf(writer, instruction);
  if (effect !== undefined) {
    writer.emit(`${effect};`);
    return true;
  }
  const { name, at, type } = instruction;
  const [first = 0] = at;
  switch (name) {
    case "memory.size":
      writer.push("i32", "(u32)(wasm_memory_size >> 16)");
      return true;
    case "memory.grow":
      writer.push("i32", `wasm_memory_grow(${writer.popC()}, ${writer.context.mostPages}u)`);
      return true;
    case "table.get": {
      const element = writer.context.module.tables[first]?.type ?? "funcref";
      writer.push(element, `wasm_table_get(${tableOf(first)}, ${writer.popC()})`);
      return true;
    }
    case "table.size":
      writer.push("i32", names.tableSize(first));
      return true;
    case "table.grow": {
      const most = writer.context.tableCapacity(first);
      const [value, count] = writer.popMany(2);
      const operands = `${value?.c}, ${count?.c}`;
      writer.push(
        "i32",
        `wasm_table_grow(${names.table(first)}, &${names.tableSize(first)}, ${most}u, ${operands})`,
      );
      return true;
    }
    case "ref.null":
      writer.stack.push({ type: type ?? "funcref", c: "NULL" });
      return true;
    case "ref.func":
      writer.stack.push({ type: "funcref", c: `(wasm_ref)&${names.reference(first)}` });
      return true;
    case "ref.is_null":
      writer.push("i32", `${writer.popC()} == NULL`);
      return true;
    default:
      return false;
  }
}

/** Those that give nothing, as C. */
function effectOf(writer: FunctionWriter, { name, at }: Instruction): string | undefined {
  const [first = 0, second = 0] = at;
  const pop = (count: number) => writer.popMany(count).map(({ c }) => c);
  const args = (count: number) => pop(count).join(", ");
  switch (name) {
    case "memory.copy":
      return `wasm_memory_copy(${args(3)})`;
    case "memory.fill":
      return `wasm_memory_fill(${args(3)})`;
    case "memory.init":
      return `wasm_memory_init(${args(3)}, ${names.data(first)}, ${names.dataSize(first)})`;
    case "data.drop":
      return `${names.dataSize(first)} = 0`;
    case "table.set":
      return `wasm_table_set(${tableOf(first)}, ${args(2)})`;
    case "table.fill":
      return `wasm_table_fill(${tableOf(first)}, ${args(3)})`;
    case "table.copy": {
      const [to, from, count] = pop(3);
      return `wasm_table_copy(${tableOf(first)}, ${to}, ${tableOf(second)}, ${from}, ${count})`;
    }
    case "table.init": {
      const [to, from, count] = pop(3);
      const source = `${names.elements(first)}, ${names.elementsSize(first)}`;
      return `wasm_table_copy(${tableOf(second)}, ${to}, ${source}, ${from}, ${count})`;
    }
    case "elem.drop":
      return `${names.elementsSize(first)} = 0`;
    default:
      return undefined;
  }
}
