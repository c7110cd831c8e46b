// The calls of the library's functions for a trace: names and arguments are those of src/abi/genode.ts.
import { functionNames, functions } from "../../abi/genode.js";
import { hex } from "../../bytes/text.js";
import { argumentRegisters, numberRegister, resultRegister } from "../../targets/genode/isa/x86-64.js";
import type { Describer } from "./trace.js";
import { quoted } from "./values.js";

export const describeLibrary: Describer =
  (_guest, { memory, registers }) =>
  (exit) => {
    if (exit.kind !== "syscall") return undefined;
    const name = functionNames[Number(registers.get(numberRegister))];
    if (name === undefined) return undefined;
    const args = argumentRegisters.slice(0, functions[name]).map((register) => registers.get(register));
    const [text = 0n, size = 0n] = args;
    const data = name === "solo5_console_write" ? memory.bytes(text, size) : undefined;
    const list = data === undefined ? args.map((arg) => hex(arg)) : [quoted(data), size];
    return {
      text: `${name.replace(/^solo5_/, "")}(${list.join(", ")})`,
      result: () =>
        name === "solo5_console_write" || name === "solo5_yield"
          ? undefined
          : String(registers.get(resultRegister)),
    };
  };
