// The headers against docs/abi.md: every struct's size and every field's offset, as the compiler lays them out on either
// ISA; and manifests in C as the reference and we generate them.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Isa } from "../abi/elf.js";
import { manifestSource } from "../image/manifest-source.js";
import { findCompiler } from "./compiler.js";
import { compileFlags } from "./flags.js";
import { runCommand } from "./guest.cases.js";
import { isas } from "./isa.js";
import { freestandingFolder, includeFolder } from "./layout.js";

/** Offsets in bytes, in hexadecimal or decimal as docs/abi.md has them; `size` of the whole. */
const layouts: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  solo5_start_info: { size: 24, cmdline: 0, heap_start: 8, heap_size: 16 },
  solo5_net_info: { size: 16, mac_address: 0, mtu: 8 },
  solo5_block_info: { size: 16, capacity: 0, block_size: 8 },
  mft_entry: {
    size: 104,
    name: 0,
    type: 68,
    "u.block_basic.capacity": 72,
    "u.block_basic.block_size": 80,
    "u.net_basic.mac": 72,
    "u.net_basic.mtu": 78,
    "b.hostfd": 88,
    "b.data": 88,
    attached: 96,
  },
  mft: { size: 8, version: 0, entries: 4, e: 8 },
  mft1_note: { h: 0, m: 24 },
  abi1_note: { size: 36, h: 0, i: 20 },
  abi1_info: { size: 16, abi_target: 0, abi_version: 4, reserved0: 8, reserved1: 12 },
  openbsd_note: { size: 24, n_namesz: 0, n_descsz: 4, n_type: 8, n_name: 12, data: 20 },
  spt_boot_info: { size: 40, mem_size: 0, kernel_end: 8, cmdline: 16, mft: 24, epollfd: 32, timerfd: 36 },
  hvt_boot_info: {
    size: 56,
    mem_size: 0,
    kernel_end: 8,
    cpu_cycle_freq: 16,
    cmdline: 24,
    mft: 32,
    host_features: 40,
    guest_features: 44,
    net_ring: 48,
  },
  hvt_hc_walltime: { size: 8, nsecs: 0 },
  hvt_hc_puts: { size: 16, data: 0, len: 8 },
  hvt_hc_poll: { size: 24, timeout_nsecs: 0, ready_set: 8, ret: 16 },
  hvt_hc_block_write: { size: 40, handle: 0, offset: 8, data: 16, len: 24, ret: 32 },
  hvt_hc_block_read: { size: 40, handle: 0, offset: 8, data: 16, len: 24, ret: 32 },
  hvt_hc_net_write: { size: 32, handle: 0, data: 8, len: 16, ret: 24 },
  hvt_hc_net_read: { size: 32, handle: 0, data: 8, len: 16, ret: 24 },
  hvt_hc_halt: { size: 16, cookie: 0, exit_status: 8 },
  hvt_ring_entry: { size: 32, operation: 0, handle: 4, data: 8, len: 16, id: 20 },
  hvt_ring_commit: { size: 16, id: 0, ret: 4, len: 8 },
  hvt_ring: {
    size: 49280,
    ent_tail: 0,
    com_head: 4,
    ent_head: 64,
    com_tail: 68,
    needs_kick: 72,
    entries: 128,
    commits: 32896,
  },
};

