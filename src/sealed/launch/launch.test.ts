// The launch as both assemblers write it, read back by a disassembler: the system calls in their order, with their
// numbers, arguments and checks. That it works is for the tests that run it; that nothing else is in it, for these.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as make from "../../../test/elf-file.js";
import { needs } from "../../../test/needs.js";
import type { Isa } from "../../abi/elf.js";
import { readUnikernel } from "../../image/unikernel.js";
import { attach, type AttachOptions } from "../../tender/attach.js";
import { launchSyscalls } from "../../abi/linux/syscalls.js";
import { assemble as assembleAarch64 } from "./aarch64.js";
import { createDescriptors } from "./descriptors.js";
import { launch } from "./list.js";
import { createPool } from "./pool.js";
import { assemble as assembleX8664 } from "./x86-64.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-launch-"));
after(() => rmSync(folder, { recursive: true }));
const poolBase = 0xf0000;
const codeBase = 0xf4000;

const tools = {
  "x86-64": { objdump: "objdump", machine: ["-m", "i386:x86-64"], assemble: assembleX8664, machineNumber: 62 },
  aarch64: { objdump: "aarch64-linux-gnu-objdump", machine: ["-m", "aarch64"], assemble: assembleAarch64, machineNumber: 183 },
} as const; // prettier-ignore

interface Line {
  readonly address: number;
  readonly text: string;
}

/** The launch of a unikernel with `devices`, disassembled. */
function disassemble(
  isa: Isa,
  devices: readonly (readonly [string, number])[],
  options: AttachOptions,
): readonly Line[] {
  const { objdump, machine, assemble, machineNumber } = tools[isa];
  const unikernel = readUnikernel(make.unikernelFile({ machine: machineNumber, devices }), "f");
  const plan = attach(unikernel, { memMiB: 2, ...options }, { netMtu: () => 1500, blockSize: () => 4096n });
  const code = assemble(launch(plan, { prefix: "f: ", processName: "f" }).list, createPool(poolBase));
  const path = join(folder, "code");
  writeFileSync(path, code);
  const listing = execFileSync(
    objdump,
    ["-D", "-b", "binary", ...machine, `--adjust-vma=${codeBase}`, path],
    { encoding: "utf8" },
  );
  return [...listing.matchAll(/^ +([0-9a-f]+):\t[0-9a-f ]+\t(.+)$/gm)].map(([, address = "", text = ""]) => ({
    address: Number.parseInt(address, 16),
    text: text.replaceAll(/\s+/g, " ").trim(),
  }));
}

