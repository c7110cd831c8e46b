// Core files of guests that ended badly, as gdb and readelf read them.
import assert from "node:assert/strict";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { coreHeader } from "../src/debug/core/core-file.js";
import { aarch64Frame, trapRegisters, x8664Frame } from "../src/debug/core/trap-frame.js";
import { encode } from "../src/bytes/struct.js";
import { readElf } from "../src/image/elf.js";
import { symbols } from "../src/image/symbols.js";
import { execute, selfTest, solo5 } from "./command.js";
import { needs, needsAll } from "./needs.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-core-"));
after(() => rmSync(folder, { recursive: true }));

const inGdb = async (
  kernel: string,
  core: string,
  commands: readonly string[],
  gdb = "gdb",
): Promise<string> => {
  const { stdout } = await execute(gdb, [
    "-nx",
    "-batch",
    "-iex",
    "set debuginfod enabled off",
    ...commands.flatMap((command) => ["-ex", command]),
    kernel,
    core,
  ]);
  return stdout;
};
/** Runs a guest; its core file, or undefined where there is none. */
const dump = async (command: string, args: readonly string[]): Promise<{ core?: string; stderr: string }> => {
  const into = mkdtempSync(join(folder, "run-"));
  const { stderr } = await solo5(command, [
    ...args.slice(0, -1),
    "--engine=wasm",
    `--dumpcore=${into}`,
    ...args.slice(-1),
  ]);
  const [name] = readdirSync(into);
  return name === undefined ? { stderr } : { stderr, core: join(into, name) };
};

