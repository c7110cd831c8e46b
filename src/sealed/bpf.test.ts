// Filter programs. Witness: the kernel's headers, through a C compiler.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cValues } from "../../test/c-values.js";
import { needs } from "../../test/needs.js";
import { assembleBpf, maxInstructions, seccompData, seccompReturn, sockFilter } from "./bpf.js";

test("layouts and numbers, as the kernel's headers have them", { skip: needs.program("gcc") }, () => {
  const expected = {
    "sizeof(struct sock_filter)": sockFilter.size,
    "offsetof(struct sock_filter, jt)": sockFilter.offsets.jt,
    "offsetof(struct sock_filter, jf)": sockFilter.offsets.jf,
    "offsetof(struct sock_filter, k)": sockFilter.offsets.k,
    "offsetof(struct seccomp_data, nr)": seccompData.nr,
    "offsetof(struct seccomp_data, arch)": seccompData.arch,
    "offsetof(struct seccomp_data, args[3])": seccompData.arg(3),
    "(unsigned)SECCOMP_RET_KILL_PROCESS": seccompReturn.killProcess,
    SECCOMP_RET_ALLOW: seccompReturn.allow,
    BPF_MAXINSNS: maxInstructions,
  };
  const includes = "#include <linux/filter.h>\n#include <linux/bpf_common.h>\n#include <linux/seccomp.h>";
  assert.deepEqual(cValues(includes, Object.keys(expected)), Object.values(expected).map(BigInt));
});

test("each instruction, as the kernel's macros write it", { skip: needs.program("gcc") }, () => {
  const data = assembleBpf([
    { op: "load", offset: 4 },
    { op: "equal", value: 7, yes: "end" },
    { op: "greater", value: 8, no: "end" },
    { op: "greaterEqual", value: 9, yes: "end", no: "end" },
    { op: "goto", to: "end" },
    { op: "return", value: 0x7fff0000 },
    { op: "label", name: "end" },
    { op: "return", value: 1 },
  ]);
  const macros = [
    "BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4)",
    "BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 7, 4, 0)",
    "BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 8, 0, 3)",
    "BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 9, 2, 2)",
    "BPF_STMT(BPF_JMP | BPF_JA, 1)",
    "BPF_STMT(BPF_RET | BPF_K, 0x7fff0000)",
    "BPF_STMT(BPF_RET | BPF_K, 1)",
  ];
  const program = `#include <linux/filter.h>\nstatic const struct sock_filter p[] = { ${macros.join(", ")} };`;
  const bytes = Array.from(data, (_, i) => `((const unsigned char *)p)[${i}]`);
  assert.deepEqual(cValues(program, ["sizeof p", ...bytes]), [data.length, ...data].map(BigInt));
});

test("programs that no filter can hold are refused", () => {
  const filler = (count: number) => Array.from({ length: count }, () => ({ op: "load", offset: 0 }) as const);
  const end = [{ op: "label", name: "end" } as const, { op: "return", value: 0 } as const];
  assembleBpf([{ op: "equal", value: 1, yes: "end" }, ...filler(255), ...end]);
  const refuses = (program: Parameters<typeof assembleBpf>[0], message: string): void =>
    assert.throws(() => assembleBpf(program), { name: "RangeError", message });
  refuses(
    [{ op: "equal", value: 1, yes: "end" }, ...filler(256), ...end],
    "label end is 256 instructions away, 255 at most",
  );
  refuses([{ op: "goto", to: "nowhere" }], "no label nowhere ahead");
  refuses([...end, { op: "goto", to: "end" }], "no label end ahead");
  refuses(filler(4097), "a filter of 4097 instructions, 4096 at most");
  assert.equal(assembleBpf([{ op: "goto", to: "end" }, ...filler(4000), ...end]).length, 4002 * 8);
});
