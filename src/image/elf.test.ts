// Reading ELF: what files of ours and of hand say, and what is refused with which line.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as make from "../../test/elf-file.js";
import { Solo5Error } from "../bytes/error.js";
import { readElf } from "./elf.js";

const { ptLoad, ptNote, ptTls, pf } = make;
const page = Uint8Array.of(1, 2, 3, 4);
const load = (fields: Partial<make.ProgramHeader> = {}): make.ProgramHeader => ({
  type: ptLoad,
  vaddr: 0x100000n,
  data: page,
  ...fields,
});
const read = (...headers: readonly make.ProgramHeader[]) => readElf(make.elfFile({ headers }), "f");

/** The one message that reading `file` gives. */
function refuses(file: Uint8Array, message: string | RegExp): void {
  assert.throws(() => readElf(file, "f"), {
    name: "Solo5Error",
    code: "BAD_ELF",
    message: typeof message === "string" ? `f: ${message}` : message,
  });
}
const patched = (offset: number, ...bytes: readonly number[]): Uint8Array => {
  const file = make.elfFile({ headers: [load()] });
  file.set(bytes, offset);
  return file;
};

test("both ISAs, and segments as the file has them", () => {
  assert.equal(readElf(make.elfFile({ machine: 62, headers: [load()] }), "f").isa, "x86-64");
  const elf = readElf(make.elfFile({ machine: 183, entry: 0x100004n, headers: [load()] }), "f");
  assert.equal(elf.isa, "aarch64");
  assert.equal(elf.entry, 0x100004);
  assert.equal(elf.dynamic, false);
  const [segment] = elf.loads;
  assert.deepEqual(
    { ...segment, data: [...(segment?.data ?? [])] },
    {
      vaddr: 0x100000,
      data: [1, 2, 3, 4],
      memsz: 4,
      align: 0x1000,
      read: true,
      write: false,
      execute: false,
    },
  );
});

test("execute-only, empty and zero-filled segments", () => {
  const bss = { type: ptLoad, flags: pf.rw, vaddr: 0x200000n, memsz: 0x9000n };
  // An empty segment may claim to start anywhere in the file.
  const { loads } = read(load({ flags: pf.x }), { ...bss, offset: 2n ** 40n }, { ...bss, memsz: 0n });
  assert.deepEqual(
    loads.map(({ data, memsz, read, write, execute }) => [data.length, memsz, read, write, execute]),
    [
      [4, 4, false, false, true],
      [0, 0x9000, true, true, false],
      [0, 0, true, true, false],
    ],
  );
});

test("PT_TLS is kept apart from what is loaded", () => {
  const elf = read(load(), { type: ptTls, vaddr: 0x101000n, data: page, memsz: 0x20n, align: 16n });
  assert.equal(elf.loads.length, 1);
  assert.equal(elf.tls?.vaddr, 0x101000);
  assert.equal(elf.tls?.memsz, 0x20);
  assert.equal(elf.tls?.align, 16);
});

test("program headers of other types mean nothing", () => {
  assert.equal(read({ type: 0x6474e551 }, { type: 6, data: page }, load()).loads.length, 1);
});

test("notes in any order, several to a header, with names and descriptors of any length", () => {
  const notes = make.concat(
    make.note(7, Uint8Array.of(1, 2, 3, 4, 5), "OpenBSD"),
    make.note(8, new Uint8Array(), ""),
    make.note(9, Uint8Array.of(6), "Solo5"),
  );
  const elf = read(make.noteHeader(notes), load(), make.noteHeader(make.note(10, page, "x")));
  assert.deepEqual(
    elf.notes.map(({ name, type, desc }) => [name, type, [...desc]]),
    [
      ["OpenBSD", 7, [1, 2, 3, 4, 5]],
      ["", 8, []],
      ["Solo5", 9, [6]],
      ["x", 10, [1, 2, 3, 4]],
    ],
  );
});

