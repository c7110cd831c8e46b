// objcopy and strip, with binutils' readelf and the linker as witnesses.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import * as fc from "fast-check";
import { needs } from "../../../test/needs.js";
import type { Isa } from "../../abi/elf.js";
import { Solo5Error } from "../../bytes/error.js";
import { readElf } from "../../image/elf.js";
import { buildGuest } from "../build.js";
import { findCompiler } from "../compiler.js";
import { selfTestFile } from "../guest-jobs.js";
import { output, temporaryFolder } from "../guest.cases.js";
import { isas } from "../isa.js";
import { guestOutput } from "../layout.js";
import { parseObjcopy, parseStrip } from "./arguments.js";
import { changeElf } from "./change.js";
import { copy } from "./copy.js";

const skip = { skip: needs.program("readelf") };
const allIsas = Object.keys(isas) as Isa[];

before(() => buildGuest());

/** Section names as readelf lists them; that it complains of nothing is checked too. */
function sectionNames(file: string): readonly string[] {
  const text = output(["sh", "-c", `readelf -SW '${file}' 2>&1`]);
  assert.doesNotMatch(text, /warning|error/i);
  return [...text.matchAll(/^ +\[ *\d+\] (\.\S+)/gm)].map(([, name = ""]) => name);
}

test("a stripped unikernel has the same segments, and neither symbols nor debug information", skip, (t) => {
  const folder = temporaryFolder(t);
  for (const isa of allIsas) {
    const before = readFileSync(selfTestFile(guestOutput, isa, "tls", "hvt"));
    const file = join(folder, "stripped");
    writeFileSync(file, changeElf(before, { stripAll: true }));
    const names = sectionNames(file);
    assert.ok(names.includes(".text") && names.includes(".tbss"));
    assert.deepEqual(
      names.filter((name) => /debug|symtab|strtab/.test(name)),
      [".shstrtab"],
    );
    assert.deepEqual(readElf(readFileSync(file), "a").loads, readElf(before, "b").loads);
    assert.ok(readFileSync(file).length < before.length);
  }
});

test("without debug information the symbols stay", skip, (t) => {
  const file = join(temporaryFolder(t), "copy");
  const before = selfTestFile(guestOutput, "x86-64", "hello", "spt");
  writeFileSync(file, changeElf(readFileSync(before), { debug: true }));
  assert.deepEqual(
    sectionNames(file).filter((name) => name.includes("debug")),
    [],
  );
  const symbols = (path: string) =>
    [...output(["readelf", "-sW", path]).matchAll(/(\w+) +\d+ (FUNC|OBJECT) +(LOCAL|GLOBAL) .* (\w+)$/gm)]
      .map(([, value, kind, bind, name]) => `${value} ${kind} ${bind} ${name}`)
      .toSorted();
  assert.ok(symbols(file).length > 20);
  assert.deepEqual(symbols(file), symbols(before));
});

test("GNU ld takes what is left of an object without a word", { skip: needs.program("ld") }, (t) => {
  const file = join(temporaryFolder(t), "stripped.o");
  const whole = join(guestOutput, ".build", "x86-64", "bindings", "solo5_hvt.o");
  for (const changes of [{ debug: true }, { unneeded: true }, { discard: "all", debug: true }] as const) {
    writeFileSync(file, changeElf(readFileSync(whole), changes));
    assert.equal(output(["sh", "-c", `ld -r -o '${file}.out' '${file}' 2>&1`]), "");
  }
});

test("hidden symbols no longer clash, and the object still links and relocates", skip, (t) => {
  const folder = temporaryFolder(t);
  for (const isa of allIsas) {
    const { cc, ld } = findCompiler(isa, {});
    const source = (name: string, value: number) => `static int x[2] = { ${value}, 2 };
int helper(int i) { return x[i]; }
int ${name}(int i);
int ${name}(int i) { return helper(i) + helper(1); }\n`;
    for (const [name, value] of [
      ["one", 1],
      ["two", 7],
    ] as const) {
      const object = join(folder, `${name}.o`);
      output([...cc, "-w", "-O0", "-g", "-c", "-x", "c", "-", "-o", object], { input: source(name, value) });
      const parsed = parseObjcopy(["-w", "-G", "o*", "--keep-global-symbol=t?o", "-g", object]);
      assert.ok(typeof parsed === "object");
      writeFileSync(object, changeElf(readFileSync(object), parsed.changes));
      sectionNames(object);
      const globals = output(["readelf", "-sW", object]).match(/GLOBAL DEFAULT +\d+ (\w+)/g) ?? [];
      assert.deepEqual(
        globals.map((line) => line.split(" ").at(-1)),
        [name],
      );
    }
    const linked = join(folder, "linked");
    const script = ["-e", "one", "-u", "two", join(folder, "one.o"), join(folder, "two.o"), "-o", linked];
    output([...ld, ...script]);
    const names = [...output(["readelf", "-sW", linked]).matchAll(/ FUNC .* (\w+)$/gm)].map(
      ([, name]) => name,
    );
    assert.deepEqual(names.toSorted(), ["helper", "helper", "one", "two"]);
  }
});

