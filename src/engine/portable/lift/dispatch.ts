// An indirect call whose usual targets are known: compared with each, or, where there are several, by a table on some
// bits of the address that tell them apart, as a branch that the processor predicts by its history.
import type { Block } from "../ir/block.js";
import * as integer from "../ir/integer.js";
import { i32, wrap } from "../ir/node.js";
import type { RegisterFile } from "../ir/register-file.js";
import { add, copySlots } from "../ir/slot-set.js";
import { branch, type CallTo, comparing } from "./stub.js";

/** A block with the indices of those that it goes to. */
export interface Connected {
  readonly block: Block;
  readonly edges: number[];
}

/** From so many targets on by a table, of at most so many bits. */
const MIN_TARGETS = 3;
const MAX_BITS = 5;

/**
 * The block of an indirect call with its end replaced: it goes to one of `callees`, or to `rest`; both find the target
 * in its slot. `added` takes the blocks in between, and gives their indices.
 */
export function dispatch(
  file: RegisterFile,
  block: Block,
  call: CallTo,
  callees: readonly { readonly target: number; readonly index: number }[],
  rest: number,
  added: (made: Connected) => number,
): Connected {
  const writes = copySlots(block.writes);
  add(writes, file.target);
  const final = new Map([...block.final, [file.target, call.target] as const]);
  const from = { ...block, writes, final };
  const compared = (callee: { target: number; index: number }, otherwise: number): number =>
    added({ block: comparing(file, call.pc, callee.target), edges: [callee.index, otherwise] });
  const bits = callees.length < MIN_TARGETS ? undefined : distinguish(callees.map(({ target }) => target));
  if (bits === undefined) {
    // Each comparison goes on to the next; the first needs no look at the slot.
    const [first, ...others] = callees;
    const next = others.reduceRight((otherwise, callee) => compared(callee, otherwise), rest);
    const end = branch(call.target, first?.target ?? 0);
    return { block: { ...from, end }, edges: [first?.index ?? rest, next] };
  }
  const edges = callees.map((callee) => compared(callee, rest));
  const order = Array.from({ length: bits.mask + 1 }, () => callees.length);
  callees.forEach((callee, edge) => (order[(callee.target >>> bits.shift) & bits.mask] = edge));
  const shifted = integer.shr(32, wrap(call.target), i32(bits.shift));
  const index = integer.binary("and", 32, shifted, i32(bits.mask));
  return {
    block: { ...from, end: { kind: "select", index, order, when: undefined } },
    edges: [...edges, rest],
  };
}

/** The fewest adjoining bits that are different for each address. */
function distinguish(addresses: readonly number[]): { shift: number; mask: number } | undefined {
  for (let bits = 32 - Math.clz32(addresses.length - 1); bits <= MAX_BITS; bits++) {
    const mask = (1 << bits) - 1;
    for (let shift = 0; shift < 20; shift++) {
      if (new Set(addresses.map((address) => (address >>> shift) & mask)).size === addresses.length) {
        return { shift, mask };
      }
    }
  }
  return undefined;
}
