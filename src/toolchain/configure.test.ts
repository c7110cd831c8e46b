// autoconf and CMake as real projects use them: what is compiled, what is linked and what would have to be run is found
// out, nothing hangs, and what they build are unikernels.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { needs, needsAll } from "../../test/needs.js";
import { readElf } from "../image/elf.js";
import { manifestSource } from "../image/manifest-source.js";
import { readAbi } from "../image/unikernel.js";
import { buildGuest } from "./build.js";
import { output, runCommand, temporaryFolder } from "./guest.cases.js";
import { installPrefix } from "./install.js";
import { isas } from "./isa.js";

before(() => buildGuest());

const { triple } = isas["x86-64"];

const configureAc = `AC_INIT([probe], [1.0])
AC_CONFIG_SRCDIR([main.c])
AC_CONFIG_HEADERS([config.h])
AC_PROG_CC
AC_PROG_CPP
AC_CHECK_TOOL([AR], [ar])
AC_CHECK_TOOL([RANLIB], [ranlib])
AC_CHECK_TOOL([STRIP], [strip])
AC_CHECK_TOOL([OBJCOPY], [objcopy])
AC_CHECK_TOOL([LD], [ld])
AC_C_INLINE
AC_C_CONST
AC_C_BIGENDIAN
AC_CHECK_HEADERS([stdint.h stddef.h stdatomic.h unistd.h])
AC_CHECK_SIZEOF([long])
AC_CHECK_SIZEOF([void *])
AC_CHECK_TYPES([__int128])
AC_CHECK_FUNCS([solo5_yield fork])
AC_CHECK_LIB([m], [cos])
AC_CHECK_LIB([gcc], [__udivti3])
AC_SEARCH_LIBS([pthread_create], [pthread])
AC_MSG_CHECKING([what runs])
AC_RUN_IFELSE([AC_LANG_PROGRAM([], [return 0;])], [result=yes], [result=no], [result=unknown])
AC_MSG_RESULT([$result])
AC_DEFINE_UNQUOTED([RUNS], ["$result"], [Whether a program runs.])
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
`;
const makefileIn = `unikernel: main.o manifest.o
	@CC@ -z solo5-abi=spt -o $@ main.o manifest.o @LIBS@
%.o: %.c
	@CC@ @CFLAGS@ @DEFS@ -I. -c $< -o $@
`;
const main = `#include "solo5.h"
int solo5_app_main(const struct solo5_start_info *info) { (void)info; return 0; }
`;

for (const cc of ["", "gcc"]) {
  const skip = needsAll(needs.program("autoconf", "make"), cc === "gcc" && needs.program("gcc"));
  test(`a configure of autoconf's: ${cc || "clang"}`, { skip }, (t) => {
    const prefix = temporaryFolder(t);
    const parent = temporaryFolder(t);
    // A configure cannot live in a folder with a space in its name, and cannot be given a compiler there.
    const cwd = join(parent, "project");
    mkdirSync(cwd);
    installPrefix(prefix);
    const files = {
      "configure.ac": configureAc,
      "Makefile.in": makefileIn,
      "main.c": main,
      "manifest.c": manifestSource([]),
      "config.h.in": "#undef RUNS\n#undef SIZEOF_LONG\n#undef HAVE_UNISTD_H\n#undef HAVE_STDINT_H\n#undef HAVE_LIBM\n#undef HAVE_LIBGCC\n#undef HAVE_FORK\n#undef HAVE_SOLO5_YIELD\n#undef HAVE___INT128\n", // prettier-ignore
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
    output(["autoconf"], { cwd });
    const env = { SOLO5_CC: cc, PATH: `${join(prefix, "bin")}:${process.env["PATH"]}` };
    const said = output(["./configure", `--host=${triple}`], { cwd, env });
    assert.match(said, /whether we are cross compiling\.\.\. yes/);
    assert.match(said, new RegExp(`checking for ${triple}-objcopy\\.\\.\\. ${triple}-objcopy`));
    assert.match(said, /library containing pthread_create\.\.\. no/);
    const config = readFileSync(join(cwd, "config.h"), "utf8");
    for (const line of [
      'RUNS "unknown"',
      "SIZEOF_LONG 8",
      "HAVE_STDINT_H 1",
      "HAVE_LIBGCC 1",
      "HAVE_SOLO5_YIELD 1",
      "HAVE___INT128 1",
    ]) {
      assert.ok(config.includes(`#define ${line}\n`), `${line}: ${config}`);
    }
    for (const name of ["HAVE_UNISTD_H", "HAVE_LIBM", "HAVE_FORK"])
      assert.ok(config.includes(`/* #undef ${name} */`), name);
    output(["make"], { cwd, env });
    const elf = readElf(readFileSync(join(cwd, "unikernel")), "unikernel");
    assert.equal(readAbi(elf, "unikernel").target, "spt");
    // Without --host, it says that what it has built does not run.
    const refused = runCommand(["./configure", `CC=${triple}-cc`], { cwd, env });
    assert.match(refused.stderr, /cannot run C compiled programs/);
  });
}

const cmakeLists = `cmake_minimum_required(VERSION 3.13)
project(probe C)
include(CheckFunctionExists)
include(CheckTypeSize)
include(CheckIncludeFile)
check_function_exists(solo5_yield HAVE_YIELD)
check_function_exists(fork HAVE_FORK)
check_type_size("void *" SIZE_OF_POINTER)
check_include_file(unistd.h HAVE_UNISTD_H)
message(STATUS "found: [\${HAVE_YIELD}] [\${HAVE_FORK}] [\${SIZE_OF_POINTER}] [\${HAVE_UNISTD_H}]")
add_library(part STATIC part.c)
add_executable(unikernel main.c manifest.c)
target_link_options(unikernel PRIVATE -z solo5-abi=hvt)
target_link_libraries(unikernel part)
`;

test("CMake's compiler checks, and a build", { skip: needs.program("cmake", "make") }, (t) => {
  const prefix = temporaryFolder(t);
  const cwd = temporaryFolder(t);
  installPrefix(prefix);
  const files = {
    "CMakeLists.txt": cmakeLists,
    "main.c": main,
    "manifest.c": manifestSource([]),
    "part.c": "int part;\n",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  const cross = ["-DCMAKE_SYSTEM_NAME=Generic", "-DCMAKE_SYSTEM_PROCESSOR=x86_64"];
  const compiler = `-DCMAKE_C_COMPILER=${join(prefix, "bin", `${triple}-cc`)}`;
  const said = output(["cmake", "-G", "Unix Makefiles", "-S", ".", "-B", "build", ...cross, compiler], {
    cwd,
  });
  assert.match(said, /Check for working C compiler: .*(?: - works| - skipped)/);
  assert.match(said, /found: \[1\] \[\] \[8\] \[\]/);
  output(["cmake", "--build", "build"], { cwd });
  const elf = readElf(readFileSync(join(cwd, "build", "unikernel")), "unikernel");
  assert.equal(readAbi(elf, "unikernel").target, "hvt");
});
