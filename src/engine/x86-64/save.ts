// The whole state of a CPU but its memory, as data.
import type { Plain, Stateful } from "../../bytes/plain.js";
import type { Core } from "./core.js";
import { state } from "./state.js";

const tableNames = ["gdt", "idt", "ldt", "task"] as const;

/** Registers that do not lie in the state area, and what follows from none. */
function coreState(core: Core) {
  const { cpu, segments, msrs } = core;
  const { rip, cr0, cr2, cr3, cr4, cr8, efer } = cpu;
  const { executed, shadow, testsExceptions, keepsExceptions } = core;
  return {
    /** The registers' part of it: guests' code and we read and write it. */
    area: cpu.u8.slice(0, state.translator),
    control: { rip, cr0, cr2, cr3, cr4, cr8, efer },
    selectors: [...segments.selectors],
    tables: tableNames.map((name): Plain => ({ ...segments[name] })),
    longCode: segments.longCode,
    msrs: [...msrs].map(([number, value]) => ({ number, value })),
    progress: { executed, shadow, testsExceptions, keepsExceptions },
  };
}
export type CoreState = ReturnType<typeof coreState>;

export const stateOfCore = (core: Core): Stateful<CoreState> => ({
  save: () => coreState(core),
  restore({ area, control, selectors, tables, longCode, msrs, progress }) {
    const { cpu, mmu, segments } = core;
    cpu.u8.set(area);
    cpu.noticeFlags();
    Object.assign(cpu, control);
    segments.selectors.splice(0, selectors.length, ...selectors);
    tableNames.forEach((name, i) => Object.assign(segments[name], tables[i]));
    segments.longCode = longCode;
    core.msrs.clear();
    for (const { number, value } of msrs) core.msrs.set(number, value);
    Object.assign(core, progress);
    mmu.flush();
  },
});
