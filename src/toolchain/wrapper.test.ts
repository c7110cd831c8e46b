// The wrappers as another project's configure and make use them: from a prefix, under a path with spaces.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { needs, needsAll } from "../../test/needs.js";
import type { Isa } from "../abi/elf.js";
import { readElf } from "../image/elf.js";
import { attach, open, run } from "../index.js";
import { readAbi } from "../image/unikernel.js";
import { buildGuest } from "./build.js";
import { output, runCommand, temporaryFolder } from "./guest.cases.js";
import { installPrefix } from "./install.js";
import { isas } from "./isa.js";

const app = `#include <solo5.h>
int answer(void);
int solo5_app_main(const struct solo5_start_info *info) { (void)info; return answer(); }
`;
const manifest = `#define MFT_ENTRIES 1
#include "mft_abi.h"
MFT1_NOTE_DECLARE_BEGIN { .version = MFT_VERSION, .entries = 1, .e = { { .name = "", .type = MFT_RESERVED_FIRST } } }
MFT1_NOTE_DECLARE_END
`;
const library = "int answer(void);\nint answer(void) { return 42; }\n";

/** What autoconf asks of a compiler, in little. */
const configure = `set -e
CC="$1"
echo 'int main(void) { return 0; }' > conftest.c
"$CC" --version > /dev/null
"$CC" -v 2> version
"$CC" conftest.c -o conftest
status=0
timeout 10 ./conftest 2> /dev/null || status=$?
test $status -ne 0 -a $status -ne 124
"$CC" -o conftest -g -O2 -Wall conftest.c -lm -lc -lgcc
test -f "$("$CC" -print-libgcc-file-name)"
"$CC" -c conftest.c && test -f conftest.o
"$CC" -E conftest.c > /dev/null
echo '#include <stdint.h>' | "$CC" -E - > /dev/null
if "$CC" -c -Werror -no-such-option conftest.c 2> /dev/null; then exit 1; fi
echo '#include <stdio.h>' > nostdio.c
if "$CC" -c nostdio.c 2> /dev/null; then exit 1; fi
"$CC" -print-search-dirs | grep -q '^libraries: ='
test "$("$CC" -print-file-name=nosuch.a)" = nosuch.a
test -f "$("$CC" -print-file-name=solo5_spt.o)"
"$CC" -dumpmachine
`;
const makefile = `unikernel: main.o manifest.o libanswer.a
	"$(CC)" -z solo5-abi=$(ABI) -o $@ @objects -L. -lanswer
libanswer.a: answer.o
	"$(AR)" rcs $@ answer.o
	"$(RANLIB)" $@
%.o: %.c
	"$(CC)" -MMD -O2 -c $< -o $@
`;

before(() => buildGuest());

