// What solo5-spt and solo5-hvt say of bad input, as commands: the classic texts of docs/abi.md 6.2, one line each on
// stderr, exit 1, nothing started and nothing changed. None of these needs a unikernel that runs.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { selfTest, solo5 } from "../../test/command.js";
import * as make from "../../test/elf-file.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-tender-"));
after(() => rmSync(folder, { recursive: true }));
const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** Makes a file in `folder`; commands run there, so that messages have short paths. */
const file = (name: string, data: Uint8Array): string => {
  writeFileSync(join(folder, name), data);
  return name;
};
const disk = (size: number): string => file(`disk${size}`, new Uint8Array(size).fill(0x5a));
const numbers = { hvt: 1, spt: 2 } as const;
type Tender = keyof typeof numbers;
const text = (data: string): Uint8Array => new TextEncoder().encode(data);

for (const tender of ["spt", "hvt"] as const satisfies readonly Tender[]) {
  const command = `solo5-${tender}`;
  const target = numbers[tender];
  const other = tender === "spt" ? "hvt" : "spt";
  const kernel = (name: string, fields: Parameters<typeof make.unikernelFile>[0] = {}): string =>
    file(`${name}.${tender}`, make.unikernelFile({ target, ...fields }));
  const plain = kernel("plain");
  const blk = kernel("blk", { devices: [["storage", 1]] });
  const net = kernel("net", { devices: [["service0", 2]] });
  const run = (...args: readonly string[]) => solo5(command, args, { cwd: folder });

  /** `lines` on stderr and nothing else; the usage after them where `usage` says so. */
  const refuses = async (
    args: readonly string[],
    lines: readonly string[],
    { usage = false } = {},
  ): Promise<void> => {
    const files = readdirSync(folder).toSorted();
    const { stdout, stderr, status } = await run(...args);
    const expected = lines.map((line) => `${command}: ${line}\n`).join("");
    if (usage) {
      assert.equal(stderr.slice(0, expected.length), expected);
      assert.match(
        stderr.slice(expected.length),
        new RegExp(`^usage: ${command} \\[OPTIONS\\] \\[--\\] KERNEL`),
      );
    } else assert.equal(stderr, expected);
    assert.deepEqual({ stdout, status }, { stdout: "", status: 1 });
    assert.deepEqual(readdirSync(folder).toSorted(), files);
  };
  const cases = (title: string, body: () => Promise<void>): void => void test(`${command}: ${title}`, body);

  cases("how it is called", async () => {
    await refuses([], ["Missing KERNEL operand"], { usage: true });
    await refuses(["--mem=2"], ["Missing KERNEL operand"], { usage: true });
    await refuses(["--help"], [], { usage: true });
    await refuses(["--help", plain], [], { usage: true });
    await refuses(["--bogus", plain], ["Invalid option: `--bogus'"], { usage: true });
    await refuses(
      [`--net:${"n".repeat(68)}=tap0`, net],
      [`Invalid option: \`--net:${"n".repeat(68)}=tap0'`],
      {
        usage: true,
      },
    );
    assert.deepEqual(await run("--version"), {
      stdout: "",
      stderr: `${command} tender, version ${version}\nABI version 2\n`,
      status: 0,
    });
  });

  cases("a file that is no unikernel", async () => {
    await refuses(["nothing"], ["nothing: Could not open: No such file or directory"]);
    await refuses(["."], [".: Could not open: Is a directory"]);
    await refuses([file("empty", new Uint8Array())], ["empty: Not an ELF executable"]);
    await refuses([file("script", text("#!/bin/sh\n"))], ["script: Not an ELF executable"]);
    const whole = make.unikernelFile({ target });
    await refuses(
      [file("cut", whole.slice(0, 100))],
      ["cut: program headers at 0x40, 0x70 bytes, beyond the file's end at 0x64"],
    );
    const bare = make.elfFile({ headers: [make.hltText] });
    await refuses([file("bare", bare)], ["bare: No Solo5 ABI information found in executable"]);
    const unmanifested = make.elfFile({ headers: [make.hltText, make.noteHeader(make.abiNote(target, 2))] });
    await refuses([file("nomft", unmanifested)], ["nomft: No Solo5 manifest found in executable"]);
  });

  cases("a unikernel for others", async () => {
    const foreign = make.unikernelFile({ target: numbers[other] });
    await refuses([file("foreign", foreign)], [`foreign: Executable is not for the ${command} target`]);
    await refuses(
      [selfTest(`test_hello.${other}`)],
      [`${selfTest(`test_hello.${other}`)}: Executable is not for the ${command} target`],
    );
    // Whose versions those are, the other target knows.
    const later = make.unikernelFile({ target: numbers[other], version: 9 });
    await refuses([file("later", later)], [`later: Executable is not for the ${command} target`]);
    const unknown = kernel("unknown", { version: 3 });
    await refuses([unknown], [`${unknown}: Executable requests unsupported ABI version 3`]);
  });

  cases("a manifest that is invalid", async () => {
    const broken = make.manifestDesc([["service0", 2]]);
    broken[12 + 104 + 96] = 1;
    const notes = make.concat(make.note(make.mft1Type, broken), make.abiNote(target, 2));
    await refuses(
      [file("badmft", make.elfFile({ headers: [make.hltText, make.noteHeader(notes)] }))],
      ["badmft: Solo5 manifest is invalid: entry 1: attached is 1, expected 0"],
    );
    const long = kernel("long", { devices: [["x".repeat(68), 2]] });
    await refuses([long], [`${long}: Solo5 manifest is invalid: entry 1: name is not terminated`]);
  });

  cases("memory", async () => {
    for (const value of ["0", "x", "-1", "1.5", "2M"])
      await refuses([`--mem=${value}`, plain], ["Malformed argument to --mem"]);
    const [tooMuch, size, max] =
      tender === "hvt" ? [4097, 4296015872, 2 ** 32] : [2 ** 26 + 1, 70368745226240, 2 ** 46];
    await refuses(
      [`--mem=${tooMuch}`, plain],
      [`guest memory size ${size} bytes exceeds the max size ${max} bytes`],
    );
    const bss = kernel("bss", {
      headers: [make.hltText, { type: make.ptLoad, flags: make.pf.rw, vaddr: 0x101000n, memsz: 0x1000000n }],
    });
    await refuses(
      ["--mem=16", bss],
      [
        `${bss}: the unikernel ends at 0x1101000, its .bss included: guest memory of 16777216 bytes is too small, see --mem`,
      ],
    );
  });

  cases("a command line that is too long", async () => {
    const tooLong = ["Guest command line too long (max=8191 characters)"];
    await refuses([plain, "x".repeat(8192)], tooLong);
    await refuses([plain, "x".repeat(4096), "y".repeat(4095)], tooLong);
  });

  cases("devices that are not declared, not attached, or attached as something else", async () => {
    const all = "All declared devices must be attached. See --help for syntax.";
    await refuses([net], ["Device 'service0' of type NET_BASIC declared but not attached.", all]);
    await refuses([blk], ["Device 'storage' of type BLOCK_BASIC declared but not attached.", all]);
    await refuses(["--net:x=tap0", plain], ["Resource not declared in manifest: 'x'"]);
    await refuses([`--block:service0=${disk(512)}`, net], ["Resource not declared in manifest: 'service0'"]);
    await refuses(
      ["--net-mac:service0=02:00:00:00:00:01", net],
      ["Device 'service0' has options, but is not attached itself"],
    );
  });

  cases("block devices", async () => {
    const size = "Block size must be a multiple of 2 greater than or equal 512";
    for (const value of ["0", "256", "513", "1536", "70000", "x"]) {
      const option = `--block-sector-size:storage=${value}`;
      await refuses([option, `--block:storage=${disk(512)}`, blk], [size, `Invalid option: \`${option}'`], {
        usage: true,
      });
    }
    const attachDisk = (path: string, ...options: readonly string[]): readonly string[] => [
      `--block:storage=${path}`,
      ...options,
      blk,
    ];
    await refuses(attachDisk(disk(1000)), [
      "storage: Backing storage size must be block aligned (512 bytes)",
    ]);
    await refuses(attachDisk(disk(6144), "--block-sector-size:storage=4096"), [
      "storage: Backing storage size must be block aligned (4096 bytes)",
    ]);
    await refuses(attachDisk(disk(0)), [
      "storage: Backing storage must be at least 1 block (512 bytes) in size",
    ]);
    await refuses(attachDisk("missing"), ["Could not open block device: missing: No such file or directory"]);
    await refuses(attachDisk("."), ["Could not open block device: .: Is a directory"]);
    await refuses(attachDisk("/dev/null"), ["Could not open block device: /dev/null: Block device required"]);
    await refuses(
      [`--block:storage=${disk(512)}`, `--block:storage=${disk(512)}`, blk],
      ["Option --block:storage is given twice"],
    );
    assert.deepEqual(readFileSync(join(folder, disk(1000))), Buffer.alloc(1000, 0x5a));
  });

  cases("network devices", async () => {
    await refuses(
      ["--net:service0=nosuchtap", net],
      ["Could not attach interface: nosuchtap: No such file or directory"],
    );
    await refuses(["--net:service0=@99", net], ["Could not attach interface: @99: Bad file descriptor"]);
    const mac = "--net-mac:service0=02:00:00:00:00";
    await refuses([mac, "--net:service0=nosuchtap", net], [`Invalid option: \`${mac}'`], { usage: true });
  });
}