const constants: Readonly<Record<string, number>> = {
  SOLO5_R_OK: 0,
  SOLO5_R_AGAIN: 1,
  SOLO5_R_EINVAL: 2,
  SOLO5_R_EUNSPEC: 3,
  SOLO5_EXIT_SUCCESS: 0,
  SOLO5_EXIT_FAILURE: 1,
  SOLO5_EXIT_ABORT: 255,
  SOLO5_NET_ALEN: 6,
  SOLO5_NET_HLEN: 14,
  MFT_VERSION: 1,
  MFT_DEV_BLOCK_BASIC: 1,
  MFT_DEV_NET_BASIC: 2,
  MFT_RESERVED_FIRST: 1 << 30,
  MFT_NAME_SIZE: 68,
  MFT_NAME_MAX: 67,
  MFT_MAX_ENTRIES: 64,
  MFT1_NOTE_TYPE: 0x3154464d,
  MFT1_NOTE_ALIGN: 8,
  MFT1_NOTE_MAX_SIZE: 6668,
  ABI1_NOTE_TYPE: 0x31494241,
  ABI1_NOTE_ALIGN: 4,
  ABI1_NOTE_MAX_SIZE: 32,
  HVT_ABI_TARGET: 1,
  SPT_ABI_TARGET: 2,
  VIRTIO_ABI_TARGET: 3,
  MUEN_ABI_TARGET: 4,
  GENODE_ABI_TARGET: 5,
  XEN_ABI_TARGET: 6,
  HVT_ABI_VERSION: 2,
  HVT_GUEST_MIN_BASE: 0x100000,
  HVT_CMDLINE_SIZE: 8192,
  HVT_HYPERCALL_WALLTIME: 1,
  HVT_HYPERCALL_PUTS: 2,
  HVT_HYPERCALL_POLL: 3,
  HVT_HYPERCALL_BLOCK_WRITE: 4,
  HVT_HYPERCALL_BLOCK_READ: 5,
  HVT_HYPERCALL_NET_WRITE: 6,
  HVT_HYPERCALL_NET_READ: 7,
  HVT_HYPERCALL_HALT: 8,
  HVT_HALT_COOKIE_MAX: 512,
  HVT_FEATURE_RING_IO: 1,
  SPT_ABI_VERSION: 2,
  SPT_GUEST_MIN_BASE: 0x100000,
  SPT_BOOT_INFO_BASE: 0x11000,
  SPT_INTERNAL_TIMERFD: 0xfffffffe,
  SPT_CMDLINE_SIZE: 8192,
};

/** C whose compilation is the check. */
const assertions = [
  `#include <stddef.h>`,
  ...["solo5", "elf_abi", "mft_abi", "hvt_abi", "hvt_ring", "spt_abi"].map((name) => `#include "${name}.h"`),
  ...Object.entries(layouts).flatMap(([struct, fields]) =>
    Object.entries(fields).map(([field, value]) => {
      const actual = field === "size" ? `sizeof(struct ${struct})` : `offsetof(struct ${struct}, ${field})`;
      return `_Static_assert(${actual} == ${value}, "${struct}.${field}");`;
    }),
  ),
  ...Object.entries(constants).map(([name, value]) => `_Static_assert((${name}) == ${value}, "${name}");`),
  "",
].join("\n");

/** A manifest as docs/abi.md 7 shows the reference's. */
const referenceManifest = `#define MFT_ENTRIES 2
#include "mft_abi.h"
MFT1_NOTE_DECLARE_BEGIN
{
  .version = MFT_VERSION,
  .entries = 2,
  .e = {
    { .name = "", .type = MFT_RESERVED_FIRST },
    { .name = "service", .type = MFT_DEV_NET_BASIC },
  }
}
MFT1_NOTE_DECLARE_END
_Static_assert(sizeof(struct mft1_note) == 24 + 8 + 2 * 104, "note");
`;

const compile = (isa: Isa, source: string, flags: readonly string[] = []) => {
  const compiler = findCompiler(isa, {});
  const headers = { freestanding: freestandingFolder, solo5: includeFolder };
  const all = [...compiler.cc, ...compileFlags(headers, compiler), "-Wall", "-Wextra", "-Werror", ...flags];
  return runCommand([...all, "-x", "c", "-fsyntax-only", "-"], { input: source });
};

const include = (list: readonly string[]) => list.map((name) => `#include <${name}.h>\n`).join("");