for (const isa of Object.keys(isas) as Isa[]) {
  const { triple, arch } = isas[isa];
  const tool = (prefix: string, name: string) => join(prefix, "bin", `${triple}-${name}`);

  test(`${isa}: configure's probes and a makefile`, { skip: needs.program("make") }, (t) => {
    const prefix = temporaryFolder(t);
    const cwd = temporaryFolder(t);
    installPrefix(prefix);
    const files = {
      configure,
      Makefile: makefile,
      "main.c": app,
      "manifest.c": manifest,
      "answer.c": library,
    };
    for (const [name, text] of Object.entries({ ...files, objects: `main.o\n"manifest.o"\n` })) {
      writeFileSync(join(cwd, name), text);
    }
    const machine = output(["sh", "./configure", tool(prefix, "cc")], { cwd }).trim();
    assert.equal(machine.split("-")[0], arch);
    assert.equal(machine, triple);

    const variables = ["CC", "AR", "RANLIB"].map((name) => `${name}=${tool(prefix, name.toLowerCase())}`);
    for (const target of ["hvt", "spt"] as const) {
      output(["make", "-B", ...variables, `ABI=${target}`], { cwd });
      const elf = readElf(readFileSync(join(cwd, "unikernel")), "unikernel");
      assert.equal(elf.isa, isa);
      assert.deepEqual(readAbi(elf, "unikernel"), { target, version: 2 });
    }
    output([tool(prefix, "strip"), "unikernel"], { cwd });
    assert.equal(
      readAbi(readElf(readFileSync(join(cwd, "unikernel")), "unikernel"), "unikernel").target,
      "spt",
    );
    // The linker's own wrapper makes the same of the same.
    const linked = ["-z", "solo5-abi=spt", "-o", "by-ld", "@objects", "libanswer.a"];
    output([tool(prefix, "ld"), ...linked], { cwd });
    output([tool(prefix, "cc"), ...linked], { cwd });
    const byCc = readFileSync(join(cwd, "by-ld"));
    output([tool(prefix, "ld"), ...linked], { cwd });
    assert.ok(byCc.equals(readFileSync(join(cwd, "by-ld"))));
  });

  test(`${isa}: errors are one line and status 1`, (t) => {
    const prefix = temporaryFolder(t);
    const cwd = temporaryFolder(t);
    installPrefix(prefix);
    writeFileSync(join(cwd, "a.c"), "int main(void) { return 0; }\n");
    const fails = (name: string, ...args: string[]) => {
      const { status, stderr } = runCommand([tool(prefix, name), ...args], { cwd });
      assert.equal(status, 1);
      return stderr;
    };
    assert.equal(fails("cc"), `${triple}-cc: no input files\n`);
    assert.match(
      fails("cc", "a.c", "-z", "solo5-abi=nosuch"),
      /there are no bindings for -z solo5-abi=nosuch/,
    );
    assert.match(fails("ld", "nosuch.o"), /nosuch\.o/);
    assert.match(fails("cc", "-c", "nosuch.c"), /nosuch\.c/);
    assert.match(fails("cc", "a.c", "-z", "solo5-abi=spt"), /undefined symbol: solo5_app_main/);
  });

  test(`${isa}: a wrapper is found through symbolic links, and partial links are plain`, (t) => {
    const prefix = temporaryFolder(t);
    const cwd = temporaryFolder(t);
    installPrefix(prefix);
    mkdirSync(join(cwd, "links"));
    symlinkSync(tool(prefix, "cc"), join(cwd, "links", "cc"));
    writeFileSync(join(cwd, "main.c"), app);
    writeFileSync(join(cwd, "answer.c"), library);
    const cc = join(cwd, "links", "cc");
    for (const name of ["main", "answer"]) output([cc, "-c", `${name}.c`], { cwd });
    output([tool(prefix, "ld"), "-r", "-o", "both.o", "main.o", "answer.o"], { cwd });
    writeFileSync(join(cwd, "manifest.c"), manifest);
    output([cc, "both.o", "manifest.c", "-Wl,-z,solo5-abi=spt"], { cwd });
    // Without a target ld is any linker.
    writeFileSync(join(cwd, "script"), "SECTIONS { . = 0x4000; .text : { *(.text*) } }\n");
    output([tool(prefix, "ld"), "-T", "script", "-e", "answer", "-o", "plain", "answer.o"], { cwd });
    assert.match(output(["readelf", "-hW", "plain"], { cwd }), /Entry point address: +0x4000/);
    for (const question of ["--version", "-v", "--help", "--verbose"])
      output([tool(prefix, "ld"), question], { cwd });
    assert.equal(output([tool(prefix, "ld"), "-print-sysroot"], { cwd }), "\n");
    assert.equal(readAbi(readElf(readFileSync(join(cwd, "a.out")), "a.out"), "a.out").target, "spt");
  });
}

test("rules for make of sources that are linked at once", (t) => {
  const prefix = temporaryFolder(t);
  const cwd = temporaryFolder(t);
  installPrefix(prefix);
  const cc = join(prefix, "bin", `${isas["x86-64"].triple}-cc`);
  writeFileSync(join(cwd, "a.c"), "int f(void);\nint main(void) { return f(); }\n");
  writeFileSync(join(cwd, "b.c"), '#include "b.h"\nint f(void) { return 1; }\n');
  writeFileSync(join(cwd, "b.h"), "int f(void);\n");
  const rules = (...args: string[]): string => {
    const made = `${args.join(" ")}.d`.replace(/.*(?:-o|-MF) (\w+)(?:\.\w+)?\.d$/, "$1.d");
    output([cc, "a.c", "b.c", ...args], { cwd });
    return readFileSync(join(cwd, made), "utf8");
  };
  for (const args of [
    ["-MMD", "-o", "out"],
    ["-MD", "-MP", "-o", "sub.elf"],
    ["-MMD", "-o", "x", "-MF", "rules.d"],
  ]) {
    const text = rules(...args);
    for (const name of ["a.c", "b.c", "b.h"]) assert.ok(text.includes(name), text);
    assert.doesNotMatch(text, /solo5-cc/);
  }
  output([cc, "-MMD", "a.c", "b.c"], { cwd });
  assert.match(readFileSync(join(cwd, "a-a.d"), "utf8"), /^a\.o: a\.c\s*$/);
  assert.match(readFileSync(join(cwd, "a-b.d"), "utf8"), /^b\.o: b\.c b\.h\s*$/);
});

