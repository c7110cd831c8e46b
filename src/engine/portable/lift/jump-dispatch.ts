// Indirect jumps of a unit whose targets are known by profile, as those of an interpreter to its next instruction: all go
// to one block, which finds the target by a table on some of the address's bits and compares it.
import type { RegisterFile } from "../ir/register-file.js";
import type { Connected } from "./dispatch.js";
import { atTarget } from "./stub.js";

interface Target {
  readonly pc: number;
  /** The index of its block. */
  readonly index: number;
}

/** Bits of the table beyond those that the number of targets takes, and at most. */
const MORE_BITS = 2;
const MAX_BITS = 11;

/** The index of the block that indirect jumps go to, one of them at `pc`; `added` takes the blocks that it consists of. */
export function jumpDispatch(
  file: RegisterFile,
  pc: number,
  targets: readonly Target[],
  added: (made: Connected) => number,
): number {
  const rest = added({ block: atTarget.jumping(file, pc), edges: [] });
  const chain = (bucket: readonly Target[]): number =>
    bucket.reduceRight(
      (otherwise, target) =>
        added({ block: atTarget.comparing(file, pc, target.pc), edges: [target.index, otherwise] }),
      rest,
    );
  if (targets.length < 3) return chain(targets);
  const { shift, buckets } = spread(targets);
  const ways = buckets.filter((bucket) => bucket.length > 0);
  const edges = [...ways.map(chain), rest];
  const order = buckets.map((bucket) => (bucket.length > 0 ? ways.indexOf(bucket) : ways.length));
  return added({ block: atTarget.selecting(file, pc, shift, buckets.length - 1, order), edges });
}

/** The adjoining bits that tell most targets apart, and the targets by them. */
function spread(targets: readonly Target[]): { shift: number; buckets: Target[][] } {
  const bits = Math.min(MAX_BITS, 32 - Math.clz32(targets.length - 1) + MORE_BITS);
  const sizeOf = (shift: number): number =>
    new Set(targets.map(({ pc }) => (pc >>> shift) & (2 ** bits - 1))).size;
  let shift = 0;
  for (let other = 1; other < 12; other++) if (sizeOf(other) > sizeOf(shift)) shift = other;
  const buckets = Array.from({ length: 2 ** bits }, (): Target[] => []);
  for (const target of targets) buckets[(target.pc >>> shift) & (2 ** bits - 1)]?.push(target);
  return { shift, buckets };
}
