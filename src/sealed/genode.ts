// A unikernel for Genode as a Linux process: linked with a library of its own, which makes spt's system calls, and from then on a
// unikernel for spt like any other. docs/genode.md.
import { alignUp, pageSize } from "../bytes/align.js";
import { viewOf } from "../bytes/struct.js";
import { linked } from "../image/genode.js";
import { pageEnd, readElf, type LoadSegment } from "../image/elf.js";
import { symbols } from "../image/symbols.js";
import type { Unikernel } from "../image/unikernel.js";

/** Words that the library is told by, behind a symbol of its own; its source is in guest/bindings/genode. */
const words = { main: 0, imageEnd: 8 } as const;

/** `library` is its file. */
export function asProcess(unikernel: Unikernel, library: Uint8Array): Unikernel {
  const libraryElf = readElf(library, "the library of a process");
  const addresses = new Map(
    symbols(library, libraryElf).map(({ name, address }) => [name, address] as const),
  );
  const addressOf = (name: string): number | undefined => addresses.get(name);
  const told = addressOf("process");
  if (told === undefined) throw new RangeError("the library of a process has no symbol 'process'");
  const elf = readElf(unikernel.file, unikernel.name);
  const segments = [
    ...libraryElf.loads
      .filter(({ memsz }) => memsz > 0)
      .map((segment) =>
        filled(segment, [
          { address: told + words.main, value: BigInt(unikernel.entry) },
          { address: told + words.imageEnd, value: BigInt(alignUp(unikernel.imageEnd, pageSize)) },
        ]),
      ),
    ...unikernel.segments.map((segment) => filled(segment, linked(elf, unikernel.name, addressOf))),
  ];
  return {
    ...unikernel,
    target: "spt",
    abiVersion: 2,
    entry: libraryElf.entry,
    segments,
    kernelEnd: Math.max(...segments.map((segment) => pageEnd({ ...segment, memsz: segment.data.length }))),
  };
}

/** A copy of the segment with those of the words that lie in it, with as many bytes as that takes. */
function filled(
  segment: LoadSegment,
  words: readonly { readonly address: number; readonly value: bigint }[],
): LoadSegment {
  const { vaddr, memsz } = segment;
  const own = words.filter(({ address }) => address >= vaddr && address + 8 <= vaddr + memsz);
  const size = Math.max(segment.data.length, ...own.map(({ address }) => address + 8 - vaddr));
  const data = new Uint8Array(size);
  data.set(segment.data);
  for (const { address, value } of own)
    viewOf(data).setBigUint64(address - vaddr, BigInt.asUintN(64, value), true);
  return { ...segment, data };
}