for (const isa of Object.keys(isas) as Isa[]) {
  test(`${isa}: structs and constants of the headers are those of the ABI`, () => {
    assert.equal(compile(isa, assertions).stderr, "");
    const wrong = compile(
      isa,
      assertions.replace("sizeof(struct mft_entry) == 104", "sizeof(struct mft_entry) == 96"),
    );
    assert.match(wrong.stderr, /mft_entry\.size/);
  });
  test(`${isa}: a tender's view of hvt has the same layout`, () => {
    assert.equal(compile(isa, assertions, ["-DHVT_HOST"]).stderr, "");
  });
  test(`${isa}: what guests do with a ring is in its header`, () => {
    const use = `#include "hvt_ring.h"
void send(struct hvt_ring *ring, const void *frame, uint32_t size);
void send(struct hvt_ring *ring, const void *frame, uint32_t size) {
  struct hvt_ring_entry *entry = &ring->entries[ring->ent_tail & HVT_RING_MASK];
  entry->operation = HVT_RING_NET_WRITE; entry->data = frame; entry->len = size;
  hvt_wmb(); ring->ent_tail++; hvt_mb(); if (ring->needs_kick) hvt_ring_kick(0);
  while (ring->com_head == ring->com_tail) ;
  hvt_rmb(); }
`;
    assert.equal(compile(isa, use).stderr, "");
    const port =
      isa === "x86-64" ? "HVT_RING_KICK_PIO_BASE == 0x600" : "HVT_RING_KICK_MMIO_BASE == 0x100000100";
    assert.equal(compile(isa, `#include "hvt_abi.h"\n_Static_assert(${port}, "");\n`).stderr, "");
  });
  test(`${isa}: manifests compile, the reference's and ours`, () => {
    assert.equal(compile(isa, referenceManifest).stderr, "");
    assert.equal(compile(isa, manifestSource([{ name: "disk", type: "BLOCK_BASIC" }])).stderr, "");
    const many = Array.from({ length: 64 }, (_, i) => ({ name: `d${i}`, type: "BLOCK_BASIC" as const }));
    assert.match(compile(isa, manifestSource(many)).stderr, /MFT_ENTRIES out of range/);
  });
  test(`${isa}: the freestanding headers compile, in C99, C11 and C++, beside intrinsics`, () => {
    const names = "float limits stdarg stdbool stddef stdint iso646".split(" ");
    const checks = `_Static_assert(INT64_MAX == LONG_MAX && UINT8_MAX == UCHAR_MAX && CHAR_BIT == 8, "limits");
_Static_assert(sizeof(size_t) == 8 && sizeof(ptrdiff_t) == 8 && sizeof(max_align_t) == 32, "stddef");
_Static_assert(DBL_MANT_DIG == 53 && FLT_RADIX == 2, "float");
_Static_assert(UINT64_C(1) << 63 > INT64_MAX && INT32_MIN < 0 && SIZE_MAX == ULONG_MAX, "stdint");
`;
    assert.equal(compile(isa, include(names) + checks, ["-std=gnu99"]).stderr, "");
    const atomics = `static atomic_int n = ATOMIC_VAR_INIT(1); static atomic_flag f = ATOMIC_FLAG_INIT;
noreturn void g(void); alignas(64) char a[64]; int main(void);
int main(void) { int e = 1; atomic_store(&n, 2); atomic_fetch_add(&n, 1);
  return atomic_compare_exchange_strong(&n, &e, 3) + atomic_flag_test_and_set(&f) + atomic_load(&n); }`;
    const eleven = [...names, "stdatomic", "stdalign", "stdnoreturn"];
    assert.equal(compile(isa, include(eleven) + atomics, ["-std=c11"]).stderr, "");
    assert.equal(compile(isa, "#include <stdint-gcc.h>\nuint64_t x = UINT64_MAX;\n").stderr, "");
    const intrinsics = isa === "x86-64" ? "immintrin" : "arm_neon";
    assert.equal(compile(isa, include([...names, intrinsics])).stderr, "");
  });
}

test("the public header compiles as C++", () => {
  const compiler = findCompiler("x86-64", {});
  const headers = { freestanding: freestandingFolder, solo5: includeFolder };
  const command = [...compiler.cc, ...compileFlags(headers, compiler), "-x", "c++", "-fsyntax-only"];
  assert.equal(
    runCommand([...command, join(includeFolder, "solo5.h")]).stderr.replace(/.*pragma once.*\n?/, ""),
    "",
  );
});
