// The format `binary` of objcopy: memory as it is loaded, without headers. Out of an ELF file by load addresses, and into
// an object whose symbols say where the bytes are.
import {
  ehdr,
  ehdrCommon,
  elfMagic,
  machine,
  phdr,
  sectionType,
  segmentType,
  shdr,
  sym,
  type Isa,
} from "../../abi/elf.js";
import { Solo5Error } from "../../bytes/error.js";
import { viewOf } from "../../bytes/struct.js";

interface Filling {
  /** The byte between sections, also up to one that is empty; zeroes, and no further, without. */
  readonly gapFill: number | undefined;
  /** The address that the output reaches at least. */
  readonly padTo: number;
}

/** More is a mistake: sections that lie far apart. */
const sizeMax = 0x4000_0000n;
const allocated = 2n;

/** What the sections of `elf` that are loaded and have bytes put into memory, from the lowest load address on. */
export function toBinary(elf: Uint8Array, { gapFill, padTo }: Filling): Uint8Array {
  const view = viewOf(elf);
  const header = ehdr.read(view, 0);
  const segments = Array.from({ length: header.phnum }, (_, i) =>
    phdr.read(view, Number(header.phoff) + i * phdr.size),
  );
  const parts = Array.from({ length: header.shnum }, (_, i) =>
    shdr.read(view, Number(header.shoff) + i * shdr.size),
  )
    .filter(
      ({ type, flags, size }) =>
        type !== sectionType.nobits && (flags & allocated) !== 0n && (size > 0n || gapFill !== undefined),
    )
    .map(({ addr, offset, size }) => {
      const segment = segments.find(
        (each) => each.type === segmentType.load && addr >= each.vaddr && addr < each.vaddr + each.memsz,
      );
      const address = segment === undefined ? addr : addr - segment.vaddr + segment.paddr;
      return { address, bytes: elf.subarray(Number(offset), Number(offset + size)) };
    });
  const start = parts.reduce(
    (min, { address }) => (min === undefined || address < min ? address : min),
    parts[0]?.address,
  );
  if (start === undefined) return new Uint8Array();
  const ends = parts.map(({ address, bytes }) => address + BigInt(bytes.length));
  const end = [...ends, BigInt(padTo)].reduce((a, b) => (a > b ? a : b));
  if (end - start > sizeMax) throw new Solo5Error("USAGE", `the sections lie ${end - start} bytes apart`);
  const result = new Uint8Array(Number(end - start)).fill(gapFill ?? 0);
  for (const { address, bytes } of parts) result.set(bytes, Number(address - start));
  return result;
}

/** An object with `data` in .data, between `_binary_NAME_start` and `_end`, and its `_size`. */
export function fromBinary(data: Uint8Array, name: string, isa: Isa): Uint8Array {
  const prefix = `_binary_${name.replace(/[^A-Za-z0-9]/g, "_")}_`;
  const names = ["", ".data", ".symtab", ".strtab", ".shstrtab"];
  const shstrtab = new TextEncoder().encode(names.map((each) => `${each}\0`).join(""));
  const labels = ["start", "end", "size"].map((what) => prefix + what);
  const strtab = new TextEncoder().encode(["", ...labels].map((each) => `${each}\0`).join(""));
  const symtab = new Uint8Array(sym.size * (labels.length + 1));
  const size = BigInt(data.length);
  const values = [0n, size, size];
  const [dataIndex, absolute, global] = [1, 0xfff1, 0x10];
  let at = 1;
  for (const [i, label] of labels.entries()) {
    const shndx = i === 2 ? absolute : dataIndex;
    const symbol = { name: at, info: global, other: 0, shndx, value: values[i] ?? 0n, size: 0n };
    sym.write(viewOf(symtab), (i + 1) * sym.size, symbol);
    at += label.length + 1;
  }
  const contents = [new Uint8Array(), data, symtab, strtab, shstrtab];
  const types = [
    sectionType.null,
    sectionType.progbits,
    sectionType.symtab,
    sectionType.strtab,
    sectionType.strtab,
  ];
  const offsets: number[] = [];
  let end: number = ehdr.size;
  for (const content of contents) {
    end = Math.ceil(end / 8) * 8;
    offsets.push(end);
    end += content.length;
  }
  const shoff = Math.ceil(end / 8) * 8;
  const result = new Uint8Array(shoff + names.length * shdr.size);
  let nameAt = 0;
  for (const [i, content] of contents.entries()) {
    result.set(content, offsets[i]);
    const isTable = types[i] === sectionType.symtab;
    shdr.write(viewOf(result), shoff + i * shdr.size, {
      name: nameAt,
      type: types[i] ?? 0,
      flags: i === dataIndex ? 3n : 0n,
      addr: 0n,
      offset: i === 0 ? 0n : BigInt(offsets[i] ?? 0),
      size: BigInt(content.length),
      link: isTable ? 3 : 0,
      info: isTable ? 1 : 0,
      addralign: i === 0 ? 0n : isTable ? 8n : 1n,
      entsize: isTable ? BigInt(sym.size) : 0n,
    });
    nameAt += (names[i]?.length ?? 0) + 1;
  }
  const header = {
    ...ehdrCommon,
    magic: elfMagic,
    type: 1,
    machine: machine[isa],
    entry: 0n,
    phoff: 0n,
    phentsize: 0,
    phnum: 0,
  };
  const table = { shoff: BigInt(shoff), shentsize: shdr.size, shnum: names.length, shstrndx: 4 };
  ehdr.write(viewOf(result), 0, { ...header, pad: new Uint8Array(8), ...table });
  return result;
}
