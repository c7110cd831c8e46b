// The compiler's runtime beside libgcc: it has what libgcc exports, but for what stands here, and computes the same.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { needs, needsAll } from "../../test/needs.js";
import { projectRoot } from "../../test/project.js";
import type { Isa } from "../abi/elf.js";
import { manifestSource } from "../image/manifest-source.js";
import { attach, open, seal } from "../index.js";
import { buildGuest } from "./build.js";
import { output, temporaryFolder } from "./guest.cases.js";
import { installPrefix } from "./install.js";
import { isas } from "./isa.js";
import { guestOutput, libFolder, runtimeArchive } from "./layout.js";

before(() => buildGuest());

const archive = (isa: Isa): string => join(libFolder(guestOutput, isa), runtimeArchive);
const gcc: Readonly<Record<Isa, string>> = { "x86-64": "gcc", aarch64: "aarch64-linux-gnu-gcc" };

/** What libgcc exports and guests do without; docs/toolchain.md lists it. */
const absent: readonly RegExp[] = [
  /^__bid|_bid\d+$|^__dfp_|^isinfd\d+$/, // decimal floating point
  /morestack|splitstack|stack_split|^__generic_(?:find|release)stack$|^__wrap_pthread_create$/, // -fsplit-stack
  /^__(?:sse|avx)_(?:sav|res)ms64/, // -mcall-ms2sysv-xlogues
  /^__cpu_(?:model|features2|indicator_init)$/, // __builtin_cpu_supports
  /^DW\.ref\./, // exceptions
  // What libgcc only uses itself, or keeps for compilers of long ago.
  /^__(?:clz_tab|popcount_tab|udiv_w_sdiv|sfp_handle_exceptions|CTOR_LIST__|DTOR_LIST__|eprintf|gcc_bcmp)$/,
  /^__(?:enable_execute_stack|aarch64_sync_cache_range|aarch64_have_lse_atomics)$/,
];

const names = (file: string, ...flags: readonly string[]): readonly string[] =>
  [...output(["nm", "--quiet", ...flags, file]).matchAll(/ [TWDRBVCU] (\S+)$/gm)].map(
    ([, name = ""]) => name,
  );

for (const isa of Object.keys(isas) as Isa[]) {
  test(`${isa}: what libgcc exports is there`, { skip: needs.program("nm", gcc[isa]) }, () => {
    const libgcc = output([gcc[isa], "-print-libgcc-file-name"]).trim();
    const ours = new Set(names(archive(isa), "--defined-only"));
    const missing = names(libgcc, "--defined-only").filter((name) => !ours.has(name));
    assert.ok(ours.size > 300);
    assert.deepEqual(
      missing.filter((name) => !absent.some((pattern) => pattern.test(name))),
      [],
    );
  });

  test(`${isa}: it needs nothing, and has no part of a C library`, { skip: needs.program("nm") }, () => {
    assert.deepEqual(names(archive(isa), "--undefined-only"), []);
    assert.deepEqual(
      names(archive(isa)).filter((name) => !name.startsWith("__")),
      [],
    );
  });
}

const source = join(projectRoot, "test/programs/runtime.c");
const skip = needsAll(needs.x8664Linux(), needs.program("gcc"));

for (const cc of ["", "gcc"]) {
  test(`it computes what libgcc computes: ${cc || "clang"}`, { skip }, (t) => {
    const folder = temporaryFolder(t);
    installPrefix(folder);
    const file = (name: string): string => join(folder, name);
    writeFileSync(file("manifest.c"), manifestSource([]));
    output(["gcc", "-O1", "-w", "-DHOST", source, "-o", file("host")]);
    const wrapper = join(folder, "bin", `${isas["x86-64"].triple}-cc`);
    const flags = ["-O1", "-w", "-z", "solo5-abi=spt", source, file("manifest.c"), "-o", file("guest.spt")];
    output([wrapper, ...flags], { env: { SOLO5_CC: cc } });
    writeFileSync(file("guest"), seal(attach(open(file("guest.spt")), { args: ["--solo5:quiet"] })), {
      mode: 0o755,
    });
    const expected = output([file("host")]);
    assert.equal(expected.trim().split("\n").length, 74);
    assert.equal(output([file("guest")]), expected);
  });
}

test("a unikernel gets the functions that it uses, and no others", { skip: needs.program("nm") }, (t) => {
  const folder = temporaryFolder(t);
  installPrefix(folder);
  for (const { triple } of Object.values(isas)) {
    const input =
      "__int128 f(__int128 a, __int128 b);\n__int128 f(__int128 a, __int128 b) { return a / b; }\n";
    writeFileSync(join(folder, "a.c"), input);
    output([join(folder, "bin", `${triple}-cc`), "a.c", "-o", "a"], { cwd: folder });
    const linked = output(["nm", join(folder, "a")]).match(/\b__[a-z]+ti\d$/gm);
    assert.deepEqual(linked, ["__divti3"]);
  }
});