/** The number that was last put into the register of system call numbers. */
const setsNumber = {
  "x86-64": (text: string) =>
    text === "xor %eax,%eax" ? 0 : Number(/^mov \$(0x[0-9a-f]+),%eax$/.exec(text)?.[1]),
  aarch64: (text: string) => Number(/^mov x8, #(0x[0-9a-f]+)/.exec(text)?.[1]),
} as const;

/** What follows a call whose error ends the launch, and where the result must be a certain one. */
const checks = {
  "x86-64": { error: /^test %rax,%rax; js 0x/, result: /; cmp %rcx,%rax; jne 0x/ },
  aarch64: { error: /^cmp x0, #0x0; b\.lt 0x/, result: /; cmp x0, x9; b\.ne 0x/ },
} as const;

/** The system calls of a listing, in order: `call?` may fail, `call=` must have a certain result. */
function calls(isa: Isa, lines: readonly Line[]): readonly string[] {
  const names = new Map<number | null, string>(
    Object.entries(launchSyscalls[isa]).map(([name, nr]) => [nr, name]),
  );
  const isCall = ({ text }: Line): boolean => text === "syscall" || text === "svc #0x0";
  const found: string[] = [];
  let number = NaN;
  lines.forEach((line, i) => {
    const set = setsNumber[isa](line.text);
    if (!Number.isNaN(set)) number = set;
    if (!isCall(line)) return;
    const next = lines.findIndex((other, at) => at > i && isCall(other));
    const text = lines.slice(i + 1, next < 0 ? undefined : next).map(({ text }) => text.replace(/ \/\/.*| <.*/, "")); // prettier-ignore
    const { error, result } = checks[isa];
    const mark = !error.test(text.join("; ")) ? "?" : result.test(text.join("; ")) ? "=" : "";
    found.push(`${names.get(number) ?? number}${mark}`);
    number = NaN;
  });
  return found;
}

// /dev/null in place of standard descriptors that are closed, the process's name, offloads of a tap, the vdso: what a
// kernel refuses of these is no reason not to start.
const begin = ["rt_sigaction", "rt_sigaction", "rt_sigprocmask", "openat?", "openat?", "openat?"];
const wait = ["prctl?", "epoll_create1=", "timerfd_create=", "epoll_ctl"];
const memory = ["mmap"];
const end = ["munmap?", "munmap", "prctl", "seccomp"];
const failing = ["write?", "write?", "exit_group?"];

const tap = { source: { kind: "tap", interface: "tap0" } } as const;
const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
const devices = [
  ["n", 2],
  ["d", 2],
  ["b", 1],
] as const;
const attached: AttachOptions = {
  net: { n: tap, d: { source: { kind: "descriptor", fd: 9 }, mac } },
  block: { b: { source: { kind: "file", path: "disk" } } },
};

for (const isa of ["x86-64", "aarch64"] as const) {
  const skip = needs.program(tools[isa].objdump);

  test(`${isa}: without devices, nothing but the start`, { skip }, () => {
    assert.deepEqual(calls(isa, disassemble(isa, [], {})), [
      ...begin,
      "close_range",
      ...wait,
      ...memory,
      ...end,
      ...failing,
    ]);
  });

  test(`${isa}: each device in its order`, { skip }, () => {
    assert.deepEqual(calls(isa, disassemble(isa, devices, attached)), [
      ...begin,
      // What lies below the inherited descriptor 9, and what lies above.
      "close_range",
      "close_range",
      ...wait,
      // The tap: is it up, its MTU, then the tap itself and a MAC for it.
      "socket=",
      "ioctl",
      "ioctl",
      "close",
      "openat=",
      "ioctl",
      "ioctl?",
      "getrandom",
      "epoll_ctl",
      // The descriptor, whose MAC is given.
      "fcntl",
      "epoll_ctl",
      "openat=",
      "lseek=",
      ...memory,
      ...end,
      ...failing,
    ]);
  });

  test(`${isa}: every byte is an instruction, every jump leads to one`, { skip }, () => {
    const lines = disassemble(isa, devices, attached);
    const addresses = new Set(lines.map(({ address }) => address));
    let jumps = 0;
    for (const { text } of lines) {
      assert.doesNotMatch(text, /bad|undefined|udf|\.inst|\.byte/);
      const target = /^(?:j(?!mp \*)\w+|b|b\.\w+|cbn?z x?w?\d+,) 0x([0-9a-f]+)/.exec(text)?.[1];
      if (target === undefined) continue;
      jumps++;
      assert.ok(addresses.has(Number.parseInt(target, 16)), text);
    }
    assert.ok(jumps > 20, `${jumps} jumps`);
    // One way leads to the guest, the last thing before the failures.
    assert.equal(lines.filter(({ text }) => /^(jmp \*%rax|br x9)$/.test(text)).length, 1);
  });

  test(
    `${isa}: the guest begins with its stack, its argument and nothing else in the registers`,
    { skip },
    () => {
      const lines = disassemble(isa, [], {});
      const jump = lines.findIndex(({ text }) => /^(jmp \*%rax|br x9)$/.test(text));
      const seccomp = lines.findLastIndex(
        ({ text }, i) => i < jump && (text === "syscall" || text === "svc #0x0"),
      );
      const last = lines.slice(seccomp + 1, jump).map(({ text }) => text.replace(/ *\/\/.*/, ""));
      if (isa === "x86-64") {
        assert.ok(last.includes("mov $0x1ffff8,%esp") && last.includes("mov $0x11000,%edi") && last.includes("mov $0x100000,%eax"), last.join("\n")); // prettier-ignore
        for (const reg of [
          "ecx",
          "edx",
          "ebx",
          "ebp",
          "esi",
          "r8d",
          "r9d",
          "r10d",
          "r11d",
          "r12d",
          "r13d",
          "r14d",
          "r15d",
        ])
          assert.ok(last.includes(`xor %${reg},%${reg}`), reg);
      } else {
        assert.ok(last.includes("mov sp, x9") && last.includes("mov x0, #0x1000"), last.join("\n"));
        for (let reg = 1; reg <= 30; reg++)
          if (reg !== 9) assert.ok(last.includes(`mov x${reg}, xzr`), `x${reg}`);
      }
    },
  );
}

test("descriptors are foretold as the kernel gives them: the lowest that is free", () => {
  const descriptors = createDescriptors([4, 7]);
  assert.deepEqual([descriptors.open(), descriptors.open(), descriptors.open()], [3, 5, 6]);
  descriptors.close(5);
  assert.deepEqual([descriptors.open(), descriptors.open()], [5, 8]);
  assert.deepEqual(createDescriptors([4, 7]).gaps(), [
    [3, 3],
    [5, 6],
    [8, 0xffffffff],
  ]);
});

test("constants are stored once, at addresses that hold", () => {
  const pool = createPool(0x1000);
  const a = pool.address(Uint8Array.of(1, 2, 3));
  const b = pool.address(Uint8Array.of(4));
  assert.deepEqual([a, b, pool.address(Uint8Array.of(1, 2, 3))], [0x1000, 0x1008, 0x1000]);
  assert.deepEqual([...pool.bytes()].slice(0, 9), [1, 2, 3, 0, 0, 0, 0, 0, 4]);
});
