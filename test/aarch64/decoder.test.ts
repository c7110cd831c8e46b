// The decoder and the disassembler of aarch64: every row is reached, and binutils read the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assert as check, integer, property } from "fast-check";
import { aarch64 } from "../../src/engine/aarch64/isa.js";
import { decode } from "../../src/isa/aarch64/decoder.js";
import { format } from "../../src/isa/aarch64/disassembler.js";
import { encodings } from "../../src/isa/aarch64/table.js";
import { needs } from "../needs.js";
import { random } from "../x86-64/random.js";
import { disassembleByBinutils, isSame } from "./binutils.js";
import { anyWord } from "./words.js";

const name = ({ row }: ReturnType<typeof encodings>[number]) => `${row.mnemonic} ${row.pattern}`;

test("every row's words decode to that row, but for those that are another instruction", () => {
  const r = random(3);
  const missed = encodings().filter((encoding) =>
    Array.from({ length: 200 }, () => anyWord(r, encoding)).every(
      (word) => decode(word, 0x1000)?.row !== encoding.row,
    ),
  );
  assert.deepEqual(missed.map(name), []);
});

test("any word is an instruction or unknown, and has a text", () => {
  check(
    property(integer({ min: -0x8000_0000, max: 0x7fff_ffff }), (word) => {
      const found = decode(word, 0x1000);
      if (found !== undefined) assert.notEqual(format(found), "");
    }),
    { numRuns: 20_000 },
  );
});

test("calls, and jumps and calls through registers, are known by their words", () => {
  const r = random(5);
  const known = new Set<string | undefined>(["call", "callTo", "jumpTo"]);
  for (const encoding of encodings()) {
    for (let n = 0; n < 20; n++) {
      const word = anyWord(r, encoding);
      const flow = decode(word, 0x1000)?.row.traits.flow;
      const found = aarch64.transferAt(new Uint8Array(Int32Array.of(word).buffer), 0);
      if (decode(word, 0x1000) !== undefined)
        assert.equal(found, known.has(flow) ? flow : undefined, name(encoding));
    }
  }
});

test("binutils read the same", { skip: needs.program("aarch64-linux-gnu-objdump") }, () => {
  const r = random(7);
  const words = encodings().flatMap((encoding) => Array.from({ length: 12 }, () => anyWord(r, encoding)));
  const theirs = disassembleByBinutils(words);
  assert.equal(theirs.length, words.length);
  const different = words.flatMap((word, n) => {
    const found = decode(word, n * 4);
    const ours = found === undefined ? undefined : format(found);
    if (isSame(ours, theirs[n])) return [];
    return [
      `${(word >>> 0).toString(16).padStart(8, "0")}: ${ours ?? "unknown"} | ${theirs[n] ?? "unknown"}`,
    ];
  });
  assert.equal(different.join("\n"), "");
});
