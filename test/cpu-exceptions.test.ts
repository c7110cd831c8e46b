// What the CPU raises, as a process on Linux sees it: spt unikernels end on the engine with the status that they end with
// natively. And what it does not raise: our PC's text can be written, as QEMU's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileUnikernel } from "../bench/one-off.js";
import { solo5 } from "./command.js";
import { needs, needsAll } from "./needs.js";

/** Statements by the first letter of the command line, and the signal or status that Linux has for them. */
const endings: Readonly<Record<string, readonly [name: string, status: number, code: string]>> = {
  a: ["#SS: the stack at no address", 135, `asm volatile("mov $1, %rsp; shl $63, %rsp; push %rax");`],
  b: ["#GP: 16 bytes of instruction", 139, `asm volatile(".rept 15; .byte 0x66; .endr; nop");`],
  c: ["#DB: ICEBP", 133, `asm volatile(".byte 0xf1");`],
  d: ["a system call of 32-bit code", 159, `asm volatile("int $0x80" :: "a"(1));`],
  e: ["#GP: RDPMC", 139, `asm volatile("rdpmc" :: "c"(0) : "eax", "edx");`],
  f: ["#AC: a misaligned access", 135, `${"set(0x40000);"} asm volatile("mov 1(%rsp), %rax");`],
  g: ["#DB: single steps", 133, `${"set(0x100);"}`],
  h: [
    "#XM: an unmasked exception of SSE",
    136,
    `asm volatile("movl $0, 8(%rsp); ldmxcsr 8(%rsp); xorps %xmm0, %xmm0; divss %xmm0, %xmm0");`,
  ],
  i: [
    "#MF: an unmasked exception of the x87",
    136,
    `asm volatile("movl $0x340, 8(%rsp); fldcw 8(%rsp); fldz; fldz; fdivp; fwait");`,
  ],
  j: [
    "IF is set",
    9,
    `unsigned long f; asm volatile("pushfq; pop %0" : "=r"(f)); return f >> 9 & 1 ? 9 : 8;`,
  ],
};

const source = `#include "solo5.h"
static void set(unsigned long bits) { asm volatile("pushfq; or %0, (%%rsp); popfq" :: "r"(bits) : "memory", "cc"); }
int solo5_app_main(const struct solo5_start_info *info)
{
    switch (info->cmdline[0]) {
${Object.entries(endings)
  .map(([letter, [, , code]]) => `    case '${letter}': { ${code} break; }`)
  .join("\n")}
    }
    set(0);
    return 77;
}
`;

const skip = needs.x8664Linux();

test("exceptions end a process with the kernel's status, natively and on the engine", { skip }, async () => {
  const file = compileUnikernel("exceptions", "spt", source);
  for (const [letter, [name, status]] of Object.entries(endings)) {
    const args = ["--mem=4", file, "--solo5:quiet", letter];
    const [native, engine] = await Promise.all([
      solo5("solo5-spt", args),
      solo5("solo5-spt", ["--engine=wasm", ...args]),
    ]);
    assert.equal(native.status, status, `${name}: ${native.stderr}`);
    assert.equal(engine.status, status, `${name}: ${engine.stderr}`);
  }
});

/** A function whose constant is changed in its text, and a constant that is changed where it lies. */
const writable = `#include "solo5.h"
__asm__(".text\\nnumber: mov $3, %eax\\n ret\\n");
extern unsigned char number[];
static const volatile unsigned constant = 5;
static unsigned sum(unsigned rounds)
{
    unsigned total = 0;
    while (rounds--) total += ((unsigned (*)(void))number)() + constant;
    return total;
}
int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    char text[] = "before 0000 after 0000\\n";
    const unsigned before = sum(1000);
    number[1] = 4;
    *(volatile unsigned *)&constant = 6;
    const unsigned after = sum(500);
    for (unsigned n = 0, a = before, b = after; n < 4; n++, a /= 10, b /= 10) {
        text[10 - n] = (char)('0' + a % 10);
        text[21 - n] = (char)('0' + b % 10);
    }
    solo5_console_write(text, sizeof text - 1);
    return 0;
}
`;

test(
  "text and constants can be written on our PC as under QEMU",
  {
    skip: needsAll(needs.program("qemu-system-x86_64")),
  },
  async () => {
    const file = compileUnikernel("writable", "virtio", writable);
    const expected = /^before 8000 after 5000$/m;
    assert.match((await solo5("solo5-virtio-run", ["-q", "-H", "qemu", file])).stdout, expected);
    for (const profile of ["", "--cache=none"]) {
      const outcome = await solo5("solo5", ["run", "--mem=16", ...profile.split(" ").filter(Boolean), file]);
      assert.match(outcome.stdout, expected, outcome.stderr);
    }
  },
);