test("C++ objects keep their groups whole", skip, (t) => {
  const object = join(temporaryFolder(t), "a.o");
  const { cc } = findCompiler("x86-64", {});
  const input =
    "template <class T> T twice(T x) { return x + x; }\nint f() { return twice(2) + int(twice(2.0)); }\n";
  output([...cc, "-g", "-c", "-x", "c++", "-", "-o", object], { input });
  writeFileSync(object, changeElf(readFileSync(object), { debug: true }));
  sectionNames(object);
  const groups = output(["readelf", "-gW", object]);
  assert.match(
    groups,
    /\[_Z5twiceIiET_S0_\] contains \d+ sections:\n.*Index.*\n +\[ *\d+\] +\.text\._Z5twiceIiET_S0_/,
  );
});

test("options as getopt_long has them; what is beyond ours is another's", () => {
  const objcopy = (...args: string[]) => {
    const parsed = parseObjcopy(args);
    return typeof parsed === "object" ? parsed : undefined;
  };
  assert.equal(parseObjcopy(["--compress-debug-sections", "a", "b"]), undefined);
  assert.equal(parseObjcopy(["-S"]), undefined);
  assert.equal(parseObjcopy(["-V"]), "version");
  assert.deepEqual(objcopy("--strip-all", "a")?.changes.stripAll, true);
  assert.equal(objcopy("-S", "a", "b")?.output, "b");
  assert.equal(objcopy("-R.comment", "a")?.changes.remove?.(".comment"), true);
  assert.equal(objcopy("-R", ".note.*", "a")?.changes.remove?.(".text"), false);
  assert.equal(objcopy("-gxj", ".text", "a")?.changes.only?.(".text"), true);
  assert.equal(objcopy("--redefine-sym=a=b", "x")?.changes.symbolName?.("a"), "b");
  assert.equal(objcopy("--only-sec", ".text", "x")?.changes.only?.(".data"), false);
  const strip = parseStrip(["-g", "a", "b"]);
  assert.ok(typeof strip === "object" && strip.changes.debug === true && strip.changes.stripAll !== true);
  assert.deepEqual(strip.inputs, ["a", "b"]);
  const all = parseStrip(["a"]);
  assert.ok(typeof all === "object" && all.changes.stripAll === true);
  assert.equal(parseStrip(["--strip-dwo", "a"]), undefined);
});

/** Option lists by what they are for; `file` is six bytes. */
const asGnu = {
  objects: [
    "", "-g", "--strip-unneeded", "-x", "-X", "-N unused", "-R .comment", "-R .note*", "-L f", "-G f", "-W f", "--weaken",
    "--globalize-symbol=local", "--redefine-sym f=ff", "--prefix-symbols=p_", "--rename-section .data=.mine",
    "--rename-section .data=.ro,alloc,load,readonly,data,contents", "--rename-section .text=.code", "--add-section .x=file",
    "--add-section .x=file --set-section-flags .x=alloc,readonly", "--add-gnu-debuglink=file", "-w -L sh*", "-w -K sh* -g",
    "--keep-symbol=g --strip-unneeded", "--prefix-sections=.q", "--prefix-alloc-sections=.q", "-O elf64-x86-64", "-j .data",
    "--weaken-symbol=shown -g", "--strip-debug --discard-all", "--update-section .data=file",
  ],
  executables: [
    "", "-S", "-g", "-x", "-S -K _start", "--only-keep-debug", "-R .comment", "-L _start", "-O binary", "-j .text", "-j .text -O binary",
    "-O binary -R .bss --gap-fill 0xff", "-O binary --pad-to 0x200000", "--strip-unneeded", "--add-section .x=file", "--weaken",
  ],
  files: ["-I binary -O elf64-x86-64", "-I binary -O elf64-x86-64 -B i386:x86-64 --rename-section .data=.rodata,alloc,load,readonly,data,contents", "-I binary -O elf64-x86-64 --redefine-sym _binary_file_start=start"],
} as const; // prettier-ignore

