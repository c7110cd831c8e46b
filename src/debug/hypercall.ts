// Which hypercall an exit is, on either ISA: a write to a port, or a store to an address where no memory is. docs/abi.md 3.4.
import { hypercallMmio, hypercallPort, hypercalls, type HypercallName } from "../abi/hvt.js";
import type { Exit } from "../engine/contract.js";

interface Hypercall {
  readonly name: HypercallName;
  /** Guest address of its argument. */
  readonly gpa: number;
}

const names = new Map<number, HypercallName>(
  (Object.keys(hypercalls) as HypercallName[]).map((name) => [hypercalls[name].nr, name]),
);
const mmioStride = 8n;

/** Undefined for every other exit. */
export function hypercallOf(exit: Exit): Hypercall | undefined {
  let nr: number;
  let gpa: number;
  if (exit.kind === "out") {
    nr = exit.port - hypercallPort;
    gpa = exit.value >>> 0;
  } else if (exit.kind === "store") {
    const distance = exit.address - BigInt(hypercallMmio);
    if (distance % mmioStride !== 0n) return undefined;
    nr = Number(distance / mmioStride);
    gpa = Number(BigInt.asUintN(32, exit.value));
  } else return undefined;
  const name = names.get(nr);
  return name === undefined ? undefined : { name, gpa };
}
