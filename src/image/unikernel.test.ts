// What a unikernel declares, and every ABI version. docs/abi.md 1.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as make from "../../test/elf-file.js";
import { readUnikernel } from "./unikernel.js";

const { hltText, ptLoad, pf } = make;

function refuses(file: Uint8Array, code: string, message: string): void {
  assert.throws(() => readUnikernel(file, "f"), { name: "Solo5Error", code, message: `f: ${message}` });
}
/** A unikernel with more segments than its page of text. */
const withSegments = (...headers: readonly make.ProgramHeader[]): Uint8Array =>
  make.unikernelFile({ headers: [hltText, ...headers] });
const data = (vaddr: bigint, fields: Partial<make.ProgramHeader> = {}): make.ProgramHeader => ({
  type: ptLoad,
  flags: pf.rw,
  vaddr,
  data: Uint8Array.of(1, 2, 3),
  ...fields,
});

test("what a unikernel says of itself", () => {
  const bss = { type: ptLoad, flags: pf.rw, vaddr: 0x103000n, memsz: 0x2001n };
  const file = make.unikernelFile({
    devices: [
      ["net0", 2],
      ["disk", 1],
    ],
    headers: [hltText, data(0x101000n), bss],
  });
  const unikernel = readUnikernel(file, "f");
  assert.equal(unikernel.target, "spt");
  assert.equal(unikernel.abiVersion, 2);
  assert.deepEqual(unikernel.devices, [
    { name: "net0", type: "NET_BASIC", handle: 1 },
    { name: "disk", type: "BLOCK_BASIC", handle: 2 },
  ]);
  assert.equal(unikernel.entry, 0x100000);
  assert.deepEqual(
    unikernel.segments.map(({ vaddr }) => vaddr),
    [0x100000, 0x101000],
  );
  assert.equal(unikernel.kernelEnd, 0x102000);
  assert.equal(unikernel.imageEnd, 0x106000);
  assert.deepEqual(unikernel.symbols(), []);
});

test("kernel_end leaves out what a segment has in memory alone", () => {
  const { kernelEnd, imageEnd } = readUnikernel(withSegments(data(0x101000n, { memsz: 0x5000n })), "f");
  assert.equal(kernelEnd, 0x102000);
  assert.equal(imageEnd, 0x106000);
});

test("every ABI version ever published is read, and no other", () => {
  // docs/abi.md 1.2.
  const published = { 1: [1, 2], 2: [1, 2], 3: [1], 4: [1, 2, 3, 4], 6: [1] };
  for (const [target, versions] of Object.entries(published)) {
    for (const version of [0, 1, 2, 3, 4, 5, 0xffffffff]) {
      const file = make.unikernelFile({ target: Number(target), version });
      if (versions.includes(version)) assert.equal(readUnikernel(file, "f").abiVersion, version);
      else refuses(file, "ABI_VERSION", `Executable requests unsupported ABI version ${version}`);
    }
  }
});

test("the ABI note", () => {
  const abi = make.abiNote(2, 2);
  const manifest = make.manifestNote([]);
  const file = (...notes: readonly Uint8Array[]): Uint8Array =>
    make.elfFile({ headers: [hltText, ...notes.map(make.noteHeader)] });
  assert.equal(readUnikernel(file(manifest, abi), "f").target, "spt");
  assert.equal(readUnikernel(file(abi, manifest), "f").target, "spt");
  refuses(file(), "NO_ABI", "No Solo5 ABI information found in executable");
  refuses(file(make.note(make.abi1Type, abi.subarray(20), "Solo4"), manifest), "NO_ABI", "No Solo5 ABI information found in executable"); // prettier-ignore
  refuses(file(make.note(make.abi1Type, new Uint8Array(15)), manifest), "BAD_ABI", "Solo5 ABI note has 15 bytes, expected 16"); // prettier-ignore
  refuses(file(make.note(make.abi1Type, new Uint8Array(33)), manifest), "BAD_ABI", "Solo5 ABI note has 33 bytes, expected 16"); // prettier-ignore
  refuses(file(make.abiNote(7, 1), manifest), "BAD_ABI", "Solo5 ABI note names target 7, which is unknown");
  refuses(file(make.abiNote(0, 1), manifest), "BAD_ABI", "Solo5 ABI note names target 0, which is unknown");
  refuses(file(abi), "NO_MANIFEST", "No Solo5 manifest found in executable");
});

test("segments that a loader must not be given", () => {
  const bad = (message: string, ...headers: readonly make.ProgramHeader[]): void =>
    refuses(withSegments(...headers), "BAD_ELF", message);
  bad("segment at 0xff000 lies below 0x100000", data(0xff000n));
  bad("segment at 0xff000 lies below 0x100000", data(0xff000n, { data: new Uint8Array(), memsz: 1n }));
  bad("segment at 0x101000: p_align 0x3 is no power of two", data(0x101000n, { align: 3n }));
  bad(
    "segment at 0x101000: p_align 0x1fffffffffffff is no power of two",
    data(0x101000n, { align: 2n ** 53n - 1n }),
  );
  bad("segment at 0x101000 is both writable and executable", data(0x101000n, { flags: pf.rwx }));
  const shares = (at: string): string =>
    `segment at ${at} shares a page with the one before it, or is out of order`;
  bad(shares("0x100010"), data(0x100010n));
  bad(shares("0x100000"), data(0x100000n));
  bad(shares("0x101000"), data(0x102000n), data(0x101000n));
  bad(shares("0x102000"), data(0x101000n, { memsz: 0x1001n }), data(0x102000n));
  bad(shares("0x200000"), data(0x101000n, { memsz: 2n ** 53n - 1n }), data(0x200000n));
  for (const align of [0n, 1n, 0x1000n, 2n ** 52n]) {
    assert.equal(readUnikernel(withSegments(data(0x101000n, { align })), "f").segments.length, 2);
  }
});

test("no bytes at all, no place to start, nothing static", () => {
  const empty = { type: ptLoad, vaddr: 0x100000n, memsz: 0x1000n };
  refuses(make.unikernelFile({ headers: [empty] }), "BAD_ELF", "no PT_LOAD segment has any bytes");
  refuses(make.unikernelFile({ headers: [] }), "BAD_ELF", "no PT_LOAD segment has any bytes");
  for (const entry of [0n, 0xfffffn, 0x100001n, 2n ** 53n - 1n]) {
    refuses(make.unikernelFile({ entry }), "BAD_ELF", `e_entry 0x${entry.toString(16)} lies in no segment`);
  }
  refuses(make.unikernelFile({ type: 3 }), "BAD_ELF", "e_type is 3 (ET_DYN), expected 2 (ET_EXEC)");
});
