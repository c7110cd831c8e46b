// The memory of a unikernel for Genode: below the image the library, which is stubs, and what the application is started with; above it
// the heap, then the stack. What Genode's dynamic linker would do is done here. docs/abi.md 10.2.
import { functionNames, guardName, stackSize, type FunctionName } from "../../abi/genode.js";
import { alignDown, alignUp, pageSize } from "../../bytes/align.js";
import { struct, u64, viewOf } from "../../bytes/struct.js";
import { withNul } from "../../bytes/text.js";
import { linked } from "../../image/genode.js";
import { readElf } from "../../image/elf.js";
import type { MemoryMap } from "../../image/memory-map.js";
import type { GuestMemory } from "../../image/memory.js";
import { loadSegments, segmentRegions, type Guest } from "../contract.js";
import { initialRegisters, returnOffset, stubOffset, stubs } from "./isa/x86-64.js";

const stubBase = 0x1_0000;
const dataBase = 0x1_1000;
/** Where the library's data begin, which the guest may write. */
export const libraryData = dataBase;
const guardAddress = dataBase;
const startInfo = struct(24, { cmdline: u64, heapStart: u64, heapSize: u64 });
const startInfoAddress = dataBase + 0x10;
const cmdlineAddress = startInfoAddress + startInfo.size;

/** Without the options for bindings, of which there are none here. */
const applications = (cmdline: string): string => cmdline.replace(/^(?:\s*--solo5:\S*)+\s*/, "");

const nothing = { read: false, write: false, execute: false } as const;

export function genodeMap({ unikernel, memSize, cmdline, execHeap }: Guest): MemoryMap {
  const dataEnd = alignUp(cmdlineAddress + withNul(applications(cmdline)).length, pageSize);
  const segments = segmentRegions(unikernel);
  const imageStart = Math.min(...segments.map(({ start }) => start));
  return {
    size: memSize,
    ram: { execute: execHeap },
    regions: [
      { name: "unmapped", start: 0, end: stubBase, ...nothing },
      { name: "library", start: stubBase, end: dataBase, read: true, write: false, execute: true },
      { name: "below", start: dataEnd, end: imageStart, ...nothing },
      ...segments,
    ],
  };
}

/** Fills memory, which is zero before, and gives the registers. */
export function writeMemory(guest: Guest, memory: GuestMemory): Readonly<Record<string, number>> {
  const { unikernel, cmdline, memSize } = guest;
  const put = (at: number, bytes: Uint8Array): void => memory.bytes(at, bytes.length)?.set(bytes);
  loadSegments(unikernel, memory);
  for (const { address, value } of linked(
    readElf(unikernel.file, unikernel.name),
    unikernel.name,
    libraryAddress,
  ))
    putWord(memory, address, value);
  put(stubBase, stubs());
  put(cmdlineAddress, withNul(applications(cmdline)));
  const info = new Uint8Array(startInfo.size);
  const heapStart = alignUp(unikernel.imageEnd, pageSize);
  startInfo.write(viewOf(info), 0, {
    cmdline: BigInt(cmdlineAddress),
    heapStart: BigInt(heapStart),
    heapSize: BigInt(Math.max(alignDown(memSize - stackSize, pageSize) - heapStart, 0)),
  });
  put(startInfoAddress, info);
  // The main function was called from the stub that ends the unikernel, with the stack as calls have it.
  const stack = alignDown(memSize, 16) - 8;
  putWord(memory, stack, BigInt(stubBase + returnOffset));
  return initialRegisters(unikernel.entry, stack, startInfoAddress);
}

function putWord(memory: GuestMemory, address: number, value: bigint): void {
  const place = memory.bytes(address, 8);
  if (place !== undefined) viewOf(place).setBigUint64(0, BigInt.asUintN(64, value), true);
}

/** Undefined where the library has no such name. */
function libraryAddress(name: string): number | undefined {
  if (name === guardName) return guardAddress;
  return (functionNames as readonly string[]).includes(name)
    ? stubBase + stubOffset(name as FunctionName)
    : undefined;
}
