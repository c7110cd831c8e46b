// The whole state of a CPU but its memory, put aside and brought back.
import type { Core } from "./core.js";
import { state } from "./state.js";

/** Gives a function that makes `core` again what it is now. */
export function saveCore(core: Core): () => void {
  const { cpu, mmu, segments, msrs } = core;
  const area = cpu.u8.slice(0, state.translator);
  const { rip, cr0, cr2, cr3, cr4, cr8, efer } = cpu;
  const selectors = [...segments.selectors];
  const { gdt, idt, ldt, task } = segments;
  const tables = [gdt, idt, ldt, task].map((table) => [table, { ...table }] as const);
  const { longCode } = segments;
  const numbered = [...msrs];
  const { executed, shadow, testsExceptions, keepsExceptions } = core;
  return () => {
    cpu.u8.set(area);
    cpu.noticeFlags();
    Object.assign(cpu, { rip, cr0, cr2, cr3, cr4, cr8, efer });
    segments.selectors.splice(0, selectors.length, ...selectors);
    for (const [table, values] of tables) Object.assign(table, values);
    segments.longCode = longCode;
    msrs.clear();
    for (const [number, value] of numbered) msrs.set(number, value);
    Object.assign(core, { executed, shadow, testsExceptions, keepsExceptions });
    mmu.flush();
  };
}
