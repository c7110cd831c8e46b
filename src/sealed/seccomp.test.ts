// The filter against its rules: by an interpreter of its own for many calls, and by the kernel for some.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { needs, needsAll } from "../../test/needs.js";
import { abiAllows, devices, randomCall, type AllowedCall } from "../targets/spt/rules.cases.js";
import { sptRules } from "../targets/spt/rules.js";
import { seccompProgram } from "./seccomp.js";

/** Runs classic BPF as Documentation/networking/filter.rst describes it, over struct seccomp_data. */
function interpret(program: Uint8Array, { nr, arch, args }: AllowedCall & { readonly arch: number }): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(nr >>> 0, 0);
  data.writeUInt32LE(arch, 4);
  args.forEach((value, i) => data.writeBigUInt64LE(value, 16 + 8 * i));
  const code = Buffer.from(program);
  let accumulator = 0;
  for (let pc = 0; ; pc++) {
    assert.ok(pc * 8 < code.length, "the program ends with a return");
    const [op, jt, jf, k] = [code.readUInt16LE(pc * 8), code[pc * 8 + 2] ?? 0, code[pc * 8 + 3] ?? 0, code.readUInt32LE(pc * 8 + 4)]; // prettier-ignore
    switch (op) {
      case 0x20: // ld [k]
        accumulator = data.readUInt32LE(k);
        break;
      case 0x05: // ja k
        pc += k;
        break;
      case 0x15: // jeq
        pc += accumulator === k ? jt : jf;
        break;
      case 0x25: // jgt
        pc += accumulator > k ? jt : jf;
        break;
      case 0x35: // jge
        pc += accumulator >= k ? jt : jf;
        break;
      case 0x06: // ret k
        return k;
      default:
        assert.fail(`instruction ${pc} is 0x${op.toString(16)}`);
    }
  }
}

const [allow, kill] = [0x7fff0000, 0x80000000];
const arch = { "x86-64": 0xc000003e, aarch64: 0xc00000b7 } as const;
for (const isa of ["x86-64", "aarch64"] as const) {
  const program = seccompProgram(isa, sptRules(isa, devices));
  const judge = (call: AllowedCall): number => interpret(program, { ...call, arch: arch[isa] });

  test(`${isa}: random calls are judged as the rules say`, () => {
    const outcomes = { [allow]: 0, [kill]: 0 };
    fc.assert(
      fc.property(randomCall(isa), (call) => {
        const verdict = judge(call);
        assert.equal(verdict, abiAllows(isa, devices, call) ? allow : kill);
        outcomes[verdict] = (outcomes[verdict] ?? 0) + 1;
      }),
      { seed: 5010, numRuns: 20_000 },
    );
    assert.ok((outcomes[allow] ?? 0) > 1000 && (outcomes[kill] ?? 0) > 1000, JSON.stringify(outcomes));
  });

  test(`${isa}: block I/O ends at the device's last block`, () => {
    const [pread, pwrite] = isa === "x86-64" ? [17, 18] : [67, 68];
    for (const { fd, blockSize, capacity } of devices.blocks) {
      const last = capacity - BigInt(blockSize);
      for (const nr of [pread, pwrite]) {
        const at = (offset: bigint): number =>
          judge({ nr, args: [BigInt(fd), 0n, BigInt(blockSize), offset, 0n, 0n] });
        for (const offset of [0n, 1n, last - 1n, last]) assert.equal(at(offset), allow, `${offset}`);
        for (const offset of [last + 1n, capacity, last + (1n << 32n), 1n << 63n, 2n ** 64n - 1n])
          assert.equal(at(offset), kill, `${offset}`);
      }
    }
  });

  test(`${isa}: another architecture's calls are refused, whatever they are`, () => {
    for (const foreign of [0, 3, 0x40000003, 0x40000028, arch[isa === "x86-64" ? "aarch64" : "x86-64"]]) {
      for (let nr = 0; nr < 450; nr++) {
        const args = [1n, 0n, 0n, 0n, 0n, 0n];
        assert.equal(interpret(program, { nr, arch: foreign, args }), kill);
      }
    }
  });

  test(`${isa}: without devices and with 63 of them`, () => {
    const none = { epollfd: 3, timerfd: 4, nets: [], blocks: [] };
    const nets = Array.from({ length: 63 }, (_, i) => i + 5);
    const blocks = nets.map((fd) => ({ fd, blockSize: 512, capacity: 512n }));
    for (const descriptors of [none, { ...none, nets }, { ...none, blocks }]) {
      const program = seccompProgram(isa, sptRules(isa, descriptors));
      assert.ok(program.length / 8 <= 4096);
      for (let nr = 0; nr < 450; nr++) {
        for (const fd of [0n, 1n, 3n, 4n, 5n, 67n, 68n]) {
          const call = { nr, args: [fd, 0n, 512n, 0n, 0n, 0n] };
          assert.equal(
            interpret(program, { ...call, arch: arch[isa] }),
            abiAllows(isa, descriptors, call) ? allow : kill,
          );
        }
      }
    }
  });
}

