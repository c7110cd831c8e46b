// What a subject asks of the machine by leaving the CPU: the time, which it reads, and its end. docs/abi.md 9.4 and 9.5.
import { scheduleBase } from "../../abi/muen.js";
import { pageSize } from "../../bytes/align.js";
import type { Exit, Registers } from "../../engine/contract.js";
import { exitEvent } from "./subject-info.js";

/** A read of the schedule; the end; an event that nobody has. */
export type Call = "time" | "end" | "nothing";

/** Undefined where `exit` asks for nothing of the kind. */
export function callOf(exit: Exit, registers: Pick<Registers, "get">): Call | undefined {
  switch (exit.kind) {
    case "load":
      return exit.address >= BigInt(scheduleBase) && exit.address < BigInt(scheduleBase + pageSize)
        ? "time"
        : undefined;
    case "hypercall":
      return registers.get("rax") === BigInt(exitEvent) ? "end" : "nothing";
    case "halt":
      // Nothing ever interrupts a subject.
      return "end";
    default:
      return undefined;
  }
}
