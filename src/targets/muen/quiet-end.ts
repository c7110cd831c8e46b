// The status of a subject that is told to be quiet, where the log says nothing of it: bindings hand it to their function
// `platform_exit`, whose first instruction the machine makes an exit of its own. docs/abi.md 9.5.
import type { Registers } from "../../engine/contract.js";
import type { GuestMemory } from "../../image/memory.js";
import type { Guest } from "../contract.js";

const functionName = "platform_exit";
/** Levels at which bindings say nothing of their end. */
const isQuiet = /^\s*(?:--solo5:\S*\s+)*--solo5:(?:quiet|error|warn)(?:\s|$)/;
const vmcall = Uint8Array.of(0x0f, 0x01, 0xc1);

export interface QuietEnd {
  /** Whether the subject has just called the function, whose arguments are then in RDI and RSI. */
  isHere(registers: Pick<Registers, "get">): boolean;
}

/** Changes the text of a subject that keeps quiet, before it runs. */
export function watchQuietEnd({ unikernel, cmdline }: Guest, memory: GuestMemory): QuietEnd | undefined {
  if (!isQuiet.test(cmdline)) return undefined;
  const found = unikernel.symbols().find(({ name }) => name === functionName);
  const text = unikernel.segments.find(
    ({ vaddr, data, execute }) =>
      execute &&
      found !== undefined &&
      found.address >= vaddr &&
      found.address + vmcall.length <= vaddr + data.length,
  );
  if (found === undefined || text === undefined) return undefined;
  memory.bytes(found.address, vmcall.length)?.set(vmcall);
  const behind = BigInt(found.address + vmcall.length);
  return { isHere: (registers) => registers.get("rip") === behind };
}
