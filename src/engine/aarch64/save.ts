// The whole state of a CPU but its memory, as data.
import type { Stateful } from "../../bytes/plain.js";
import type { Core } from "./core.js";
import { state } from "./state.js";

const coreState = ({ cpu, executed, keepsExceptions }: Core) => ({
  /** All registers but one lie in the state area. */
  area: cpu.u8.slice(0, state.translator),
  pc: cpu.pc,
  executed,
  keepsExceptions,
});
export type CoreState = ReturnType<typeof coreState>;

export const stateOfCore = (core: Core): Stateful<CoreState> => ({
  save: () => coreState(core),
  restore({ area, pc, executed, keepsExceptions }) {
    core.cpu.u8.set(area);
    core.cpu.pc = pc;
    core.executed = executed;
    core.keepsExceptions = keepsExceptions;
  },
});
