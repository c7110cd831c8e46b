// What an spt unikernel may ask, said a second time and in other words, with calls that try its limits: whatever enforces
// the rules is held to these.
import * as fc from "fast-check";
import type { Isa } from "../../abi/elf.js";
import type { Descriptors } from "./rules.js";

export interface AllowedCall {
  readonly nr: number;
  readonly args: readonly bigint[];
}

export const devices: Descriptors = {
  epollfd: 3,
  timerfd: 4,
  nets: [5, 6],
  blocks: [
    { fd: 7, blockSize: 512, capacity: 1n << 20n },
    { fd: 8, blockSize: 4096, capacity: 3n << 32n },
  ],
};

/** What docs/abi.md 4 allows, written out a second time. Numbers: syscall_64.tbl and asm-generic/unistd.h. */
export function abiAllows(
  isa: Isa,
  { epollfd, timerfd, nets, blocks }: Descriptors,
  { nr, args }: AllowedCall,
): boolean {
  const [a = 0n, , count = 0n, offset = 0n] = args;
  const names: Readonly<Record<number, string>> =
    isa === "x86-64"
      ? { 0: "read", 1: "write", 17: "pio", 18: "pio", 158: "prctl", 228: "time", 231: "exit", 281: "epoll", 286: "timer" }
      : { 63: "read", 64: "write", 67: "pio", 68: "pio", 113: "time", 94: "exit", 22: "epoll", 86: "timer" }; // prettier-ignore
  const isNet = nets.some((fd) => BigInt(fd) === a);
  switch (names[nr]) {
    case "read":
      return isNet;
    case "write":
      return a === 1n || isNet;
    case "pio":
      return blocks.some(
        ({ fd, blockSize, capacity }) =>
          BigInt(fd) === a && count === BigInt(blockSize) && offset <= capacity - BigInt(blockSize),
      );
    case "prctl":
      return a === 0x1002n;
    case "time":
      return a === 0n || a === 1n;
    case "exit":
      return true;
    case "epoll":
      return a === BigInt(epollfd);
    case "timer":
      return a === BigInt(timerfd);
    default:
      return false;
  }
}

/** Calls near the rules' edges, and any others. */
export function randomCall(isa: Isa): fc.Arbitrary<AllowedCall> {
  const known =
    isa === "x86-64" ? [0, 1, 17, 18, 158, 228, 231, 281, 286] : [63, 64, 67, 68, 113, 94, 22, 86];
  const near = [0n, 511n, 512n, 513n, 4096n, 0x1002n, 1n << 20n, 3n << 32n];
  const edges = [...near, (1n << 20n) - 512n, (3n << 32n) - 4096n].flatMap((value) => [
    value,
    value + 1n,
    value < 1n ? 0n : value - 1n,
    value + (1n << 32n),
    value + (1n << 63n),
  ]);
  const small = fc.bigInt(0n, 10n);
  const argument = fc.oneof(
    small,
    fc.constantFrom(...edges),
    small.map((low) => low | (1n << 32n)),
    fc.bigInt(0n, 2n ** 64n - 1n),
  );
  return fc.record({
    nr: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, fc.nat(600), fc.integer()),
    args: fc.array(argument, { minLength: 6, maxLength: 6 }),
  });
}
