// What `buildGuest` makes, as binutils' readelf sees it: bytes that repeat, symbols, segments and notes. docs/abi.md 1.2, 1.4.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { before, test } from "node:test";
import { needs } from "../../test/needs.js";
import type { Isa } from "../abi/elf.js";
import { targets as abiTargets, type TargetName } from "../abi/notes.js";
import { readElf } from "../image/elf.js";
import { parseManifest } from "../image/manifest-json.js";
import { buildGuest } from "./build.js";
import { output, temporaryFolder } from "./guest.cases.js";
import { buggyElfFile, selfTestFile } from "./guest-jobs.js";
import { isas, type BindingsTarget } from "./isa.js";
import {
  bindingsObject,
  guestOutput,
  guestSource,
  libFolder,
  linkerScript,
  runtimeArchive,
  packageRoot,
} from "./layout.js";
import { selfTests } from "./self-tests.js";

const page = 0x1000n;
const allIsas = Object.keys(isas) as Isa[];
const readelf = { skip: needs.program("readelf") };

/** All self-tests as built. */
const files = allIsas.flatMap((isa) =>
  selfTests(isa).flatMap(({ name, targets }) =>
    targets.map((target) => ({ isa, name, target, file: selfTestFile(guestOutput, isa, name, target) })),
  ),
);

before(() => buildGuest());

test("a second build makes nothing", async () => {
  assert.equal(await buildGuest(), 0);
});

test("identical sources give identical bytes, wherever they are built", async (t) => {
  const [a, b] = [temporaryFolder(t), temporaryFolder(t)];
  const here = process.cwd();
  t.after(() => process.chdir(here));
  for (const folder of [a, b]) {
    process.chdir(folder);
    await buildGuest({ tests: ["hello", "tls", "cxx"], runtime: false, output: folder });
  }
  for (const isa of allIsas) {
    const made = (folder: string) => [
      ...isas[isa].targets.flatMap((target) =>
        [bindingsObject(target), linkerScript(target)].map((file) => join(libFolder(folder, isa), file)),
      ),
      ...["hello", "tls", "cxx"].flatMap((name) =>
        (["spt", "hvt"] as const).map((target) => selfTestFile(folder, isa, name, target)),
      ),
    ];
    for (const [i, file] of made(a).entries()) {
      const other = made(b)[i] ?? "";
      assert.ok(readFileSync(file).equals(readFileSync(other)), `${basename(file)} differs`);
      assert.ok(!readFileSync(file).includes(a), `${basename(file)} names the folder it was built in`);
    }
  }
});

test("the compiler's runtime names no folder of this machine", () => {
  for (const isa of allIsas) {
    assert.ok(!readFileSync(join(libFolder(guestOutput, isa), runtimeArchive)).includes(packageRoot));
  }
});

test("a change in a source is seen", async (t) => {
  const folder = temporaryFolder(t);
  const only = {
    isas: ["x86-64"],
    targets: ["spt"],
    tests: ["hello"],
    runtime: false,
    output: folder,
  } as const;
  assert.ok((await buildGuest(only)) > 0);
  assert.equal(await buildGuest(only), 0);
  assert.ok((await buildGuest({ ...only, tests: ["hello", "quiet"] })) > 0);
});

/** Lines of `readelf -lW` as fields. */
interface Phdr {
  readonly type: string;
  readonly offset: bigint;
  readonly vaddr: bigint;
  readonly filesz: bigint;
  readonly memsz: bigint;
  readonly flags: string;
  readonly align: bigint;
}

function phdrs(file: string): readonly Phdr[] {
  const line = /^ {2}([A-Z_]+) +(0x\w+) (0x\w+) 0x\w+ (0x\w+) (0x\w+) ([RWE ]{3}) (\w+)$/gm;
  return [...output(["readelf", "-lW", file]).matchAll(line)].map(
    ([, type = "", offset = "", vaddr = "", filesz = "", memsz = "", flags = "", align = ""]) => ({
      type,
      offset: BigInt(offset),
      vaddr: BigInt(vaddr),
      filesz: BigInt(filesz),
      memsz: BigInt(memsz),
      flags: flags.replaceAll(" ", ""),
      align: BigInt(align),
    }),
  );
}

test("bindings have no global names but Solo5's", readelf, () => {
  for (const isa of allIsas) {
    for (const target of isas[isa].targets) {
      const object = join(libFolder(guestOutput, isa), bindingsObject(target));
      const symbols = output(["readelf", "-sW", object])
        .split("\n")
        .map((line) => line.trim().split(/ +/))
        .filter(([, , , , bind, , index]) => (bind === "GLOBAL" || bind === "WEAK") && index !== "UND")
        .map((fields) => fields[7] ?? "");
      assert.ok(symbols.length >= (target === "genode" ? 15 : 18), `${object}: ${symbols.length} symbols`);
      const allowed = /^(solo5_\w+|_start\w*|__stack_chk_guard|__stack_chk_fail)$/;
      assert.deepEqual(
        symbols.filter((name) => !allowed.test(name)),
        [],
        object,
      );
    }
  }
});