/** Sections and symbols as readelf sees them, without what no standard says: tables, and numbers of sections. */
function shape(file: string): string {
  const text = output(["readelf", "-SsW", file]);
  const row = /^ +\[ *(\d+)\] (\S+) +(\S+) +(\w+) \w+ (\w+) \w+ +([A-Za-z]*)/gm;
  const sections = [...text.matchAll(row)].map(([, index = "", name = "", type = "", ...rest]) => ({
    index,
    name,
    line: [name, type, ...(type === "RELA" ? [rest[1]] : rest)].join(" ").replace("I", ""),
  }));
  const names = new Map(sections.map(({ index, name }) => [index, name]));
  const symbol = /^ +\d+: (\w+) +(\w+) (\w+) +(\w+) +(\w+) +(\w+) (\S+)$/gm;
  const symbols = [...text.matchAll(symbol)]
    .filter(([, , , type]) => type !== "SECTION")
    .map(([, value, size, type, bind, visibility, index = "", name]) =>
      [value, size, type, bind, visibility, names.get(index) ?? index, name].join(" "),
    );
  const lines = sections.filter(({ name }) => !/^\.(?:symtab|strtab|shstrtab|llvm_addrsig)$/.test(name));
  return [...lines.map(({ line }) => line).toSorted(), ...symbols.toSorted()].join("\n");
}

test("GNU objcopy does the same", { skip: needs.program("objcopy", "readelf") }, (t) => {
  const folder = temporaryFolder(t);
  const here = process.cwd();
  t.after(() => process.chdir(here));
  process.chdir(folder);
  const input = `extern int other(int); static int hidden = 3; int shown = 4; int zero[10]; const char text[] = "text";
static int local(int x) { return x * hidden; }
static int __attribute__((used)) unused(int x) { return x; }
int f(int x) { return local(x) + other(x) + zero[x & 7]; }
int g(int x) { return f(x) + text[x & 3]; }\n`;
  const { cc } = findCompiler("x86-64", {});
  output([...cc, "-w", "-O1", "-g", "-ffunction-sections", "-c", "-x", "c", "-", "-o", "a.o"], { input });
  writeFileSync("file", "hello\n");
  writeFileSync("exec", readFileSync(selfTestFile(guestOutput, "x86-64", "hello", "spt")));
  for (const [file, lists] of [
    ["a.o", asGnu.objects],
    ["exec", asGnu.executables],
    ["file", asGnu.files],
  ] as const) {
    for (const list of lists) {
      const options = list === "" ? [] : list.split(" ");
      output(["objcopy", ...options, file, "gnu"]);
      const parsed = parseObjcopy([...options, file, "ours"]);
      assert.ok(typeof parsed === "object", list);
      copy(parsed, "x86-64", () => {});
      if (readFileSync("gnu").subarray(1, 4).toString() === "ELF") {
        assert.equal(shape("ours"), shape("gnu"), `${list} ${file}`);
        if (file === "a.o") sectionNames("ours");
      } else assert.ok(readFileSync("ours").equals(readFileSync("gnu")), `${list} ${file}`);
    }
  }
});

test("an archive's members are changed, and it links", skip, (t) => {
  const folder = temporaryFolder(t);
  const { cc, ar, ld, ranlib } = findCompiler("x86-64", {});
  const file = (name: string): string => join(folder, name);
  for (const name of ["one", "a_name_that_is_too_long_for_a_header"]) {
    output([...cc, "-g", "-c", "-x", "c", "-", "-o", file(`${name}.o`)], {
      input: `int ${name}(void) { return 1; }\n`,
    });
    output([...ar, "rcs", file("lib.a"), file(`${name}.o`)]);
  }
  const parsed = parseObjcopy(["-g", "--prefix-symbols=p_", file("lib.a")]);
  assert.ok(typeof parsed === "object");
  copy(parsed, "x86-64", (archive) => output([...ranlib, archive]));
  assert.doesNotMatch(output(["readelf", "-SW", file("lib.a")]), /debug_info/);
  const symbols = ["-u", "p_a_name_that_is_too_long_for_a_header", "-e", "p_one"];
  output([...ld, ...symbols, file("lib.a"), "-o", file("linked")]);
});

test("no input makes it crash", () => {
  const good = readFileSync(selfTestFile(guestOutput, "x86-64", "hello", "spt"));
  const tryOut = (data: Uint8Array): void => {
    try {
      changeElf(data, { stripAll: true, localize: () => true });
    } catch (error) {
      assert.ok(error instanceof Solo5Error, String(error));
    }
  };
  for (let length = 0; length < 2048; length++) tryOut(good.subarray(0, length));
  const byte = fc.record({ at: fc.nat(good.length - 1), value: fc.integer({ min: 0, max: 255 }) });
  const inHeader = fc.record({ at: fc.nat(63), value: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(fc.array(fc.oneof(byte, inHeader), { minLength: 1, maxLength: 8 }), (changes) => {
      const data = Uint8Array.from(good);
      for (const { at, value } of changes) data[at] = value;
      tryOut(data);
    }),
  );
});
