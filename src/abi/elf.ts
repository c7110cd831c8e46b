// ELF64 as unikernels use it: System V gABI chapters 4 and 5, names as there.
import { bytes, struct, u16, u32, u64, u8 } from "../bytes/struct.js";

export const ehdr = struct(64, {
  magic: u32,
  class: u8,
  data: u8,
  identVersion: u8,
  osabi: u8,
  pad: bytes(8),
  type: u16,
  machine: u16,
  version: u32,
  entry: u64,
  phoff: u64,
  shoff: u64,
  flags: u32,
  ehsize: u16,
  phentsize: u16,
  phnum: u16,
  shentsize: u16,
  shnum: u16,
  shstrndx: u16,
});

export const phdr = struct(56, {
  type: u32,
  flags: u32,
  offset: u64,
  vaddr: u64,
  paddr: u64,
  filesz: u64,
  memsz: u64,
  align: u64,
});

export const shdr = struct(64, {
  name: u32,
  type: u32,
  flags: u64,
  addr: u64,
  offset: u64,
  size: u64,
  link: u32,
  info: u32,
  addralign: u64,
  entsize: u64,
});

export const sym = struct(24, { name: u32, info: u8, other: u8, shndx: u16, value: u64, size: u64 });
export const nhdr = struct(12, { namesz: u32, descsz: u32, type: u32 });

export const elfMagic = 0x464c457f;
export const elfClass64 = 2;
export const elfDataLittle = 1;
/** The fields of `ehdr` that are the same in every file that we write; program headers follow it at once. */
export const ehdrCommon = {
  magic: elfMagic,
  class: elfClass64,
  data: elfDataLittle,
  identVersion: 1,
  osabi: 0,
  pad: new Uint8Array(),
  version: 1,
  phoff: BigInt(ehdr.size),
  flags: 0,
  ehsize: ehdr.size,
  phentsize: phdr.size,
} as const;
export const elfType = { exec: 2, dyn: 3 } as const;
export const segmentType = { load: 1, dynamic: 2, interp: 3, note: 4, tls: 7, gnuStack: 0x6474e551 } as const;
export const segmentFlag = { execute: 1, write: 2, read: 4 } as const;
export const sectionType = { null: 0, progbits: 1, symtab: 2, strtab: 3, nobits: 8 } as const;

/** e_machine by ISA; the ISAs of Solo5 that we run. */
export const machine = { "x86-64": 62, aarch64: 183 } as const;
/** The instruction sets that there are unikernels of. */
export type Isa = keyof typeof machine;
