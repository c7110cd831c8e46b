// Unikernels for Genode that are damaged: every one is read, and then can be loaded, or is refused with one line that names the file.
// Damage goes where a dynamic linker looks.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { projectRoot } from "../../test/project.js";
import { Solo5Error } from "../bytes/error.js";
import { linked } from "./genode.js";
import { readElf } from "./elf.js";
import { readUnikernel } from "./unikernel.js";

const file = Uint8Array.from(readFileSync(join(projectRoot, "dist/guest/tests/test_net.genode")));

/** Program headers by gABI chapter 5: type, offset, and size in the file. */
const headers = Array.from({ length: new DataView(file.buffer).getUint16(56, true) }, (_, i) => {
  const view = new DataView(file.buffer, 64 + i * 56);
  return {
    type: view.getUint32(0, true),
    offset: Number(view.getBigUint64(8, true)),
    size: Number(view.getBigUint64(32, true)),
  };
});
const [text, dynamic] = [1, 2].map((type) => headers.find((header) => header.type === type));

function survives(damaged: Uint8Array): "read" | "refused" {
  try {
    readUnikernel(damaged, "app");
    for (const { address } of linked(readElf(damaged, "app"), "app", () => 1))
      assert.ok(Number.isSafeInteger(address));
    return "read";
  } catch (error) {
    assert.ok(error instanceof Solo5Error, String(error));
    assert.match(error.message, /^app: [\x20-\x7e]+$/);
    return "refused";
  }
}

/** The dynamic section, and the tables that it leads to, which lie together at the end of the text. */
const spots: readonly number[] = [text, dynamic].flatMap((part, i) => {
  assert.ok(part !== undefined);
  const from = i === 0 ? Math.max(part.offset, part.offset + part.size - 4096) : part.offset;
  return Array.from({ length: part.offset + part.size - from }, (_, n) => from + n);
});

test("random damage to the dynamic section and its tables", () => {
  assert.equal(survives(file), "read");
  const values = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff));
  const flips = fc.array(fc.tuple(fc.nat(spots.length - 1), values), { minLength: 1, maxLength: 12 });
  const outcomes = { read: 0, refused: 0 };
  fc.assert(
    fc.property(flips, (flips) => {
      const damaged = file.slice();
      for (const [spot, value] of flips) damaged[spots[spot] ?? 0] = value;
      outcomes[survives(damaged)]++;
    }),
    { seed: 5010, numRuns: 3000 },
  );
  assert.ok(outcomes.read > 100 && outcomes.refused > 100, JSON.stringify(outcomes));
});

test("hostile numbers in every entry of the dynamic section, and files that are cut", () => {
  const extremes = [0n, 1n, 0xffffffffn, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];
  const { offset = 0, size = 0 } = dynamic ?? {};
  for (let at = offset; at + 8 <= offset + size; at += 8) {
    for (const value of extremes) {
      const damaged = file.slice();
      new DataView(damaged.buffer).setBigUint64(at, value, true);
      survives(damaged);
    }
  }
  for (let end = 0; end < file.length; end += 61) survives(file.slice(0, end));
});
