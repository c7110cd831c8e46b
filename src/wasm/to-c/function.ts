// One function's code as C. WebAssembly core specification 4.4.
import type { WasmFunction } from "../module-reader.js";
import type { ModuleContext } from "./context.js";
import { FunctionWriter } from "./function-writer.js";
import { writeInstruction } from "./instruction.js";
import { localsSetInLoops } from "./loops.js";
import { cType, names, returnType } from "./names.js";

export function functionSource(index: number, fn: WasmFunction, context: ModuleContext): string {
  const { signature, code } = fn;
  const writer = new FunctionWriter(fn, context);
  const setInLoop = localsSetInLoops(code);
  writer.open("function", { params: [], results: signature.results });
  for (const instruction of code) {
    // A loop comes again with what it has set.
    if (writer.dead === undefined) writer.forget(setInLoop.get(instruction) ?? []);
    writeInstruction(writer, instruction);
  }
  const params = signature.params.map((type, i) => `${cType(type)} l${i}`).join(", ");
  const head = `${returnType(signature)} ${names.function(index)}(${params === "" ? "void" : params})`;
  return `${head}\n{\n${writer.body()}\n}\n`;
}