test("what is no ELF file of ours", () => {
  refuses(new Uint8Array(), "Not an ELF executable");
  refuses(Uint8Array.of(0x7f, 0x45, 0x4c), "Not an ELF executable");
  refuses(new TextEncoder().encode("#!/bin/sh\n"), "Not an ELF executable");
  refuses(patched(4, 1), "e_ident[EI_CLASS] is 1, expected 2 (64-bit)");
  refuses(patched(5, 2), "e_ident[EI_DATA] is 2, expected 1 (little endian)");
  refuses(patched(16, 1), "e_type is 1, expected 2 (ET_EXEC)");
  refuses(patched(18, 3), "e_machine is 3, expected 62 (x86-64) or 183 (aarch64)");
  refuses(patched(54, 32), "e_phentsize is 32, expected 56");
});

test("headers and segments beyond the file's end", () => {
  const file = make.elfFile({ headers: [load()] });
  refuses(file.slice(0, 63), "ELF header at 0x0, 0x40 bytes, beyond the file's end at 0x3f");
  refuses(file.slice(0, 119), "program headers at 0x40, 0x38 bytes, beyond the file's end at 0x77");
  refuses(patched(56, 0xff, 0xff), /^f: program headers at 0x40, 0x37ffc8 bytes, beyond/);
  refuses(patched(32, ...Array<number>(8).fill(0xff)), "e_phoff is 0xffffffffffffffff, beyond any address");
  const segment = (offset: bigint, filesz: bigint): Uint8Array =>
    make.elfFile({ headers: [load({ offset, filesz, memsz: 2n ** 53n - 1n })] });
  refuses(segment(0x78n, 9n), "program header 0: segment at 0x78, 0x9 bytes, beyond the file's end at 0x80");
  refuses(segment(0x81n, 1n), "program header 0: segment at 0x81, 0x1 bytes, beyond the file's end at 0x80");
  refuses(segment(0xffffffffn, 0xffffffffn), /segment at 0xffffffff, 0xffffffff bytes, beyond/);
  refuses(
    segment(2n ** 53n - 1n, 2n ** 53n - 1n),
    /segment at 0x1fffffffffffff, 0x1fffffffffffff bytes, beyond/,
  );
});

test("values that no 53 bits hold are named, never rounded", () => {
  for (const [field, name] of [
    [{ filesz: 2n ** 63n }, "program header 0: p_filesz"],
    [{ offset: 2n ** 63n }, "program header 0: p_offset"],
    [{ vaddr: 2n ** 63n }, "program header 0: p_vaddr"],
    [{ memsz: 2n ** 63n }, "program header 0: p_memsz"],
    [{ align: 2n ** 63n }, "program header 0: p_align"],
  ] as const) {
    refuses(make.elfFile({ headers: [load(field)] }), `${name} is 0x8000000000000000, beyond any address`);
  }
  refuses(
    make.elfFile({ entry: 2n ** 64n - 1n, headers: [load()] }),
    "e_entry is 0xffffffffffffffff, beyond any address",
  );
  refuses(
    make.elfFile({ headers: [load({ memsz: 3n })] }),
    "program header 0: p_memsz 0x3 is below p_filesz 0x4",
  );
});

test("notes that do not fit", () => {
  const notes = (data: Uint8Array): Uint8Array => make.elfFile({ headers: [make.noteHeader(data)] });
  refuses(
    notes(new Uint8Array(11)),
    "program header 0: note does not fall within valid size: header at 0x0 of 0xb bytes",
  );
  const outside = (namesz: number, descsz: number): string =>
    `program header 0: note does not fall within valid size: n_namesz ${namesz} and n_descsz ${descsz} at 0x0 of 0x18 bytes`;
  for (const sizes of [
    [6, 5],
    [6, 0xffffffff],
    [0xffffffff, 4],
    [0xffffffff, 0xffffffff],
    [0x80000000, 0x80000000],
    [13, 0],
  ] as const) {
    refuses(notes(make.note(1, page, "Solo5", sizes)), outside(sizes[0], sizes[1]));
  }
});

test("headers that all lead to the same notes do not multiply the work", () => {
  const many = make.concat(...Array.from({ length: 200 }, () => make.note(1, new Uint8Array(), "")));
  const headers = Array.from({ length: 2000 }, (_, i) =>
    i === 0
      ? make.noteHeader(many)
      : { type: ptNote, offset: BigInt(64 + 2000 * 56), filesz: BigInt(many.length) },
  );
  refuses(make.elfFile({ headers }), "program header 1: more than 256 notes");
});

test("errors are of the documented kind", () => {
  assert.throws(() => readElf(new Uint8Array(), "f"), Solo5Error);
});
