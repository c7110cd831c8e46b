// What a guest asks of a CPU that is a whole machine's, for a trace.
import { hex } from "../../bytes/text.js";
import type { Describer } from "./trace.js";

export const describeMachine: Describer = () => (exit) => {
  switch (exit.kind) {
    case "halt":
      return { text: "hlt()", result: () => undefined };
    case "cpuid":
      return {
        text: `cpuid(${hex(exit.leaf)})`,
        result: () => exit.values.map((value) => hex(value)).join(", "),
      };
    case "msr":
      return {
        text: `wrmsr(${hex(exit.number)}, ${hex(exit.value)})`,
        result: () => (exit.exists ? undefined : "no such register"),
      };
    default:
      return undefined;
  }
};