test("x86-64: the x32 ABI is no way around the filter", () => {
  const program = seccompProgram("x86-64", sptRules("x86-64", devices));
  for (const nr of [0, 1, 231]) {
    const args = [1n, 0n, 0n, 0n, 0n, 0n];
    assert.equal(interpret(program, { nr: nr + 0x40000000, arch: arch["x86-64"], args }), kill);
  }
});

/** Puts itself behind the filter in a file, makes the system call of its arguments and ends with status 42. */
const prisoner = `
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    static struct sock_filter filter[4096];
    int fd = open(argv[1], O_RDONLY);
    struct sock_fprog program = { read(fd, filter, sizeof filter) / sizeof *filter, filter };
    unsigned long a[7] = { 0 };
    for (int i = 2; i < argc; i++)
        a[i - 2] = strtoul(argv[i], NULL, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
        return 1;
    syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
    syscall(SYS_exit_group, 42);
}
`;

test(
  "the kernel takes the filter and judges the same",
  { skip: needsAll(needs.program("gcc"), needs.x8664Linux()) },
  () => {
    const folder = mkdtempSync(join(tmpdir(), "solo5-seccomp-"));
    try {
      const [program, filter] = [join(folder, "prisoner"), join(folder, "filter")];
      execFileSync("gcc", ["-x", "c", "-o", program, "-"], { input: prisoner });
      writeFileSync(filter, seccompProgram("x86-64", sptRules("x86-64", devices)));
      const calls: readonly (readonly bigint[])[] = [
        [39n],
        [2n],
        [59n],
        [1n, 2n],
        [1n, 0x1_0000_0001n],
        [0n, 0n],
        [0n, 5n],
        [1n, 1n, 0n, 0n],
        [1n, 5n],
        [228n, 1n],
        [228n, 0n],
        [228n, 2n],
        [281n, 3n],
        [281n, 4n],
        [286n, 4n],
        [286n, 3n],
        [158n, 0x1003n],
        [17n, 7n, 0n, 512n, 0xffe00n],
        [17n, 7n, 0n, 512n, 0xffe01n],
        [18n, 8n, 0n, 4096n, 0x2_ffff_f000n],
        [18n, 8n, 0n, 4096n, 0x2_ffff_f001n],
        [18n, 8n, 0n, 512n, 0n],
        [0x4000_0001n, 1n],
        [600n],
      ];
      for (const [nr = 0n, ...args] of calls) {
        const all = Array.from({ length: 6 }, (_, i) => args[i] ?? 0n);
        const allowed = abiAllows("x86-64", devices, { nr: Number(nr), args: all });
        const { status, signal } = spawnSync(program, [filter, ...[nr, ...all].map(String)], {
          timeout: 10_000,
        });
        assert.deepEqual({ status, signal }, allowed ? { status: 42, signal: null } : { status: null, signal: "SIGSYS" }, `${nr}(${args})`); // prettier-ignore
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