test("hvt: abort", { skip: needs.program("gdb", "readelf") }, async () => {
  const kernel = selfTest("test_dumpcore.hvt");
  const { core = "", stderr } = await dump("solo5-hvt-debug", [kernel]);
  assert.match(stderr, /core\.solo5-hvt\.\d+\n$/);
  assert.match(core, /core\.solo5-hvt\.\d+$/);
  const said = await inGdb(kernel, core, [
    "backtrace",
    "print/x pattern[5]",
    "print/x *(long *)info",
    "x/xg 0x10000",
  ]);
  assert.match(said, /Program terminated with signal SIGABRT/);
  assert.match(said, /#\d .*solo5_abort \(\)[^]*#\d .*solo5_app_main \(info=[^]*#\d .*_start/);
  assert.match(said, /^\$1 = 0x535306f6c6f53$/m);
  // The whole memory is in the file, but only what was used is on the disk.
  const { size, blocks } = statSync(core);
  assert.ok(size > 512 * 2 ** 20);
  assert.ok(blocks * 512 < 2 ** 20, `${blocks} blocks`);
  assert.equal((await execute("readelf", ["-hnl", core])).stderr, "");
});

test("hvt: a fatal trap has the registers of the instruction", { skip: needs.program("gdb") }, async () => {
  for (const name of ["exception", "zeropage"]) {
    const kernel = selfTest(`test_${name}.hvt`);
    const { core = "" } = await dump("solo5-hvt-debug", ["--mem=16", kernel]);
    const said = await inGdb(kernel, core, ["backtrace"]);
    assert.match(said, /signal SIGSEGV/);
    assert.match(said, /#0 .*solo5_app_main[^\n]*\n[^]*#1 .*_start/, name);
  }
});

test("what the host refused, and spt", { skip: needs.program("gdb") }, async () => {
  for (const kernel of [selfTest("test_xnow.hvt"), selfTest("test_zeropage.spt")]) {
    const { core = "" } = await dump("solo5", ["run", "--mem=16", kernel]);
    const said = await inGdb(kernel, core, ["backtrace"]);
    assert.match(said, /signal SIGSEGV[^]*#0 .*solo5_app_main/);
  }
});

test("no core file without a reason, and none where there is no folder", async () => {
  assert.equal((await dump("solo5-hvt-debug", ["--mem=16", selfTest("test_hello.hvt")])).core, undefined);
  const rows = [
    ["/nowhere", "No such file or directory"],
    ["/etc/passwd", "Not a directory"],
  ] as const;
  for (const [into, reason] of rows) {
    const args = ["--engine=wasm", `--dumpcore=${into}`, selfTest("test_dumpcore.hvt")];
    const { stdout, stderr, status } = await solo5("solo5-hvt-debug", args);
    // Before the guest has done anything.
    assert.deepEqual(
      [stdout, stderr, status],
      ["", `solo5-hvt-debug: ${into}: Could not write core files: ${reason}\n`, 1],
    );
  }
});

test("KVM: core file and trace", { skip: needsAll(needs.kvm(), needs.program("gdb")) }, async () => {
  const into = mkdtempSync(join(folder, "kvm-"));
  const kernel = selfTest("test_dumpcore.hvt");
  const { stderr, status } = await solo5("solo5-hvt-debug", ["--engine=kvm", "--mem=16", "--trace", `--dumpcore=${into}`, kernel]); // prettier-ignore
  assert.equal(status, 255);
  assert.match(stderr, /halt\(0x0, 255\)\n.*core\.solo5-hvt\.\d+\n$/);
  const said = await inGdb(kernel, join(into, readdirSync(into)[0] ?? ""), ["backtrace"]);
  assert.match(said, /SIGABRT[^]*solo5_abort \(\)[^]*solo5_app_main \(info=/);
});

test("aarch64: gdb finds the place and the registers", { skip: needs.program("gdb-multiarch") }, async () => {
  const kernel = selfTest("aarch64/test_dumpcore.hvt");
  const file = readFileSync(kernel);
  const main = symbols(file, readElf(file, kernel)).find(({ name }) => name === "solo5_app_main");
  assert.ok(main !== undefined);
  const values = new Map([
    ["pc", BigInt(main.address)],
    ["sp_el1", 0x20_0000n],
    ["x7", 0x1122334455667788n],
    ["x30", BigInt(main.address + 4)],
    ["v3", (2n << 64n) | 1n],
    ["pstate", 0x3c5n],
  ]);
  const header = coreHeader({
    isa: "aarch64",
    pid: 42,
    name: kernel,
    cmdline: "",
    signal: 6,
    read: (name) => values.get(name) ?? 0n,
    memorySize: 4 << 20,
  });
  const core = join(folder, "aarch64.core");
  const fd = openSync(core, "w");
  writeSync(fd, header);
  for (const { vaddr, data } of readElf(file, kernel).loads)
    writeSync(fd, data, 0, data.length, header.length + vaddr);
  writeSync(fd, new Uint8Array(1), 0, 1, header.length + (4 << 20) - 1);
  closeSync(fd);
  const said = await inGdb(kernel, core, ["info registers pc sp x7", "print $v3.d.u", "info registers v3"], "gdb-multiarch"); // prettier-ignore
  assert.match(said, /#0 .*solo5_app_main/);
  assert.match(
    said,
    /pc +0x[0-9a-f]+ +0x[0-9a-f]+ <solo5_app_main>\nsp +0x200000 .*\nx7 +0x1122334455667788/,
  );
  assert.match(said, /u = \{(0x)?1, (0x)?2\}/);
});

test("a cookie that is no trap frame is not taken for one", () => {
  const range = { start: 0x100000, end: 0x200000 };
  const zero = new Uint8Array(512);
  assert.equal(trapRegisters("x86-64", zero, range), undefined);
  assert.equal(trapRegisters("aarch64", zero, range), undefined);
  const names = Object.keys(x8664Frame.fields);
  const frame = encode(
    x8664Frame,
    Object.fromEntries(names.map((name) => [name, name === "cs" ? 8n : 14n])) as never,
  );
  zero.set(frame);
  assert.equal(trapRegisters("x86-64", zero, range)?.get("rip"), 14n);
  const astray = { x: Array.from({ length: 31 }, () => 0n), sp: 0n, pc: 0xdeadbeefn, pstate: 0x6000_03c5n, esr: 0x8600_0004n, far: 0n }; // prettier-ignore
  assert.equal(trapRegisters("aarch64", encode(aarch64Frame, astray), range)?.get("pc"), 0xdeadbeefn);
});