test("bindings need the application and the linker's symbols, and no runtime", readelf, () => {
  for (const isa of allIsas) {
    for (const target of isas[isa].targets) {
      const symbols = output(["readelf", "-sW", join(libFolder(guestOutput, isa), bindingsObject(target))]);
      const undefinedNames = [...symbols.matchAll(/ UND (\S+)$/gm)].map(([, name = ""]) => name);
      const known =
        /^(?:solo5_app_main|__solo5_mft1_note|_(?:stext|etext|erodata|stdata|edata|end|ltdata|ltbss|ltalign))$/;
      assert.deepEqual(
        undefinedNames.filter((name) => !known.test(name)),
        [],
        `${isa} ${target}`,
      );
    }
  }
});

test("bindings use no vector registers", { skip: needs.program("objdump") }, () => {
  for (const target of ["spt", "hvt", "virtio", "muen", "xen"] as const) {
    const object = join(libFolder(guestOutput, "x86-64"), bindingsObject(target));
    const code = output(["objdump", "-d", "--no-show-raw-insn", object]);
    assert.match(code, /<_start(?:32)?>:/);
    assert.doesNotMatch(code, /%[xyz]?mm\d/);
  }
});

test("the malformed inputs are refused for what is wrong with them", () => {
  for (const isa of allIsas) {
    const file = buggyElfFile(guestOutput, isa);
    assert.throws(() => readElf(readFileSync(file), file), /note does not fall within valid size/);
  }
  const json = join(guestSource, "malformed", "too_many_entries", "manifest.json");
  assert.throws(() => parseManifest(readFileSync(json, "utf8"), json), /too many entries, maximum 63/);
});

/** The rules of docs/abi.md 1.4 for what is loaded. */
function checkSegments(file: string, target: BindingsTarget): void {
  // GNU ld keeps a header for thread-local data that is not there.
  const loads = phdrs(file).filter(({ type, memsz }) => type === "LOAD" && memsz > 0n);
  assert.ok(loads.length >= 2, file);
  const base = { muen: 0x200000n, genode: 0x1000000n }[target as string] ?? 0x100000n;
  let end = base;
  for (const { vaddr, offset, filesz, memsz, flags, align } of loads) {
    assert.equal(align, page, file);
    assert.equal(vaddr % page, 0n, file);
    assert.ok(filesz === 0n || offset % page === 0n, file);
    assert.ok(vaddr >= end, file);
    assert.ok(memsz >= filesz, file);
    assert.ok(!(flags.includes("W") && flags.includes("E")), file);
    end = ((vaddr + memsz + page - 1n) / page) * page;
  }
  assert.equal(loads[0]?.vaddr, base, file);
  assert.equal(loads[0]?.flags, target === "hvt" ? "E" : "RE", file);
  // A shared object has Genode's linker for an interpreter, and nobody starts it from a shell.
  if (target === "genode") return;
  const interp = phdrs(file).find(({ type }) => type === "INTERP");
  assert.equal(interp?.vaddr, base, file);
  assert.equal(interp?.filesz, 24n, file);
}

test("segments are page-aligned, apart, ascending, and never both writable and executable", readelf, () => {
  for (const { file, target } of files) checkSegments(file, target);
});

test("gcc and GNU ld build the same shape", { skip: needs.program("gcc", "readelf") }, async (t) => {
  const folder = temporaryFolder(t);
  process.env["SOLO5_CC"] = "gcc";
  t.after(() => delete process.env["SOLO5_CC"]);
  const isa = process.arch === "arm64" ? "aarch64" : "x86-64";
  await buildGuest({ isas: [isa], output: folder });
  for (const { name, targets } of selfTests(isa)) {
    for (const target of targets) checkSegments(selfTestFile(folder, isa, name, target), target);
  }
});

test("notes come in the order OpenBSD, ABI1, MFT1, each with a header of its own", readelf, () => {
  for (const { file, target, name } of files.filter((one) => one.target !== "genode")) {
    const notes = phdrs(file).filter(({ type }) => type === "NOTE");
    const bytes = readFileSync(file);
    const words = notes.map(({ offset }) => [0, 4, 8].map((at) => bytes.readUInt32LE(Number(offset) + at)));
    assert.deepEqual(words[0], [8, 4, 1], file);
    assert.deepEqual(words[1], [6, 16, 0x31494241], file);
    assert.equal(notes[1]?.filesz, 0x24n, file);
    assert.equal(
      bytes.readUInt32LE(Number(notes[1]?.offset) + 20),
      abiTargets[target as TargetName].number,
      file,
    );
    const devices =
      { blk: 1, net: 1, net_2if: 2, net_length: 1, net_mtu: 1, yield: 1, net_ring: 1, mft_maxdevices: 63 }[
        name
      ] ?? 0;
    assert.deepEqual(words[2], [6, 4 + 8 + 104 * (devices + 1), 0x3154464d], file);
    // Xen's own, by which loaders find the entry.
    if (target === "xen") assert.deepEqual(words[3], [4, 4, 18], file);
    assert.equal(notes.length, target === "xen" ? 4 : 3, file);
  }
});

test("thread-local data has a segment, aligned as its variables are", readelf, () => {
  for (const { file } of files.filter(({ name }) => name === "tls")) {
    const tls = phdrs(file).find(({ type }) => type === "TLS");
    assert.ok(tls, file);
    assert.equal(tls.filesz, 8n, file);
    assert.equal(tls.align, 64n, file);
    assert.ok(tls.memsz >= 64n + 3n, file);
  }
});
