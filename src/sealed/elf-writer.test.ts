// Written executables. Witness: readelf.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { selfTest } from "../../test/command.js";
import * as make from "../../test/elf-file.js";
import { needs } from "../../test/needs.js";
import { readElf } from "../image/elf.js";
import { writeExecutable, type WritableSegment } from "./elf-writer.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-elf-"));
after(() => rmSync(folder, { recursive: true }));
const skip = needs.program("readelf");

const page = (fill: number, size = 0x1000): Uint8Array => new Uint8Array(size).fill(fill);
const access = { read: true, write: false, execute: false };
const segments: readonly WritableSegment[] = [
  { vaddr: 0x11000, data: page(1), ...access, write: true },
  { vaddr: 0xf0000, data: page(2, 100), ...access, execute: true },
  { vaddr: 0x100000, data: page(3, 0x2000), ...access, read: false, execute: true },
];

/** What readelf prints of `file`; a warning fails the test. */
function readelf(file: Uint8Array, ...options: readonly string[]): string {
  const path = join(folder, "file");
  writeFileSync(path, file);
  const { stdout, stderr, status } = spawnSync("readelf", [...options, "--wide", path], { encoding: "utf8" });
  assert.deepEqual({ stderr, status }, { stderr: "", status: 0 });
  return stdout;
}
/** Type, address, sizes, flags of each program header. */
const programHeaders = (file: Uint8Array): readonly string[] =>
  [
    ...readelf(file, "--program-headers").matchAll(
      /^ {2}([A-Z_]+) +0x\w+ 0x0*(\w+) 0x\w+ 0x0*(\w+) 0x0*(\w+) ([RWE ]{3})/gm,
    ),
  ].map(
    ([, type, vaddr, filesz, memsz, flags]) =>
      `${type} ${vaddr} ${filesz || 0} ${memsz || 0} ${flags?.replaceAll(" ", "-")}`,
  );

test("readelf sees the segments, and a stack that is not executable", { skip }, () => {
  for (const [isa, name] of [
    ["x86-64", "X86-64"],
    ["aarch64", "AArch64"],
  ] as const) {
    const file = writeExecutable({ isa, entry: 0xf0010, segments, describedBy: make.unikernelFile() });
    assert.match(
      readelf(file, "--file-header"),
      new RegExp(`Type: +EXEC[^]*Machine: .*${name}[^]*Entry point address: +0xf0010`),
    );
    assert.deepEqual(programHeaders(file), [
      "LOAD 11000 1000 1000 RW-",
      "LOAD f0000 64 64 R-E",
      "LOAD 100000 2000 2000 --E",
      "GNU_STACK 0 0 0 RW-",
    ]);
  }
});

test("segments are read back byte for byte, each from its own pages of the file", () => {
  const file = writeExecutable({
    isa: "x86-64",
    entry: 0xf0000,
    segments,
    describedBy: make.unikernelFile(),
  });
  const { loads } = readElf(file, "f");
  assert.deepEqual(
    loads.map(({ vaddr, data }) => ({ vaddr, data: Buffer.from(data) })),
    segments.map(({ vaddr, data }) => ({ vaddr, data: Buffer.from(data) })),
  );
  for (const { data } of loads) assert.equal((data.byteOffset - file.byteOffset) % 0x1000, 0);
});

test("the unikernel's sections and symbols are carried over", { skip }, () => {
  for (const name of ["test_cxx.spt", "aarch64/test_tls.spt"]) {
    const described = readFileSync(selfTest(name));
    const { isa, loads, entry } = readElf(described, name);
    const whole = loads
      .filter(({ data }) => data.length > 0)
      .map((load) => ({ ...load, vaddr: load.vaddr - (load.vaddr % 0x1000) }));
    const file = writeExecutable({ isa, entry, segments: whole, describedBy: described });
    const symbols = (data: Uint8Array): string => readelf(data, "--syms");
    assert.equal(symbols(file), symbols(described));
    const rows = readelf(file, "--sections").matchAll(
      /^ +\[ *\d+\] (?!.* NOBITS ).* [0-9a-f]{16} ([0-9a-f]+) [0-9a-f]+ .* (\d+)$/gm,
    );
    const placed = [...rows].map(([, offset = "", align = ""]) => [
      Number.parseInt(offset, 16),
      Number(align),
    ]);
    assert.ok(placed.length > 10);
    for (const [offset = 0, align = 0] of placed) assert.equal(align > 1 ? offset % align : 0, 0);
    const bytes = (data: Uint8Array, section: string): string => readelf(data, `--hex-dump=${section}`);
    for (const section of [".text", ".rodata", ".note.solo5.abi", ".debug_info"])
      assert.equal(bytes(file, section), bytes(described, section), section);
  }
});

test("sections that make no sense are left out", { skip }, () => {
  const described = new Uint8Array(readFileSync(selfTest("test_hello.spt")));
  const view = new DataView(described.buffer);
  const sections = Number(view.getBigUint64(40, true));
  const last = sections + (view.getUint16(60, true) - 1) * 64;
  const damage: readonly (readonly [at: number, value: bigint])[] = [
    [40, 2n ** 64n - 1n],
    [40, BigInt(described.length)],
    [last + 24, 2n ** 63n],
    [last + 32, 2n ** 64n - 1n],
  ];
  for (const [at, value] of damage) {
    const damaged = described.slice();
    new DataView(damaged.buffer).setBigUint64(at, value, true);
    const file = writeExecutable({ isa: "x86-64", entry: 0xf0000, segments, describedBy: damaged });
    assert.match(readelf(file, "--sections"), /There are no sections in this file/);
  }
});

test("gdb finds a function by its address", { skip: needs.program("gdb") }, () => {
  const described = readFileSync(selfTest("test_hello.spt"));
  const { isa, loads, entry } = readElf(described, "hello");
  const path = join(folder, "hello");
  const whole = loads.filter(({ data }) => data.length > 0);
  writeFileSync(path, writeExecutable({ isa, entry, segments: whole, describedBy: described }));
  const shown = execFileSync("gdb", ["-batch", "-nx", "-ex", "info line solo5_app_main", path], {
    encoding: "utf8",
  });
  assert.match(shown, /Line \d+ of "[^"]*main\.c" starts at address 0x\w+ <solo5_app_main>/);
});
