// objcopy and strip, with binutils' readelf and the linker as witnesses.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import * as fc from "fast-check";
import { needs } from "../../test/needs.js";
import type { Isa } from "../abi/elf.js";
import { Solo5Error } from "../bytes/error.js";
import { readElf } from "../image/elf.js";
import { buildGuest } from "./build.js";
import { findCompiler } from "./compiler.js";
import { selfTestFile } from "./guest-jobs.js";
import { output, temporaryFolder } from "./guest.cases.js";
import { isas } from "./isa.js";
import { guestOutput } from "./layout.js";
import { parseObjcopy, parseStrip } from "./objcopy-arguments.js";
import { changeElf } from "./objcopy.js";

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
      assert.ok(parsed);
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

test("options beyond ours are another's", () => {
  assert.equal(parseObjcopy(["-O", "binary", "a", "b"]), undefined);
  assert.equal(parseObjcopy(["-S"]), undefined);
  assert.deepEqual(parseObjcopy(["--strip-all", "a"])?.changes.stripAll, true);
  assert.equal(parseObjcopy(["-S", "a", "b"])?.output, "b");
  assert.equal(parseObjcopy(["-R.comment", "a"])?.changes.remove?.(".comment"), true);
  assert.equal(parseObjcopy(["-R", ".note.*", "a"])?.changes.remove?.(".text"), false);
  assert.deepEqual(
    parseStrip(["-g", "a", "b"])?.map(({ output }) => output),
    ["a", "b"],
  );
  assert.equal(parseStrip(["--only-keep-debug", "a"]), undefined);
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
