// The memory of a unikernel for Genode: below the image the library's functions, which are stubs; above it the library's data with what
// the application is started with, the heap, then the stack: engines are fast where everything from some address on can be read. What
// Genode's dynamic linker would do is done here. docs/abi.md 10.2.
import { functionNames, guardName, stackSize, type FunctionName } from "../../abi/genode.js";
import { alignDown, alignUp, pageSize } from "../../bytes/align.js";
import { struct, u64, viewOf } from "../../bytes/struct.js";
import { Solo5Error } from "../../bytes/error.js";
import { withNul } from "../../bytes/text.js";
import { linked } from "../../image/genode.js";
import { readElf } from "../../image/elf.js";
import type { MemoryMap } from "../../image/memory-map.js";
import type { GuestMemory } from "../../image/memory.js";
import { loadSegments, segmentRegions, type Guest } from "../contract.js";
import { initialRegisters, returnOffset, stubOffset, stubs } from "./isa/x86-64.js";

const stubBase = 0x1_0000;
const stubEnd = stubBase + pageSize;
const startInfo = struct(24, { cmdline: u64, heapStart: u64, heapSize: u64 });

/** Without the options for bindings, of which there are none here. */
const applications = (cmdline: string): string => cmdline.replace(/^(?:\s*--solo5:\S*)+\s*/, "");

/** Where the library's data lie, which the guest may write: the stack protector's guard, then what the main function is given. */
function dataOf({ unikernel, cmdline }: Pick<Guest, "unikernel" | "cmdline">) {
  const guard = alignUp(unikernel.imageEnd, pageSize);
  const info = guard + 0x10;
  const words = info + startInfo.size;
  const end = alignUp(words + withNul(applications(cmdline)).length, pageSize);
  return { guard, info, words, end };
}

/** Below it nothing can be written. */
export const imageStart = ({ unikernel }: Pick<Guest, "unikernel">): number =>
  Math.min(...segmentRegions(unikernel).map(({ start }) => start));

const nothing = { read: false, write: false, execute: false } as const;

/** Throws Solo5Error `MEMORY`. */
export function genodeMap(guest: Guest): MemoryMap {
  const { unikernel, memSize, execHeap } = guest;
  const least = dataOf(guest).end + stackSize;
  if (memSize < least)
    throw new Solo5Error(
      "MEMORY",
      `${unikernel.name}: image and stack take ${least} bytes: guest memory of ${memSize} bytes is too small, see --mem`,
    );
  return {
    size: memSize,
    ram: { execute: execHeap },
    regions: [
      { name: "unmapped", start: 0, end: stubBase, ...nothing },
      { name: "library", start: stubBase, end: stubEnd, read: true, write: false, execute: true },
      { name: "below", start: stubEnd, end: imageStart(guest), ...nothing },
      ...segmentRegions(unikernel),
    ],
  };
}

/** Fills memory, which is zero before, and gives the registers. */
export function writeMemory(guest: Guest, memory: GuestMemory): Readonly<Record<string, number>> {
  const { unikernel, cmdline, memSize } = guest;
  const data = dataOf(guest);
  const put = (at: number, bytes: Uint8Array): void => memory.bytes(at, bytes.length)?.set(bytes);
  loadSegments(unikernel, memory);
  for (const { address, value } of linked(readElf(unikernel.file, unikernel.name), unikernel.name, (symbol) =>
    libraryAddress(symbol, data.guard),
  ))
    putWord(memory, address, value);
  put(stubBase, stubs());
  put(data.words, withNul(applications(cmdline)));
  const info = new Uint8Array(startInfo.size);
  const heapStart = data.end;
  startInfo.write(viewOf(info), 0, {
    cmdline: BigInt(data.words),
    heapStart: BigInt(heapStart),
    heapSize: BigInt(alignDown(memSize - stackSize, pageSize) - heapStart),
  });
  put(data.info, info);
  // The main function was called from the stub that ends the unikernel, with the stack as calls have it.
  const stack = alignDown(memSize, 16) - 8;
  putWord(memory, stack, BigInt(stubBase + returnOffset));
  return initialRegisters(unikernel.entry, stack, data.info);
}

function putWord(memory: GuestMemory, address: number, value: bigint): void {
  const place = memory.bytes(address, 8);
  if (place !== undefined) viewOf(place).setBigUint64(0, BigInt.asUintN(64, value), true);
}

/** Undefined where the library has no such name. */
function libraryAddress(name: string, guard: number): number | undefined {
  if (name === guardName) return guard;
  return (functionNames as readonly string[]).includes(name)
    ? stubBase + stubOffset(name as FunctionName)
    : undefined;
}
