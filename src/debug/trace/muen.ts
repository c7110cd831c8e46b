// What a muen subject asks of its CPU for a trace; what passes its channels, the machine tells itself.
import type { Describer } from "./trace.js";

export const describeSubject: Describer =
  (_guest, { registers }) =>
  (exit) => {
    switch (exit.kind) {
      case "hypercall":
        return { text: `event(${registers.get("rax")})`, result: () => undefined };
      case "halt":
        return { text: "hlt()", result: () => undefined };
      default:
        return undefined;
    }
  };
