// What ends an instruction before it has any effect, beside what the guest's CPU raises: debuggers'.
import type { Access } from "../contract.js";

/** Thrown where a breakpoint is, before its instruction is fetched: a debugger's may lie where nothing can be executed. */
export class BreakpointHit {
  readonly pc: number;
  constructor(pc: number) {
    this.pc = pc;
  }
}

/** Thrown where an access touches what is watched. */
export class WatchHit {
  readonly address: number;
  readonly access: Access;
  constructor(address: number, access: Access) {
    this.address = address;
    this.access = access;
  }
}
