// The decoder and the disassembler: never beyond the bytes given, truncated at every prefix, the same as binutils.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assert as check, property, uint8Array } from "fast-check";
import { decode, MAX_LENGTH } from "../../src/isa/x86-64/decoder.js";
import { format } from "../../src/isa/x86-64/disassembler.js";
import type { Instruction } from "../../src/isa/x86-64/instruction.js";
import { encode } from "./generator.js";
import { isUnknownToBinutils, likeBinutils } from "./binutils.js";
import { longRows } from "./not-comparable.js";
import { random } from "./random.js";

/** A few encodings of every row, with what they decode to. */
function samples(each: number): { bytes: Uint8Array; instruction: Instruction }[] {
  const r = random(7);
  return longRows().flatMap((encoding) =>
    Array.from({ length: each }, () => encode(r, encoding, 0x1000)).flatMap((bytes) => {
      const instruction = decode(bytes, 0, 0x1000);
      return typeof instruction === "string" ? [] : [{ bytes, instruction }];
    }),
  );
}

test("every row's encodings decode to that row, but for overlaps that are another instruction", () => {
  const r = random(3);
  const missed = longRows().filter((encoding) =>
    Array.from({ length: 40 }, () => encode(r, encoding, 0x1000)).every((bytes) => {
      const found = decode(bytes, 0, 0x1000);
      return typeof found === "string" || found.row !== encoding.row;
    }),
  );
  assert.deepEqual(
    missed.map(({ row }) => `${row.mnemonic} ${row.opcode}`),
    [],
  );
});

test("every prefix of an instruction is truncated, and what follows does not matter", () => {
  for (const { bytes, instruction } of samples(3)) {
    const length = instruction.next - instruction.pc;
    for (let n = 0; n < length; n++) assert.equal(decode(bytes.subarray(0, n), 0, 0x1000), "truncated");
    const longer = new Uint8Array(40).fill(0xa5);
    longer.set(bytes.subarray(0, length), 7);
    assert.deepEqual(decode(longer, 7, 0x1000), instruction);
  }
});

test("any bytes are an instruction, truncated or unknown, and nothing is read beyond them", () => {
  check(
    property(uint8Array({ minLength: 0, maxLength: MAX_LENGTH + 2 }), (bytes) => {
      const guarded = new Proxy(bytes, {
        get(target, key) {
          if (typeof key === "string" && /^\d+$/.test(key)) assert.ok(Number(key) < target.length);
          const value: unknown = Reflect.get(target, key, target);
          return value;
        },
      });
      const found = decode(guarded, 0, 0);
      if (typeof found !== "string") assert.ok(found.next <= bytes.length);
    }),
    { numRuns: 3000 },
  );
});

const objdump = spawnSync("objdump", ["--version"]).status === 0;

test("binutils read the same", { skip: objdump ? false : "needs objdump" }, () => {
  const all = samples(4);
  const folder = mkdtempSync(join(tmpdir(), "solo5-isa-"));
  try {
    const file = join(folder, "code");
    const image = new Uint8Array(all.length * 32).fill(0x90);
    all.forEach(({ bytes }, n) => image.set(bytes, n * 32));
    writeFileSync(file, image);
    const flags = ["-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "--no-show-raw-insn", "-w"];
    const { stdout } = spawnSync("objdump", [...flags, file], { encoding: "utf8", maxBuffer: 1 << 28 });
    const lines = new Map(
      [...stdout.matchAll(/^\s*([0-9a-f]+):\s+(.*)$/gm)].map((m) => [
        Number.parseInt(m[1] ?? "", 16),
        m[2] ?? "",
      ]),
    );
    const different: string[] = [];
    for (const [n, { bytes }] of all.entries()) {
      const found = decode(bytes, 0, n * 32);
      if (typeof found === "string") continue;
      const [ours, theirs] = [likeBinutils(format(found)), likeBinutils(lines.get(n * 32) ?? "")];
      // The next line begins where this instruction ends; of WAIT with a REX prefix binutils make two.
      const sameLength = lines.has(found.next) || ours === "fwait";
      if (ours === theirs && sameLength) continue;
      const hex = Buffer.from(bytes).toString("hex");
      if (isUnknownToBinutils(hex)) continue;
      different.push(`${found.row.mnemonic} ${found.row.opcode}: ${hex}: "${ours}", binutils "${theirs}"`);
    }
    assert.equal(different.join("\n"), "");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