for (const cc of ["", "gcc"]) {
  const skip = needsAll(cc === "gcc" && needs.program("gcc"), needs.x8664Linux());
  test(`optimised at link time, and for any address: ${cc || "clang"}`, { skip }, async (t) => {
    const prefix = temporaryFolder(t);
    const cwd = temporaryFolder(t);
    installPrefix(prefix);
    const wrapper = join(prefix, "bin", `${isas["x86-64"].triple}-cc`);
    const source = `#include "solo5.h"
static char zeroes[100000], bytes[70000] = { 1 };
const char constants[70000] = { 1, 2 };
int solo5_app_main(const struct solo5_start_info *info) {
  (void)info; zeroes[9] = bytes[0]; return zeroes[9] + constants[1] - 3; }
`;
    writeFileSync(join(cwd, "main.c"), source);
    writeFileSync(join(cwd, "manifest.c"), manifest);
    for (const flags of [
      ["-flto"],
      ["-O2", "-flto", "-ffat-lto-objects"],
      ["-O2", "-mcmodel=large"],
      ["-fPIC", "-g"],
    ]) {
      for (const target of ["spt", "hvt"]) {
        const args = [...flags, "-z", `solo5-abi=${target}`, "main.c", "manifest.c", "-o", "app"];
        output([wrapper, ...args], { cwd, env: { SOLO5_CC: cc } });
        const running = run(attach(open(join(cwd, "app")), { memMiB: 16 }), { console: { write() {} } });
        assert.equal((await running.exited).status, 0, args.join(" "));
      }
    }
  });
}

test("a command line too long for the system goes through a response file", (t) => {
  const prefix = temporaryFolder(t);
  const cwd = temporaryFolder(t);
  installPrefix(prefix);
  writeFileSync(join(cwd, "main.c"), app.replace("answer()", "ANSWER"));
  const defines = Array.from({ length: 60_000 }, (_, i) => `-DNAME_${i}=${"x".repeat(30)}`);
  writeFileSync(join(cwd, "flags"), ["-DANSWER=1", ...defines].join("\n"));
  output([join(prefix, "bin", `${isas["x86-64"].triple}-cc`), "-c", "@flags", "main.c", "-o", "main.o"], {
    cwd,
  });
});

test("the host's gcc serves as well", { skip: needs.program("gcc") }, (t) => {
  const prefix = temporaryFolder(t);
  const cwd = temporaryFolder(t);
  installPrefix(prefix);
  for (const [name, text] of Object.entries({ "main.c": app, "answer.c": library, "manifest.c": manifest })) {
    writeFileSync(join(cwd, name), text);
  }
  const cc = join(prefix, "bin", `${isas["x86-64"].triple}-cc`);
  const env = { SOLO5_CC: "gcc" };
  output([cc, "-O2", "-z", "solo5-abi=hvt", "main.c", "answer.c", "manifest.c", "-o", "app.hvt"], {
    cwd,
    env,
  });
  const macros = output([cc, "-dM", "-E", "main.c"], { cwd, env });
  assert.ok(macros.includes("__GNUC__") && !macros.includes("__clang__"));
  assert.equal(readAbi(readElf(readFileSync(join(cwd, "app.hvt")), "app"), "app").target, "hvt");

  const other = join(prefix, "bin", `${isas["aarch64"].triple}-cc`);
  const refused = runCommand([other, "-c", "main.c"], { cwd, env });
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /gcc does not compile for aarch64/);
});
